"""What a workspace ships with: its ship-from addresses and boxes. Audited; what depends on them is
decided anew."""

from typing import Any

from django.db import transaction

from core import audit
from core.models import User, Workspace
from shipping.models import ParcelPreset, ShipFrom
from shipping.quoting import set_up_changed


class LastOne(Exception):
    """It cannot be deleted while others stand that depend on it; the message says what to do
    first."""


def save_address(address: ShipFrom, *, user: User | None) -> None:
    """Keep a new or changed address; the first one, and one marked so, is the default."""
    _save(address, ShipFrom, "ship_from", user)


def save_preset(preset: ParcelPreset, *, user: User | None) -> None:
    """Keep a new or changed box."""
    _save(preset, ParcelPreset, "parcel", user)


def make_default_address(address: ShipFrom, *, user: User | None) -> None:
    """Parcels are sent from here from now on."""
    address.is_default = True
    _save(address, ShipFrom, "ship_from", user)


def make_default_preset(preset: ParcelPreset, *, user: User | None) -> None:
    """The first choice among boxes that fit as many."""
    preset.is_default = True
    _save(preset, ParcelPreset, "parcel", user)


def delete_address(address: ShipFrom, *, user: User | None) -> None:
    """Take an address away. LastOne for the default while there are others: somebody has to
    choose."""
    others = ShipFrom.objects.filter(workspace=address.workspace_id).exclude(pk=address.pk)
    if address.is_default and others.exists():
        raise LastOne("Parcels are sent from this address. Make another one the default first.")
    _delete(address, "ship_from", user)


def delete_preset(preset: ParcelPreset, *, user: User | None) -> None:
    """Take a box away."""
    _delete(preset, "parcel", user)


def _save(row: Any, model: Any, kind: str, user: User | None) -> None:
    created = row.pk is None
    with transaction.atomic():
        # One at a time per workspace, so that two first addresses cannot both become the default.
        Workspace.objects.select_for_update().get(pk=row.workspace_id)
        others = model.objects.filter(workspace=row.workspace_id).exclude(pk=row.pk)
        if not others.filter(is_default=True).exists():
            row.is_default = True
        if row.is_default:
            others.filter(is_default=True).update(is_default=False)
        row.save()
        _record(row, kind, "added" if created else "changed", user)
        set_up_changed(row.workspace_id)


def _delete(row: Any, kind: str, user: User | None) -> None:
    with transaction.atomic():
        _record(row, kind, "deleted", user)
        row.delete()
        set_up_changed(row.workspace_id)


def _record(row: Any, kind: str, done: str, user: User | None) -> None:
    noun = "Ship-from address" if kind == "ship_from" else "Box"
    audit.record(
        row.workspace_id, f"{kind}.{done}", f"{kind}:{row.pk}", f"{noun} “{row}” {done}", actor=user
    )
