"""What EasyPost and Shippo tell: money questions are asked anew, where a parcel is gets noted.

Nothing that costs or pays back is ever believed here: an event only makes the label's own sweep
ask the provider now instead of later.
"""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from core.deliveries import word
from core.models import WebhookEvent
from shipping.labels.reconcile import reconcile_due
from shipping.labels.states import PAID
from shipping.labels.void import PAUSES, voids_due
from shipping.models import Label
from shipping.tracking.apply import Told, write_down
from shipping.tracking.normalize import WORDS
from shipping.tracking.parse import READERS

NOT_OURS = "no label here"
_MOST = 20  # labels of one tracking number; carriers use a number again after years


def transaction_changed(*, events: list[WebhookEvent]) -> None:
    """Shippo made or changed a transaction: a label that waits for its word is asked about now."""
    for row in events:
        data = _part(row, "data")
        rate = data.get("rate")
        rate = word(rate.get("object_id") if isinstance(rate, dict) else rate)
        label = _asked_back(row.provider, word(data.get("object_id"))) or _unsettled(rate)
        if label is None:
            row.outcome = "no label waits for it"
        elif label.state == "buying":
            row.outcome = "its buyer has the answer"
        else:
            row.outcome = "asked at once"
        _ask_soon(label, row)
    _wake(events)


def refund_granted(*, events: list[WebhookEvent]) -> None:
    """EasyPost gave money back: it is asked whether that is so, and the void path books it."""
    for row in events:
        label = _asked_back(row.provider, word(_part(row, "result").get("shipment_id")))
        row.outcome = "asked at once" if label else "no label waits for it"
        _ask_soon(label, row)
    _wake(events)


def tracked(*, events: list[WebhookEvent]) -> None:
    """Where a parcel is, as its provider has it; an older scan never wins over a newer one."""
    documents = [_part(row, "result" if row.provider == "easypost" else "data") for row in events]
    known = _of_numbers(events[0].provider, documents)
    found = [
        (row, READERS[row.provider](document), _meant(known, document))
        for row, document in zip(events, documents, strict=True)
    ]
    news = [
        Told(label, scan, {"webhook": row.pk}) for row, scan, labels in found for label in labels
    ]
    changed = write_down(news, now=timezone.now())
    for row, scan, labels in found:
        if labels:
            row.workspace_id = labels[0].workspace_id
        words = WORDS[scan.status]
        is_news = any(label.pk in changed for label in labels)
        row.outcome = words if is_news else f"{words}: known already" if labels else NOT_OURS


def _part(row: WebhookEvent, name: str) -> dict[str, Any]:
    part = row.document.get(name)
    return part if isinstance(part, dict) else {}


def _unsettled(rate: str) -> Label | None:
    """The label of Shippo's that is being bought with this rate, or was and nobody knows."""
    if not rate:
        return None
    open_ones = Label.objects.filter(provider="shippo", state__in=("buying", "unknown"))
    return open_ones.filter(provider_ref__rate_id=rate).first()


def _asked_back(provider: str, provider_label_id: str) -> Label | None:
    if not provider_label_id:
        return None
    asked = Label.objects.filter(provider=provider, state__in=PAUSES)
    return asked.filter(provider_label_id=provider_label_id).first()


def _ask_soon(label: Label | None, row: WebhookEvent) -> None:
    """Make the label due in its own sweep; the row says so, should nobody be woken."""
    if label is None:
        return
    row.workspace_id = label.workspace_id
    if label.state != "buying":
        Label.objects.filter(pk=label.pk, state=label.state).update(due_at=timezone.now())


def _wake(events: Iterable[WebhookEvent]) -> None:
    if any(row.outcome == "asked at once" for row in events):
        reconcile_due.later()
        voids_due.later()


def _of_numbers(provider: str, documents: list[dict[str, Any]]) -> dict[str, list[Label]]:
    """Our labels by tracking number, newest first: one query for all documents."""
    found: dict[str, list[Label]] = {}
    numbers = {number for document in documents if (number := _number(document))}
    labels = Label.objects.filter(provider=provider, tracking_number__in=numbers, state__in=PAID)
    for label in labels.order_by("-settled_at", "-pk"):
        found.setdefault(label.tracking_number, []).append(label)
    return found


def _meant(known: dict[str, list[Label]], document: dict[str, Any]) -> list[Label]:
    """The labels with the document's number; those of the purchase it names, if any."""
    labels = known.get(_number(document), [])[:_MOST]
    bought = word(document.get("shipment_id") or document.get("transaction"))
    return [label for label in labels if not bought or label.provider_label_id == bought]


def _number(document: dict[str, Any]) -> str:
    return word(document.get("tracking_code") or document.get("tracking_number"))
