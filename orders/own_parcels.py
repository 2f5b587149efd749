"""Parcels that people enter for many orders at once."""

from collections.abc import Mapping

from django.db import transaction

from core import audit
from core.models import User, Workspace
from orders.models import Order, OrderEvent, Stage
from orders.plan_notes import forget_plans
from orders.staging import restage

type Parcel = Mapping[str, int]  # weight_g, length_mm, width_mm, height_mm; {}: computed

OPEN = (Stage.READY, Stage.FIX, Stage.HOLD)
_AUDITED = 200  # order ids kept with the audit entry
_AT_ONCE = 500


def set_parcels(
    workspace: Workspace, wanted: Mapping[int, Parcel], *, text: str, user: User | None
) -> dict[int, dict[str, int]]:
    """Give open orders without a label their parcel, by id; answers what each of those that changed
    had before. Their prices are asked for anew."""
    with transaction.atomic():
        orders = Order.objects.of(workspace).filter(
            pk__in=list(wanted), stage__in=OPEN, label_state=""
        )
        # Locked in the order that every writer of orders uses.
        locked = orders.select_for_update(no_key=True).order_by("shop_id", "tiktok_id")
        rows = [row for row in locked.only("pk", "parcel") if row.parcel != wanted[row.pk]]
        before = {row.pk: row.parcel for row in rows}
        if not before:
            return {}
        for row in rows:
            row.parcel, row.rate_problem = dict(wanted[row.pk]), ""
        Order.objects.bulk_update(rows, ["parcel", "rate_problem"], batch_size=_AT_ONCE)
        note_many(workspace, list(before), "parcel", text, user=user)
        forget_plans(before)
        restage(before)
    return before


def note_many(
    workspace: Workspace, ids: list[int], kind: str, text: str, *, user: User | None
) -> None:
    """One timeline entry per order and one audit entry for all, inside the caller's transaction."""
    OrderEvent.objects.bulk_create(
        [OrderEvent(order_id=pk, kind=kind, text=text[:400], actor=user) for pk in ids],
        batch_size=_AT_ONCE,
    )
    audit.record(
        workspace,
        f"order.{kind}",
        f"order:{ids[0]}" if len(ids) == 1 else f"orders:{len(ids)}",
        text if len(ids) == 1 else f"{text} ({len(ids):,} orders)",
        actor=user,
        orders=ids[:_AUDITED],
        count=len(ids),
    )
