"""Money that was taken although it should not have been: booked like any other, and the owners told
to ask it back."""

import logging

from django.db import transaction
from django.utils import timezone

from core import audit, notifications
from core.access import wreverse
from shipping.labels import ledger
from shipping.labels.noting import tell_order
from shipping.labels.person import needs_person
from shipping.labels.states import LABEL
from shipping.models import Label
from shipping.providers.base import BoughtLabel

log = logging.getLogger(__name__)


def book_duplicates(label: Label, bought: BoughtLabel) -> None:
    """The provider names further paid labels for the same purchase. Call it within the settling
    transaction."""
    others = [one.strip() for one in str(bought.extra.get("duplicates", "")).split(",")]
    others = [one for one in others if one]
    if not others:
        return
    for other in others:
        ledger.charge(label, bought.cost, reference=other, note="paid twice")
    audit.record(
        label.workspace_id,
        "label.duplicate_found",
        f"order:{label.order_id}",
        f"{len(others)} more paid label found for one purchase",
        label=label.pk,
        duplicates=others,
    )
    _tell(
        label,
        f"The provider charged more than once for order {label.order.tiktok_id}. Void "
        f"{', '.join(others)} at the provider to get the money back.",
    )


def paid_after_all(label: Label, bought: BoughtLabel) -> None:
    """A purchase that had been written off as not bought was paid: it stays out of use, but its
    money is on record."""
    with transaction.atomic():
        ledger.charge(label, bought.cost, reference=bought.provider_label_id, note="paid after all")
        audit.record(
            label.workspace_id,
            "label.paid_after_all",
            f"order:{label.order_id}",
            f"A label written off as not bought was paid: {bought.cost}",
            label=label.pk,
            reference=bought.provider_label_id,
        )
        _tell(
            label,
            f"A label for order {label.order.tiktok_id} was paid after it had been written off. "
            f"Void {bought.provider_label_id} at the provider to get the money back.",
        )


def is_anothers(label: Label, bought: BoughtLabel) -> None:
    """The provider answered with a label that another row of ours holds: paid once, but for whom?
    Only a person can tell, so the label becomes, or stays, unknown."""
    label.refresh_from_db()
    if label.needs_person_since is None:
        log.error("label %s: provider label %s is known", label.pk, bought.provider_label_id)
    reason = (
        f"The provider answered with label {bought.provider_label_id}, which belongs to another "
        "purchase."
    )
    with transaction.atomic():
        if label.state == "buying":
            LABEL.move(label, "unknown")
        needs_person(label, timezone.now(), reason, code="label_taken")
        tell_order(label, "unknown")


def _tell(label: Label, text: str) -> None:
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:duplicate",
        text,
        level="bad",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
        mail=True,
    )
