"""JSON over HTTP for label providers: one judgement of answers for all of them.

`ask` is for calls that may be repeated and repeats them. `spend` is for the one call that costs
money: it is sent once, and whatever is not a clear yes or a clear no leaves the outcome unknown.
Both pass the account's gate first; what the gate turns away was not sent.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx

from core.errors import (
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from core.http import ATTEMPTS, Call, Gate, open_gate, retry_after, send, with_retries
from shipping.providers.fields import decode


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 4xx body that was understood. `undecided` marks a code that does not rule out that a
    purchase went through."""

    message: str
    code: str = ""
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class Wire:
    """One account's line to its provider. `name` is how the provider is called in sentences."""

    client: httpx.Client
    name: str
    base_url: str
    headers: Mapping[str, str]
    read_refusal: Callable[[object], Refusal | None]
    attempts: int = ATTEMPTS
    sleep: Callable[[float], None] = time.sleep
    journal: Callable[[Call], None] | None = None
    gate: Gate = open_gate
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, object] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> object:
        """The decoded answer of a call that may be repeated. Unavailable when there is none to be
        had."""
        return self.again(lambda: self._once(method, path, body, params, safe=True))

    def spend(self, path: str, body: Mapping[str, object]) -> object:
        """POST once, never again. OutcomeUnknown for every answer that is neither yes nor no."""
        return self._once("POST", path, body, None, safe=False)

    def again[T](self, ask: Callable[[], T]) -> T:
        """`ask` with this line's patience: for reads that are more than one call."""
        return with_retries(ask, attempts=self.attempts, sleep=self.sleep)

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        params: Mapping[str, str] | None,
        *,
        safe: bool,
    ) -> object:
        request = self.client.build_request(
            method, self.base_url + path, json=body, params=params, headers=self.headers
        )
        request.extensions["safe"] = safe
        with self.gate(request):
            response = send(
                self.client,
                request,
                provider=self.name,
                safe=safe,
                journal=self.journal,
                secrets=self.secrets,
            )
            if response.is_success:
                try:
                    return decode(response.content)
                except ValueError:
                    raise self._unclear(response, safe=safe) from None
            raise self._error(response, safe=safe)

    def _error(self, response: httpx.Response, *, safe: bool) -> RemoteError:
        status = response.status_code
        if status == 429:
            return self._make(RateLimited, f"{self.name} asks us to slow down.", response)
        if status in (401, 403):
            return self._make(
                NotAuthorized,
                f"{self.name} does not accept this key. Check the key of the label account.",
                response,
            )
        # 408 and 409 say that something went on in parallel or took too long, not that the answer
        # is no.
        if not 400 <= status < 500 or status in (408, 409):
            return self._unclear(response, safe=safe)
        try:
            refusal = self.read_refusal(decode(response.content))
        except ValueError:
            refusal = None
        if refusal is None and status == 404 and safe:
            words = f"{self.name} does not know what we asked for."
            return self._make(Rejected, words, response)
        if refusal is None:
            return self._unclear(response, safe=safe)
        return self._refused(refusal, response, safe=safe)

    def _refused(self, refusal: Refusal, response: httpx.Response, *, safe: bool) -> RemoteError:
        kind = OutcomeUnknown if refusal.undecided and not safe else Rejected
        message = self._without_secrets(refusal.message)
        code = refusal.code or f"http-{response.status_code}"
        if response.status_code == 402:
            message = f"{self.name} wants money first, check balance and payment method: {message}"
        return self._make(kind, message, response, code)

    def _unclear(self, response: httpx.Response, *, safe: bool) -> RemoteError:
        if safe:
            words = f"{self.name} did not give an answer we can use."
            return self._make(Unavailable, words, response)
        words = (
            f"{self.name}'s answer could not be read, so whether it was carried out is not known."
        )
        return self._make(OutcomeUnknown, words, response)

    def _without_secrets(self, words: str) -> str:
        for secret in self.secrets:
            words = words.replace(secret, "***") if secret else words
        return words

    def _make(
        self, kind: type[RemoteError], words: str, response: httpx.Response, code: str = ""
    ) -> RemoteError:
        headers = response.headers
        error = kind(
            words,
            provider=self.name,
            code=code or f"http-{response.status_code}",
            retry_after=retry_after(headers),
            request_id=headers.get("x-ep-request-uuid") or headers.get("x-request-id") or "",
        )
        # Whatever it means for us, the provider is there: it judged the request.
        error.answered = 400 <= response.status_code < 500
        return error


def unreadable(name: str, what: str) -> OutcomeUnknown:
    """For a yes that lacks what a label needs: it may well be paid."""
    return OutcomeUnknown(
        f"{name} answered without {what}, so whether the label was bought is not known.",
        provider=name,
        code="incomplete",
    )


def nonsense(name: str) -> Unavailable:
    """For an answer to a read that is JSON, but not what was asked for."""
    return Unavailable(
        f"{name} did not give an answer we can use.", provider=name, code="unreadable"
    )
