"""From an answer of TikTok Shop to its data, or to the error that says what may be done next.

The body's `code` is judged first and the HTTP status second: refusals arrive with HTTP 200.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson

from core.errors import (
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from core.http import retry_after
from shops.tiktok_shop.error_table import TABLE, Kind
from shops.tiktok_shop.scopes import purpose

PROVIDER = "TikTok Shop"

ALREADY_SHIPPED = frozenset({"21011006", "21011020", "21008099", "21011040", "21042056"})
LABEL_BOUGHT = frozenset({"21022025", "21030006"})
LABEL_IN_PROGRESS = "21030005"
NEEDS_LINES = "21011048"
ON_HOLD = "21011044"
_TOKEN_EXPIRED = "105002"  # noqa: S105 - an error code, not a token
_SCOPE_MISSING = "105005"
_BAD_PARAMETER = "36009004"
_BAD_SIGNATURE = "106001"


class TokenExpired(NotAuthorized):
    """The gateway refused the access token as expired: nothing was carried out, a fresh one will
    do."""


class ClockRefused(Unavailable):
    """The gateway refused our timestamp; `server_time` is TikTok's own in Unix seconds, where it
    told."""

    answered = True
    server_time: float | None = None


class NotNow(Unavailable):
    """TikTok said that it did not do it and may later: it is this one thing, not TikTok."""

    answered = True


class StillBeingMade(NotNow):
    """The document is being made; look again after `retry_after`, without hurry."""


class PageTokenRefused(Rejected):
    """A page token was not accepted in mid-list: start the list, or its time window, again."""


def already_done(error: RemoteError) -> bool:
    """The order is shipped already. With our own tracking number on it, that is success."""
    return error.code in ALREADY_SHIPPED


def label_already_bought(error: RemoteError) -> bool:
    """An earlier purchase for this order went through: read the order's package, never buy
    again."""
    return error.code in LABEL_BOUGHT


def label_in_progress(error: RemoteError) -> bool:
    """An earlier purchase for this order is under way: read the order again soon, never buy
    again."""
    return error.code == LABEL_IN_PROGRESS


@dataclass(frozen=True, slots=True)
class Asked:
    """What the answer is judged against. `secrets` are struck out of anything TikTok echoes."""

    safe: bool
    scope: str = ""
    secrets: tuple[str, ...] = ()


def open_envelope(response: httpx.Response, asked: Asked) -> dict[str, Any]:
    """The `data` of an answer (empty when null), or the RemoteError that the answer means."""
    envelope = _envelope(response)
    if envelope is None:
        raise _unreadable(response, asked)
    if envelope["code"] != 0:
        raise _refusal(envelope, response, asked)
    data = envelope.get("data")
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise _unreadable(response, asked)
    return data


def refusal_inside(code: str, message: str) -> RemoteError:
    """The error that an entry of `errors[]` in an answer of code 0 means."""
    kind, words = TABLE.get(code, (Kind.REFUSED, message))
    return _class_of(kind, code, safe=False)(
        words or f"TikTok refused without a reason (code {code}).", provider=PROVIDER, code=code
    )


def unreadable(*, safe: bool, code: str = "") -> RemoteError:
    """The error for an answer without sense: harmless for a read, an unknown outcome for anything
    else."""
    if safe:
        return Unavailable(
            "TikTok's answer could not be read.", provider=PROVIDER, code=code or "unreadable"
        )
    return OutcomeUnknown(
        "TikTok's answer could not be read, so whether it was carried out is not known.",
        provider=PROVIDER,
        code=code or "unreadable",
    )


def _envelope(response: httpx.Response) -> dict[str, Any] | None:
    try:
        parsed = orjson.loads(response.content)
    except ValueError:
        return None
    if b"\\u0000" in response.content:  # no database takes it, and it says nothing
        parsed = _without_nul(parsed)
    if not isinstance(parsed, dict):
        return None
    code = parsed.get("code")
    if isinstance(code, str) and code.isdecimal() and len(code) < 20:
        parsed["code"] = code = int(code)
    return parsed if isinstance(code, int) and not isinstance(code, bool) else None


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(one) for key, one in value.items()}
    return value


def _unreadable(response: httpx.Response, asked: Asked) -> RemoteError:
    if response.status_code == 429:
        return _make(RateLimited, TABLE["36009002"][1], response, code="429")
    error = unreadable(safe=asked.safe, code=f"http-{response.status_code}")
    error.retry_after = retry_after(response.headers)
    return error


def _refusal(envelope: dict[str, Any], response: httpx.Response, asked: Asked) -> RemoteError:
    code = str(envelope["code"])
    message = _scrub(str(envelope.get("message") or ""), asked.secrets)
    request_id = str(envelope.get("request_id") or "")
    if code == _BAD_PARAMETER:
        return _bad_parameter(message, response, request_id)
    if code == _SCOPE_MISSING and asked.scope:
        words = (
            f"The shop has not granted “{asked.scope}”, which CreatorFlow needs to "
            f"{purpose(asked.scope)}. Reconnect the shop to grant it."
        )
        return _make(NotAuthorized, words, response, code=code, request_id=request_id)
    if code in TABLE:
        kind, words = TABLE[code]
    else:
        kind = _kind_of_status(response.status_code)
        words = message or f"TikTok refused without a reason (code {code})."
    return _make(
        _class_of(kind, code, safe=asked.safe), words, response, code=code, request_id=request_id
    )


def _bad_parameter(message: str, response: httpx.Response, request_id: str) -> RemoteError:
    """36009004 stands for several faults that only TikTok's text tells apart."""
    text = message.lower()
    if "x-tts-access-token" in text:
        words = "TikTok does not accept the shop's sign-in. Reconnect the shop."
        return _make(NotAuthorized, words, response, code=_BAD_PARAMETER, request_id=request_id)
    if "app_key" in text or "app_secret" in text:
        words = TABLE[_BAD_SIGNATURE][1]
        return _make(NotAuthorized, words, response, code=_BAD_PARAMETER, request_id=request_id)
    if "timestamp" in text:
        words = "This server's clock is wrong, so TikTok refuses its calls. Ask your administrator."
        error = _make(ClockRefused, words, response, code=_BAD_PARAMETER, request_id=request_id)
        error.server_time = _date(response.headers)
        return error
    words = message or TABLE[_BAD_PARAMETER][1]
    return _make(Rejected, words, response, code=_BAD_PARAMETER, request_id=request_id)


def _kind_of_status(status: int) -> Kind:
    if status == 429:
        return Kind.LIMITED
    if status == 401:
        return Kind.CREDENTIALS
    # 408 and 409 say that something took too long or went on in parallel, not that it is a no.
    return Kind.TROUBLE if status >= 500 or status in (408, 409) else Kind.REFUSED


def _class_of(kind: Kind, code: str, *, safe: bool) -> type[RemoteError]:
    if code == _TOKEN_EXPIRED:
        return TokenExpired
    if kind is Kind.TROUBLE:
        return Unavailable if safe else OutcomeUnknown
    return {
        Kind.REFUSED: Rejected,
        Kind.LATER: NotNow,
        Kind.PENDING: StillBeingMade,
        Kind.LIMITED: RateLimited,
        Kind.CREDENTIALS: NotAuthorized,
    }[kind]


def _make[E: RemoteError](
    kind: type[E], words: str, response: httpx.Response, *, code: str, request_id: str = ""
) -> E:
    return kind(
        words,
        provider=PROVIDER,
        code=code,
        retry_after=retry_after(response.headers),
        request_id=request_id,
    )


def _scrub(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text


def _date(headers: httpx.Headers) -> float | None:
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError):
        return None
