"""Buyers' personal data in orders: found, handed out, and erased for good.

An order that is erased stays, with its money, and is marked: whatever TikTok says about its buyer later is left out
(orders.erasing, called by orders.upsert).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.forms.models import model_to_dict

from core.models import BatchItem, WebhookEvent, Workspace
from orders import erasing
from orders.models import CancellationAnswer, Dispatch, Order, OrderEvent
from orders.querysets import OrderQuerySet
from shops.models import ApiCall, Shop
from shops.senders import told

CLOSED = ("shipped", "closed")  # stages in which nothing is left to do with an address
_UNDER_WAY = ("buying", "unknown")
GONE = "Erased with the buyer's data."


def find(workspace: Workspace, words: str) -> OrderQuerySet:
    """The orders of one buyer: by an order's number, or TikTok's number of the buyer. Other orders of the same buyer
    are found, too."""
    words = words.strip()
    orders = Order.objects.of(workspace)
    if not words:
        return orders.none()
    buyers = set(orders.filter(tiktok_id=words).values_list("buyer_id", flat=True)) | {words}
    return orders.filter(Q(tiktok_id=words) | Q(buyer_id__in=buyers - {""}))


def can_be_erased(orders: OrderQuerySet) -> OrderQuerySet:
    """Those of them that are done with: an order still to be shipped needs its address."""
    return orders.filter(stage__in=CLOSED).exclude(label_state__in=_UNDER_WAY)


def due(*, now: datetime, most: int) -> list[int]:
    """Orders that TikTok last changed BUYER_DATA_DAYS ago, which is after delivery, closing and returns; by id."""
    if not settings.BUYER_DATA_DAYS:
        return []
    since = now - timedelta(days=settings.BUYER_DATA_DAYS)
    # Worded like the condition of the index order_to_erase, which holds nothing else.
    orders = Order.objects.filter(erased_at=None, stage__in=CLOSED, updated_at__lt=since)
    orders = orders.exclude(label_state__in=_UNDER_WAY).order_by("updated_at")
    return list(orders.values_list("pk", flat=True)[:most])


def export(order: Order) -> dict[str, Any]:
    """Everything we hold about one order, JSON-ready but for times and amounts."""
    numbers = {"subject": order.tiktok_id}
    return {
        "order": model_to_dict(order) | {"shop": order.shop.name},
        "lines": list(order.lines.values()),
        "timeline": list(order.events.order_by("at").values("at", "kind", "text", "detail")),
        "cancellations": list(
            order.cancellations.values("asked_at", "role", "reason_text", "status", "ended_by")
        ),
        "answers": list(
            CancellationAnswer.objects.filter(cancellation__order=order).values(
                "decision", "reason_text", "comment", "created_at"
            )
        ),
        "told_to_tiktok": list(
            order.dispatches.values("part", "state", "tracking_number", "reason")
        ),
        "calls": list(
            ApiCall.objects.filter(workspace=order.workspace_id, **numbers)
            .order_by("at")
            .values("at", "provider", "method", "path", "status", "asked", "answered")
        ),
        "webhooks": [
            {"received_at": row.received_at, "event": row.event, "body": row.document}
            for row in told(order.shop).filter(**numbers).order_by("id")
        ],
    }


def erase(order_ids: Iterable[int], *, now: datetime) -> int:
    """Take the buyer out of these orders and of what quotes them; answers how many orders there were."""
    ids = list(order_ids)
    with transaction.atomic():
        held = Order.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids)
        orders = list(held.select_related("shop"))
        for order in orders:
            _blank(order, now)
        columns = [*erasing.BLANK, *erasing.OWN_BLANK]
        columns += ["recipient", "raw", "search_text", "erased_at"]
        Order.objects.bulk_update(orders, columns, batch_size=200)
        events = OrderEvent.objects.filter(order__in=ids)
        events.filter(kind__in=["note", "address"]).update(text=GONE)
        events.exclude(detail={}).update(detail={})
        Dispatch.objects.filter(order__in=ids).exclude(reason="").update(reason=GONE)
        said = CancellationAnswer.objects.filter(cancellation__order__in=ids)
        said.exclude(comment="").update(comment=GONE)
        items = BatchItem.objects.filter(batch__kind="labels", subject_id__in=ids)
        items.exclude(reason="").update(reason=GONE)
        _blank_exchanges(orders)
    return len(orders)


def _blank_exchanges(orders: Iterable[Order]) -> None:
    """What was asked and told about these orders, in their own workspace: another one that has the
    shop answers for its own."""
    numbers: dict[Shop, list[str]] = {}
    for order in orders:
        numbers.setdefault(order.shop, []).append(order.tiktok_id)
    for shop, some in numbers.items():
        calls = ApiCall.objects.filter(workspace=shop.workspace_id, subject__in=some)
        calls.update(asked="", answered="")
        # Also what could not be told to any workspace: it names the order.
        ours = Q(workspace=shop.workspace_id) | Q(workspace=None)
        events = WebhookEvent.objects.filter(ours, provider="tiktok", subject__in=some)
        events.exclude(state="waiting").update(body=b"")


def _blank(order: Order, now: datetime) -> None:
    name = order.recipient.get("name", "")
    order.search_text = erasing.search_text_left(order.search_text, order.buyer_nickname, name)
    order.recipient = erasing.address_left(order.recipient)
    order.raw = erasing.document_left(order.raw)
    for column, value in (erasing.BLANK | erasing.OWN_BLANK).items():
        setattr(order, column, value)
    order.erased_at = now
