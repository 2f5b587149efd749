"""A preset for many orders at once: parcel, service, account, extras and tags by one key, and back
again."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core.models import User, Workspace
from orders import actions
from orders.models import Order
from orders.own_parcels import set_parcels
from orders.rule_notes import set_wishes
from shipping import bulk_changes, bulk_parcels
from shipping.batch_sheet import LeftOut
from shipping.bulk_changes import Changed
from shipping.bulk_parcels import Wanted
from shipping.models import BulkChange, ParcelPreset, Preset
from shipping.parcels import Box, box_of
from shipping.quoting import quote_due

# What only those may set who may buy
PRICED = ("service", "account", "insurance", "signature")


def sets_service(preset: Preset) -> bool:
    """Whether it decides about money, and not only about the parcel and tags."""
    return any(preset.actions.get(name) for name in PRICED)


def touched_service(change: BulkChange) -> bool:
    """Whether a press of a preset decided about money."""
    return any(change.before[pk]["wish"] != after["wish"] for pk, after in change.after.items())


def apply_preset(
    workspace: Workspace, ids: Iterable[int], preset: Preset, *, user: User, now: datetime
) -> Changed:
    """Give open orders without a label what the preset says. New prices are chosen from what was
    quoted, or asked for."""
    orders, left_out = bulk_parcels.open_orders(workspace, ids)
    found, orders = _parcels(preset, orders, left_out)
    if not orders:
        return Changed(0, left_out)
    pks = [order.pk for order in orders]
    words = f"preset {preset.key} “{preset.name}”"
    wish = {name: preset.actions[name] for name in PRICED if preset.actions.get(name)}
    with transaction.atomic():
        before = _state(workspace, pks)
        if found:
            set_parcels(workspace, found, text=f"Parcel set by {words}.", user=user)
        if wish:
            by = {"set": wish, "by": words, "at": now.isoformat()}
            text = f"Chosen by {words}."
            set_wishes(workspace, dict.fromkeys(pks, by), text=text, user=user)
        for tag in preset.actions.get("tags") or ():
            actions.tag(workspace, pks, tag, user=user)
        change = bulk_changes.keep(workspace, "preset", before, _state(workspace, pks), user=user)
        quote_due.later(workspace_id=workspace.pk)
    return Changed(len(pks), left_out, change)


def _parcels(
    preset: Preset, orders: list[Order], left_out: list[LeftOut]
) -> tuple[dict[int, dict[str, int]], list[Order]]:
    """The parcel of each order, where the preset says one, and the orders it can be told of; the
    others go to `left_out`."""
    parcel = preset.actions.get("parcel")
    if not parcel:
        return {}, orders
    wanted = _wanted(preset, parcel)
    if wanted is None:
        text = "The preset's box is gone. Choose another one for it."
        ids = tuple(order.pk for order in orders)
        left_out.append(LeftOut("no_box", text, "Presets", "", "shipping:presets", ids))
        return {}, []
    found, unknown = bulk_parcels.planned(orders, wanted)
    left_out += unknown
    return found, [order for order in orders if order.pk in found]


def _wanted(preset: Preset, parcel: dict[str, int]) -> Wanted | None:
    if "box" in parcel:
        rows = ParcelPreset.objects.filter(workspace=preset.workspace_id, pk=parcel["box"])
        row = rows.first()
        return Wanted(box_of(row)) if row else None
    sides = (parcel["length_mm"], parcel["width_mm"], parcel["height_mm"])
    return Wanted(Box("", *sides, 0, None), parcel["weight_g"])


def _state(workspace: Workspace, ids: list[int]) -> dict[int, Any]:
    rows = Order.objects.of(workspace).filter(pk__in=ids).values("pk", "parcel", "wish", "tags")
    return {row["pk"]: {name: row[name] for name in ("parcel", "wish", "tags")} for row in rows}


def undo(workspace: Workspace, change_id: UUID, *, user: User) -> int:
    """Set back what the preset changed, where nobody has changed it since and no label was bought;
    answers how many. TooLate with words."""
    with transaction.atomic():
        change = bulk_changes.take(workspace, change_id)
        before = {int(pk): state for pk, state in change.before.items()}
        after = {int(pk): state for pk, state in change.after.items()}
        orders, _ = bulk_parcels.open_orders(workspace, before)
        now = _state(workspace, [order.pk for order in orders])
        same = [pk for pk in now if now[pk] == after[pk]]
        _set_back(workspace, same, before, after, user)
        quote_due.later(workspace_id=workspace.pk)
    return len(same)


def _set_back(
    workspace: Workspace,
    ids: list[int],
    before: dict[int, Any],
    after: dict[int, Any],
    user: User,
) -> None:
    def differs(pk: int, name: str) -> bool:
        return bool(before[pk][name] != after[pk][name])

    parcels = {pk: before[pk]["parcel"] for pk in ids if differs(pk, "parcel")}
    if parcels:
        set_parcels(workspace, parcels, text="Parcel set back.", user=user)
    wishes = {pk: before[pk]["wish"] for pk in ids if differs(pk, "wish")}
    if wishes:
        set_wishes(workspace, wishes, text="Service set back.", user=user)
    added = {pk: set(after[pk]["tags"]) - set(before[pk]["tags"]) for pk in ids}
    for tag in sorted(set().union(*added.values())):
        actions.untag(workspace, [pk for pk in ids if tag in added[pk]], tag, user=user)
