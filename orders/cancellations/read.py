"""What TikTok says about cancellations, noted: read when a webhook names an order, and polled for
what no webhook told.

Pending requests are few, so a poll needs no place to go on from: it reads all of them, and asks by
number what became of those that are pending here and no more there.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import notifications
from core.access import wreverse
from core.errors import RemoteError
from core.jobs import job
from core.queues import Queue
from orders.models import Cancellation, Order, OrderEvent
from orders.readiness import SHIPPED
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.models import Shop
from shops.policy.book import NoRule, market_of
from shops.policy.ours import book_for
from shops.tiktok_shop.endpoints import RETURNS
from shops.tiktok_shop.returns import MAX_IDS, CancellationRequest, search_cancellations

log = logging.getLogger(__name__)

_RULE = "cancel.auto_approve_after"


@job(queue=Queue.READING)
def poll_due() -> int:
    """Read every connected shop's requests; answers how many shops were queued."""
    shops = [shop for shop in _connected() if may_read(shop)]
    for shop in shops:
        poll_shop.later(shop_id=shop.pk)
    return len(shops)


@job(queue=Queue.READING)
def poll_shop(*, shop_id: int) -> int:
    """All pending requests of a shop, and what became of those that waited; answers how many were
    read. What fails is asked again by the next poll."""
    shop = _connected().filter(pk=shop_id).first()
    if shop is None or not may_read(shop):
        return 0
    try:
        client = tiktok_client(shop)
        found = [one for page in search_cancellations(client, pending_only=True) for one in page]
        seen = {one.id for one in found}
        waiting = Cancellation.objects.waiting().filter(order__shop=shop)
        gone = [pk for pk in waiting.values_list("tiktok_id", flat=True) if pk not in seen]
        for some in batched(gone, MAX_IDS):
            for page in search_cancellations(client, cancel_ids=list(some)):
                found += page
        note(shop, found)
    except RemoteError as error:
        log.info("cancellations of shop %s: %s", shop.pk, error.code)
        return 0
    return len(found)


def read_of(shop: Shop, order_ids: Iterable[str]) -> list[Cancellation]:
    """Read what is asked about these orders, by TikTok's numbers. Raises the errors of
    core.errors."""
    client = tiktok_client(shop)
    found: list[CancellationRequest] = []
    for some in batched(dict.fromkeys(order_ids), MAX_IDS):
        for page in search_cancellations(client, order_ids=list(some)):
            found += page
    return note(shop, found)


def read_one(row: Cancellation) -> Cancellation:
    """The request as TikTok has it now. Raises the errors of core.errors."""
    shop = row.order.shop
    for page in search_cancellations(tiktok_client(shop), cancel_ids=[row.tiktok_id]):
        note(shop, page)
    row.refresh_from_db()
    return row


def may_read(shop: Shop) -> bool:
    """Whether the seller let us see cancellations; connections from before have to be renewed."""
    granted = shop.authorization.scopes if shop.authorization else None
    return granted is None or RETURNS in granted


def _connected() -> "QuerySet[Shop]":
    return Shop.objects.connected().select_related("authorization", "workspace")


def note(shop: Shop, requests: Sequence[CancellationRequest]) -> list[Cancellation]:
    """Write down what was read; an older copy never wins. Requests about orders TikTok does not
    show are left out."""
    orders = _orders(shop, requests)
    rows: list[Cancellation] = []
    for request in sorted(requests, key=lambda one: (one.order_id, one.id)):
        if order := orders.get(request.order_id):
            rows.append(_note(shop, order, request))
    return rows


def _orders(shop: Shop, requests: Iterable[CancellationRequest]) -> dict[str, Order]:
    wanted = {request.order_id for request in requests}
    light = Order.objects.filter(shop=shop, tiktok_id__in=wanted).defer("raw", "search_text")
    known = {order.tiktok_id: order for order in light.select_related("workspace")}
    missing = sorted(wanted - known.keys())
    return known | {order.tiktok_id: order for order in read_orders(shop, missing)}


def _note(shop: Shop, order: Order, request: CancellationRequest) -> Cancellation:
    now = timezone.now()
    fields = _fields(shop, request, now)
    with transaction.atomic():
        row, is_new = Cancellation.objects.get_or_create(
            order=order,
            tiktok_id=request.id,
            defaults={**fields, "workspace_id": order.workspace_id},
        )
        if not is_new:
            row = Cancellation.objects.select_for_update(no_key=True).get(pk=row.pk)
            if row.updated_at > fields["updated_at"]:
                return row
        was_waiting = not is_new and row.is_waiting
        for name, value in fields.items():
            setattr(row, name, value)
        row.order = order
        if was_waiting and not row.is_waiting:
            row.ended_by = _ended_by(row, now)
        row.save()
        for text in _news(row, is_new=is_new, was_waiting=was_waiting):
            OrderEvent.objects.create(order=order, kind="cancel", text=text[:400])
        _tell(shop, row, is_new=is_new, was_waiting=was_waiting)
    return row


def _fields(shop: Shop, request: CancellationRequest, now: datetime) -> dict[str, Any]:
    asked_at = request.asked_at or now
    answer_by, source = request.answer_by, "tiktok" if request.answer_by else ""
    if answer_by is None and request.state == "pending":
        answer_by, source = _by_rule(shop, asked_at)
    # One that is over keeps the deadline it had: whether that was met tells how it ended.
    deadline = {"answer_by": answer_by, "answer_by_source": source} if answer_by else {}
    return deadline | {
        "kind": request.kind[:20],
        "status": request.state,
        "word": request.word[:60],
        "role": request.role[:20],
        "reason": request.reason[:120],
        "reason_text": (request.reason_text or _plain(request.reason))[:300],
        "asked_at": asked_at,
        "updated_at": request.updated_at or now,
        "refund": request.refund.amount if request.refund else None,
        "currency": request.refund.currency if request.refund else "",
        "line_ids": list(request.line_ids),
        "read_at": now,
    }


def _by_rule(shop: Shop, asked_at: datetime) -> tuple[datetime | None, str]:
    """When TikTok decides by itself, by the dated rules of the shop's market."""
    try:
        rule = book_for(market_of(shop.region), shop.workspace_id).rule(_RULE, on=asked_at.date())
    except NoRule:
        return None, ""
    return asked_at + timedelta(seconds=int(rule.number * 3600)), "policy"


def _plain(reason: str) -> str:
    """TikTok's key as words where it sends none: the part behind "reason_"."""
    return reason.rpartition("reason_")[2].replace("_", " ").capitalize()


def _ended_by(row: Cancellation, now: datetime) -> str:
    """A key of ENDED, from what is known here: TikTok does not say it."""
    ours = row.answers.filter(state__in=["asking", "unknown", "done"]).first()
    if ours and (ours.decision == "approve") == row.is_agreed:
        return "us"
    if row.is_agreed:
        return "time" if row.answer_by and now >= row.answer_by else "elsewhere"
    order = Order.objects.only("status", "rts_at").get(pk=row.order_id)
    shipped = order.status in SHIPPED and order.rts_at and order.rts_at >= row.asked_at
    return "shipping" if shipped else "buyer"


def _news(row: Cancellation, *, is_new: bool, was_waiting: bool) -> Iterator[str]:
    because = f": {row.reason_text.rstrip('.')}" if row.reason_text else ""
    if is_new and row.is_waiting:
        yield f"The buyer asks to cancel{because}."
    elif was_waiting and not row.is_waiting:
        agreed = "approved" if row.is_agreed else "closed, and the order goes on"
        yield f"The request to cancel is {agreed} ({row.ended_words})."


def _tell(shop: Shop, row: Cancellation, *, is_new: bool, was_waiting: bool) -> None:
    """People learn of a new request, and of one that ended without them."""
    cause, number = f"cancellation:{row.tiktok_id}", row.order.tiktok_id
    link = wreverse(shop.workspace, "orders:detail", order_id=row.order_id)
    if is_new and row.is_waiting:
        words = f"The buyer of order {number} asks to cancel: {row.reason_text or 'no reason told'}"
        notifications.notify(shop.workspace, cause, words, level="warn", link=link)
    elif was_waiting and not row.is_waiting:
        notifications.settle(shop.workspace, cause)
        if row.ended_by in ("shipping", "time"):
            words = f"Order {number}: the buyer's request to cancel was {row.ended_words}."
            notifications.notify(shop.workspace, f"{cause}:ended", words, link=link)
