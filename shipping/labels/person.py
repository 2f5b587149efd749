"""A label that only a person can settle: flagged, told once, and left alone for a while."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from core import notifications
from core.access import wreverse
from shipping.models import Label

PAUSE_WITH_PERSON = timedelta(hours=6)


def needs_person(label: Label, now: datetime, reason: str, *, code: str | None = None) -> None:
    """Flag the label for a person and tell the workspace once; it stays unknown."""
    if label.needs_person_since:
        write(label, due_at=now + PAUSE_WITH_PERSON)
        return
    more = {} if code is None else {"code": code}
    due_at = now + PAUSE_WITH_PERSON
    write(label, needs_person_since=now, due_at=due_at, reason=reason[:400], **more)
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:unknown",
        f"Nobody can tell whether the label for order {label.order.tiktok_id} was paid. Look it up "
        "at the provider and say what you found.",
        level="bad",
        link=wreverse(label.workspace, "shipping:needs-word"),
        mail=True,
    )


@dataclass(frozen=True, slots=True)
class Places:
    """Where a person finds out: `where` to look, `what` to look for, and the number the label has
    there if it was bought (empty where that is not known before)."""

    where: str
    what: str
    label_id: str = ""


def where_to_look(label: Label) -> Places:
    """What to look up at the provider of an unknown label."""
    ref, order = label.provider_ref, label.order.tiktok_id
    if label.provider == "easypost":
        shipment = ref.get("shipment_id", "")
        return Places(
            "EasyPost's dashboard, Shipments",
            f"Shipment {shipment}, reference {order}. It has a tracking code if it was bought.",
            shipment,
        )
    if label.provider == "shippo":
        return Places(
            "Shippo's web app, Labels, in the mode of the account's key",
            f"A label for order {order}, its transaction has the metadata {label.key}. There is no "
            "such transaction if it was not bought.",
        )
    if label.provider == "tiktok":
        return Places(
            f"TikTok Seller Center, the orders of {label.order.shop}",
            f"Order {order}. It has a package with a tracking number if the label was bought.",
        )
    return Places(f"{label.account.name}'s own pages", f"A label for order {order}.")


def write(label: Label, **columns: Any) -> None:
    """Set columns of a label that is still unknown."""
    Label.objects.filter(pk=label.pk, state="unknown").update(**columns)
    for name, value in columns.items():
        setattr(label, name, value)
