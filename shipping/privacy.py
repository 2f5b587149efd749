"""Buyers' personal data in labels, and the one way to erase a buyer: labels and papers first, then the orders.

The ledger and every amount stay. A label keeps carrier, tracking number, price and the provider's id of it; its file,
which shows the address, goes, and so do the print files it was merged into.
"""

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Func, JSONField, Value
from django.utils import timezone

from core import audit, files
from core.jobs import job
from core.models import User, WebhookEvent, Workspace
from core.queues import Queue
from orders import privacy
from orders.models import Order
from orders.querysets import OrderQuerySet
from shipping.models import (
    HandoverPhoto,
    Label,
    PackScan,
    PackSession,
    PrintFile,
    PrintJob,
    QuoteSet,
    TrackingEvent,
)

log = logging.getLogger(__name__)

AT_ONCE = 200
MOST_A_RUN = 50_000
_NO_RECIPIENT = Func(
    F("spec"),
    Value("{recipient}"),
    Value("null"),
    function="jsonb_set",
    template="%(function)s(%(expressions)s)",
    output_field=JSONField(),
)


@job(queue=Queue.READING)
def erase_due() -> int:
    """Once a day: take buyers out of orders that are old enough (BUYER_DATA_DAYS); answers how many orders."""
    count = 0
    while count < MOST_A_RUN and (ids := privacy.due(now=timezone.now(), most=AT_ONCE)):
        count += erase_orders(ids, now=timezone.now())
    if count:
        log.info("buyers erased from %d orders", count)
    return count


def erase_orders(order_ids: Collection[int], *, now: datetime) -> int:
    """Labels, quotes and papers of these orders, then the orders; files are deleted when that is committed."""
    with transaction.atomic():
        keys = _erase_labels(order_ids)
        quotes = QuoteSet.objects.filter(order__in=order_ids)
        quotes.update(spec=_NO_RECIPIENT, failures=[])
        count = privacy.erase(order_ids, now=now)
        transaction.on_commit(lambda: _delete_files(keys))
    return count


def find(workspace: Workspace, words: str) -> OrderQuerySet:
    """The orders of one buyer, newest first; see orders.privacy.find."""
    return privacy.find(workspace, words).select_related("shop").order_by("-created_at")


def export_buyer(workspace: Workspace, words: str, *, user: User | None) -> dict[str, Any]:
    """Everything we hold about a buyer: orders with lines, timeline and labels. Audited, without naming anybody."""
    orders = list(find(workspace, words))
    if orders:
        summary = f"A buyer's data were exported: {len(orders)} orders"
        audit.record(workspace, "buyer.exported", f"order:{orders[0].pk}", summary, actor=user)
    return {
        "exported_at": timezone.now(),
        "orders": [privacy.export(order) | {"labels": _labels(order)} for order in orders],
    }


def erase_buyer(workspace: Workspace, words: str, *, user: User | None) -> tuple[int, int]:
    """Erase a buyer from all orders that are done with; answers how many, and how many are still to be shipped."""
    orders = privacy.find(workspace, words)
    ids = list(privacy.can_be_erased(orders).values_list("pk", flat=True))
    left = orders.count() - len(ids)
    if not ids:
        return 0, left
    with transaction.atomic():
        count = erase_orders(ids, now=timezone.now())
        summary = f"A buyer was erased from {count} orders"
        audit.record(workspace, "buyer.erased", f"order:{ids[0]}", summary, actor=user)
    return count, left


def _labels(order: Order) -> list[dict[str, Any]]:
    columns = ("part", "carrier", "service_name", "tracking_number", "state", "settled_at", "spec")
    told = TrackingEvent.objects.filter(label__order=order).order_by("at", "pk")
    events: dict[int, list[dict[str, Any]]] = {}
    for event in told:
        facts = {name: getattr(event, name) for name in ("at", "status", "text", "place")}
        events.setdefault(event.label_id, []).append(facts)
    return [
        {name: getattr(label, name) for name in columns} | {"tracking": events.get(label.pk, [])}
        for label in order.labels.order_by("pk")
    ]


def _erase_labels(order_ids: Collection[int]) -> set[str]:
    """Blank the labels and the print files that show them; answers the keys of files that may go."""
    labels = Label.objects.filter(order__in=order_ids)
    facts = list(labels.values("file_key", "print_file_id", "provider_label_id", "tracking_number"))
    # The row of a print file stays: it says which labels were printed.
    papers = PrintFile.objects.filter(pk__in=[one["print_file_id"] for one in facts])
    keys = {one["file_key"] for one in facts} | set(papers.values_list("file_key", flat=True))
    papers.update(file_key="", left_out=[])
    # A picture of parcels shows their labels, too.
    photos = HandoverPhoto.objects.filter(close_out__scans__label__in=labels)
    pictures = list(photos.values_list("pk", "file_key").distinct())
    keys |= {key for _, key in pictures}
    HandoverPhoto.objects.filter(pk__in=[pk for pk, _ in pictures]).update(file_key="")
    labels.update(
        spec=_NO_RECIPIENT,
        label_url="",
        file_key="",
        document_due_at=None,
        document_error=privacy.GONE,
        extra={},
        next_poll_at=None,
    )
    labels.exclude(reason="").update(reason=privacy.GONE)
    labels.exclude(handled_note="").update(handled_note=privacy.GONE)
    packed = PackSession.objects.filter(order__in=order_ids).exclude(skip_reason="")
    packed.update(skip_reason=privacy.GONE)
    # A scanned code may be a tracking number with the buyer's ZIP code in front.
    PackScan.objects.filter(session__order__in=order_ids).update(code="", words="")
    PrintJob.objects.filter(label__in=labels, state__in=["waiting", "failed"]).delete()
    # Whose hands it was left in, and where: the status and its moment say enough afterwards.
    TrackingEvent.objects.filter(label__in=labels).update(text="", place="", raw={})
    ids = [one["provider_label_id"] for one in facts] + [one["tracking_number"] for one in facts]
    ids = [one for one in ids if one]
    told = WebhookEvent.objects.filter(provider__in=["easypost", "shippo"], subject__in=ids)
    told.exclude(state="waiting").update(body=b"")
    return keys - {""}


def _delete_files(keys: Iterable[str]) -> None:
    """What another row names stays. A file that cannot be deleted is tried no more, and named in the log."""
    for key in keys:
        if not files.is_key(key) or _is_named(key):
            continue
        try:
            files.delete(key)
        except Exception:  # whatever store it is: one file must not keep the others
            log.exception("file %s could not be deleted", key)


def _is_named(key: str) -> bool:
    rows = (Label, PrintFile, HandoverPhoto)
    return any(model.objects.filter(file_key=key).exists() for model in rows)


def retention() -> str:
    """How long buyers' data are kept, in words."""
    days = settings.BUYER_DATA_DAYS
    return f"{days} days after an order was last changed" if days else "until you erase them"
