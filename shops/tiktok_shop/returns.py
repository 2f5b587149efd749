"""Cancellations: what buyers and sellers asked TikTok to call off, the reasons it takes, and the
seller's answer.

Answers carry an idempotency key, so that one whose outcome is unknown may be sent again with the
same key; cancelling an order has none: after OutcomeUnknown read, never repeat.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from core.errors import RemoteError
from core.money import Money
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.paging import Page, all_pages, ask_page, objects, read_list, window
from shops.tiktok_shop.webhooks import moment

MAX_PAGE: Final = 50
MAX_IDS: Final = 50
PENDING: Final = "CANCELLATION_REQUEST_PENDING"
# TikTok's pages and webhooks do not agree on one spelling.
_STATES: Final = {
    PENDING: "pending",
    "CANCELLATION_REQUEST_SUCCESS": "approved",
    "CANCELLATION_REQUEST_COMPLETE": "done",
    "CANCELLATION_REQUEST_COMPLETED": "done",
    "CANCELLATION_REQUEST_CANCEL": "closed",
    "CANCELLATION_REQUEST_CANCELLED": "closed",
    "CANCELLATION_REQUEST_REJECT": "closed",
    "CANCELLATION_REQUEST_REJECTED": "closed",
}
# The request is no longer one that can be answered: somebody, or time, was first.
_DECIDED: Final = frozenset(
    {"25001003", "25011011", "25011012", "25020003", "25020009", "25020010"}
)


@dataclass(frozen=True, slots=True)
class CancellationRequest:
    """One cancellation. `state` is pending, approved (money not back yet), done, closed (refused or
    withdrawn: the order goes on) or "" for a word nobody documented, which is in `word`."""

    id: str
    order_id: str
    kind: str  # BUYER_CANCEL waits for an answer, CANCEL is decided as it comes
    state: str
    word: str
    role: str
    reason: str
    reason_text: str
    asked_at: datetime | None
    updated_at: datetime | None
    answer_by: datetime | None
    refund: Money | None
    line_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason TikTok takes: its name on the wire, and its words."""

    name: str
    text: str


def search_cancellations(
    client: TikTokShopClient,
    *,
    cancel_ids: Sequence[str] = (),
    order_ids: Sequence[str] = (),
    pending_only: bool = False,
    updated_since: datetime | None = None,
    updated_until: datetime | None = None,
) -> Iterator[list[CancellationRequest]]:
    """Pages of cancellations, oldest change first: those named, or changed in [since, until)."""
    if max(len(cancel_ids), len(order_ids)) > MAX_IDS:
        raise ValueError(f"at most {MAX_IDS} at once")
    body: dict[str, Any] = {**window("update_time", updated_since, updated_until)}
    if cancel_ids:
        body["cancel_ids"] = list(cancel_ids)
    if order_ids:
        body["order_ids"] = list(order_ids)
    if pending_only:
        body["cancel_status"] = [PENDING]

    def ask(token: str) -> dict[str, Any]:
        return client.call(
            "search_cancellations",
            query={
                "page_size": MAX_PAGE,
                "sort_field": "update_time",
                "sort_order": "ASC",
                "page_token": token,
            },
            body=body,
        )

    def fetch(token: str) -> Page:
        return ask_page(ask, "cancellations", token)

    for page in all_pages(fetch):
        yield [read_cancellation(item) for item in page.items]


def read_cancellation(item: dict[str, Any]) -> CancellationRequest:
    """A cancellation as TikTok lists it. Unavailable when it has no id or names no order."""
    number, order_id = _text(item, "cancel_id"), _text(item, "order_id")
    if not number or not order_id:
        raise unreadable(safe=True)
    word = _text(item, "cancel_status")
    return CancellationRequest(
        id=number,
        order_id=order_id,
        kind=_text(item, "cancel_type"),
        state=_STATES.get(word, ""),
        word=word,
        role=_text(item, "role"),
        reason=_text(item, "cancel_reason"),
        reason_text=_text(item, "cancel_reason_text"),
        asked_at=moment(item.get("create_time")),
        updated_at=moment(item.get("update_time")),
        answer_by=_deadline(item),
        refund=_refund(item.get("refund_amount")),
        line_ids=tuple(
            _text(line, "order_line_item_id") for line in objects(item.get("cancel_line_items", []))
        ),
    )


def approve_cancellation(client: TikTokShopClient, *, cancel_id: str, key: str) -> None:
    """Agree: TikTok cancels the order and pays the buyer back. `key` makes repeating it one call."""
    client.call(
        "approve_cancellation",
        path_params={"cancel_id": cancel_id},
        query={"idempotency_key": key},
    )


def reject_cancellation(
    client: TikTokShopClient, *, cancel_id: str, reason: str, comment: str = "", key: str
) -> None:
    """Refuse with one of `reject_reasons`: the order goes on."""
    body = {"reject_reason": reason} | ({"comment": comment} if comment else {})
    client.call(
        "reject_cancellation",
        path_params={"cancel_id": cancel_id},
        query={"idempotency_key": key},
        body=body,
    )


def reject_reasons(client: TikTokShopClient, *, cancel_id: str) -> list[Reason]:
    """The reasons TikTok takes for refusing this request."""
    data = client.call("reject_reasons", query={"return_or_cancel_id": cancel_id})
    found = [Reason(_text(row, "name"), _text(row, "text")) for row in read_list(data, "reasons")]
    return [reason for reason in found if reason.name]


def cancel_order(client: TikTokShopClient, *, order_id: str, reason: str) -> str:
    """The seller calls the whole order off; answers the cancellation's id. Refused for a reason
    that does not fit the order's state."""
    data = client.call("cancel_order", body={"order_id": order_id, "cancel_reason": reason})
    return _text(data, "cancel_id")


def already_decided(error: RemoteError) -> bool:
    """The request can no longer be answered: read it again to see what became of it."""
    return error.code in _DECIDED


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return value.strip() if isinstance(value, str) else ""


def _deadline(item: dict[str, Any]) -> datetime | None:
    """The earliest moment by which TikTok wants the seller to act."""
    steps = item.get("seller_next_action_response")
    rows = [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []
    found = [at for row in rows if (at := moment(row.get("deadline")))]
    return min(found, default=None)


def _refund(amount: object) -> Money | None:
    if not isinstance(amount, dict):
        return None
    try:
        total = Decimal(_text(amount, "refund_total"))
        return Money(total, _text(amount, "currency")) if total.is_finite() else None
    except (InvalidOperation, ValueError):
        return None
