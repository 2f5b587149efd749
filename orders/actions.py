"""What people do to orders. Each is written to the audit and to the order's
timeline."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import F, Func, QuerySet, Value
from django.utils import timezone

from core import audit, sizes
from core.jobs import job
from core.models import User, Workspace
from orders import addresses, parts
from orders.models import BoxMate, Order, OrderEvent
from orders.staging import restage

_AUDITED = 200  # order ids kept with one audit entry


class BadAction(ValueError):
    """It cannot be done; the text is for the person who tried."""


def hold(
    workspace: Workspace,
    order_ids: Iterable[int],
    *,
    because: str,
    until: datetime | None = None,
    user: User | None,
) -> int:
    """Keep open orders from being bought, until a time or until released; answers how many."""
    reason = because.strip()[:200] or "No reason given"
    orders = Order.objects.of(workspace).filter(
        pk__in=list(order_ids), stage__in=("ready", "fix", "hold")
    )
    return _on_many(
        orders,
        lambda rows: rows.update(held_because=reason, held_until=until),
        kind="hold",
        text=f"Held: {reason}",
        workspace=workspace,
        user=user,
    )


def release(workspace: Workspace, order_ids: Iterable[int], *, user: User | None) -> int:
    """End our hold; TikTok's own hold cannot be ended by anybody. Who is released no longer travels
    in another order's box."""
    order_ids = list(order_ids)
    BoxMate.objects.filter(order__in=order_ids, order__workspace=workspace).filter(
        order__label_state=""
    ).delete()
    orders = Order.objects.of(workspace).filter(pk__in=order_ids).exclude(held_because="")
    return _on_many(
        orders,
        lambda rows: rows.update(held_because="", held_until=None),
        kind="hold",
        text="Released.",
        workspace=workspace,
        user=user,
    )


def tag(workspace: Workspace, order_ids: Iterable[int], name: str, *, user: User | None) -> int:
    """Add a tag to orders that do not have it."""
    word = _tag_name(name)
    orders = (
        Order.objects.of(workspace).filter(pk__in=list(order_ids)).exclude(tags__contains=[word])
    )
    added = Func(
        F("tags"),
        Value(word),
        function="array_append",
        output_field=ArrayField(models.CharField(max_length=40)),
    )
    return _on_many(
        orders,
        lambda rows: rows.update(tags=added, ruled_at=None),
        kind="note",
        text=f"Tagged “{word}”.",
        workspace=workspace,
        user=user,
    )


def untag(workspace: Workspace, order_ids: Iterable[int], name: str, *, user: User | None) -> int:
    """Take a tag off orders."""
    word = _tag_name(name)
    orders = Order.objects.of(workspace).filter(pk__in=list(order_ids), tags__contains=[word])
    removed = Func(
        F("tags"),
        Value(word),
        function="array_remove",
        output_field=ArrayField(models.CharField(max_length=40)),
    )
    return _on_many(
        orders,
        lambda rows: rows.update(tags=removed, ruled_at=None),
        kind="note",
        text=f"Tag “{word}” removed.",
        workspace=workspace,
        user=user,
    )


def ship_despite_cancel(
    workspace: Workspace, order_ids: Iterable[int], *, user: User | None
) -> int:
    """Let orders be bought although their buyer asked to cancel; in the US, shipping refuses it."""
    orders = Order.objects.of(workspace).filter(
        pk__in=list(order_ids), is_cancel_requested=True, ship_despite_cancel=False
    )
    return _on_many(
        orders,
        lambda rows: rows.update(ship_despite_cancel=True),
        kind="cancel",
        text="To be shipped although the buyer asked to cancel.",
        workspace=workspace,
        user=user,
    )


def want_new_label(order: Order, *, user: User | None) -> None:
    """Its label was given back: the order gets another one, also where TikTok calls it shipped
    because it was told the old number."""
    fields = {"relabel": True, "rate_problem": ""}
    _on_one(order, fields, kind="label", text="It is to get a new label.", user=user)


def ask_rates(workspace: Workspace, order_ids: Iterable[int], *, user: User | None) -> int:
    """Take orders for which no rate was found up again."""
    orders = Order.objects.of(workspace).filter(pk__in=list(order_ids)).exclude(rate_problem="")
    return _on_many(
        orders,
        lambda rows: rows.update(rate_problem=""),
        kind="parcel",
        text="Rates are asked for again.",
        workspace=workspace,
        user=user,
    )


def set_note(order: Order, note: str, *, user: User | None) -> None:
    """Keep the team's note."""
    kept = note.strip()[:5000]
    _on_one(order, {"note": kept}, kind="note", text="Note changed.", user=user)


def set_parcel(
    order: Order,
    *,
    weight_g: int,
    length_mm: int,
    width_mm: int,
    height_mm: int,
    user: User | None,
) -> None:
    """A person's parcel for this order. BadAction with words for one that cannot be."""
    sides = (length_mm, width_mm, height_mm)
    if words := sizes.why_not(weight_g, sides):
        raise BadAction(words)
    parcel = {
        "weight_g": weight_g,
        "length_mm": length_mm,
        "width_mm": width_mm,
        "height_mm": height_mm,
    }
    text = f"Parcel entered: {weight_g} g, {'×'.join(str(side) for side in sides)} mm."
    _set_parcel(order, parcel, text, user)


def clear_parcel(order: Order, *, user: User | None) -> None:
    """Back to the parcel that is computed from the SKUs."""
    _set_parcel(order, {}, "Parcel is computed again.", user)


def _set_parcel(order: Order, parcel: dict[str, int], text: str, user: User | None) -> None:
    """Of an order in several parcels, it is that of `order.part`."""
    number = order.part

    def change(rows: QuerySet[Order]) -> int:
        known = rows.values_list("parts", flat=True).get()  # as locked: labels are noted there, too
        if not known:
            return rows.update(parcel=parcel, rate_problem="")
        if number > len(known):
            raise BadAction("The order does not travel in these parcels any more.")
        return rows.update(parts=parts.with_parcel(known, number, parcel), rate_problem="")

    _on_one(order, change, kind="parcel", text=text, user=user)


def fix_address(order: Order, address: Mapping[str, str], *, user: User | None) -> None:
    """A person's address for this order, which wins over TikTok's. BadAction with words for one
    that cannot be delivered to."""
    fixed = {name: str(address.get(name) or "").strip()[:200] for name in addresses.PARTS}
    fixed["country"] = (fixed["country"] or "US").upper()
    if fixed["country"] == "US":
        fixed["state"] = addresses.us_state(fixed["state"]) or fixed["state"]
    fixed |= {name: str(address.get(name) or "").strip()[:80] for name in ("phone", "email")}
    if trouble := addresses.problem(fixed):
        raise BadAction(trouble)
    if any(addresses.is_masked(value) for value in fixed.values()):
        raise BadAction("Part of the address is still struck out with stars.")
    fields = {"fixed_recipient": fixed, "rate_problem": ""}
    _on_one(order, fields, kind="address", text="Address corrected.", user=user)


@job
def release_due() -> int:
    """Release holds whose time is over; answers how many. Also looks again at orders that wait for
    a workspace's set-up, should nobody have told us that it changed."""
    now = timezone.now()
    over = Order.objects.filter(held_until__lte=now).exclude(held_because="")
    released = 0
    for workspace in Workspace.objects.filter(pk__in=over.values("workspace_id")):
        ids = list(over.filter(workspace=workspace).values_list("pk", flat=True))
        released += release(workspace, ids, user=None)
    waiting = Order.objects.filter(stage="fix", blocker__in=("no_ship_from", "no_account"))
    restage(list(waiting.values_list("pk", flat=True)[:5000]))
    return released


def _on_many(
    orders: QuerySet[Order],
    change: Callable[[QuerySet[Order]], int],
    *,
    kind: str,
    text: str,
    workspace: Workspace,
    user: User | None,
) -> int:
    """Change orders in bulk, with one timeline entry each and one audit entry: few queries, however
    many orders."""
    with transaction.atomic():
        # Locked in the order that every writer of orders uses.
        locked = orders.select_for_update(no_key=True).order_by("shop_id", "tiktok_id")
        ids = list(locked.values_list("pk", flat=True))
        if not ids:
            return 0
        change(Order.objects.filter(pk__in=ids))
        OrderEvent.objects.bulk_create(
            [OrderEvent(order_id=pk, kind=kind, text=text[:400], actor=user) for pk in ids],
            batch_size=1000,
        )
        audit.record(
            workspace,
            f"order.{kind}",
            f"order:{ids[0]}" if len(ids) == 1 else f"orders:{len(ids)}",
            f"{text} ({len(ids)} orders)" if len(ids) > 1 else text,
            actor=user,
            orders=ids[:_AUDITED],
            count=len(ids),
        )
        restage(ids)
    return len(ids)


def _on_one(
    order: Order,
    change: dict[str, Any] | Callable[[QuerySet[Order]], int],
    *,
    kind: str,
    text: str,
    user: User | None,
) -> None:
    _on_many(
        Order.objects.filter(pk=order.pk),
        change if callable(change) else lambda rows: rows.update(**change),
        kind=kind,
        text=text,
        workspace=order.workspace,
        user=user,
    )
    order.refresh_from_db()


def _tag_name(name: str) -> str:
    word = " ".join(name.split())[:40]
    if not word:
        raise BadAction("A tag needs a name.")
    return word
