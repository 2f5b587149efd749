"""Spreading an order over several parcels, and taking that back; in markets where TikTok keeps a
package for every parcel, TikTok is told first."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, events
from core.errors import OutcomeUnknown, Rejected
from core.http import about
from core.models import User
from orders import packages, parts
from orders.box_mates import mates_of
from orders.calls import BY_PACKAGE, ship_call
from orders.models import BoxMate, Line, Order
from orders.plan_notes import forget_plans
from orders.staging import restage
from orders.sync import read_orders
from orders.tidying import tidied
from shops.clients import tiktok_client
from shops.tiktok_shop import combining
from shops.tiktok_shop.client import TikTokShopClient

# Of a label: money moved or may move; the row must not lose its parcel under it.
_IN_USE = ("ready", "buying", "unknown", "bought", "voiding")
_OPEN = ("AWAITING_SHIPMENT", "ON_HOLD", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION")
LOST = (
    "TikTok's answer was lost, so it is not known whether it split the order. Press “Split” again: "
    "what TikTok shows is read first."
)
CHANGED = "Somebody else chose its parcels meanwhile: look at them again."


class CannotSplit(ValueError):
    """Nothing was changed here; the text is for the person who tried."""


def why_not(order: Order) -> str:
    """Why the order is not spread over parcels now, whatever they would be; "" where it may be."""
    if order.status not in _OPEN:
        return "It is not waiting to be shipped."
    if order.lane not in ("own", "platform"):
        return "TikTok decides how this order travels."
    labels = order.labels.filter(state__in=_IN_USE)
    # What was chosen for earlier parcels and not asked for since is never paid.
    never = Q(split_version__lt=order.split_version) | Q(part__in=_gone(order))
    if labels.exclude(never, state="ready").exists():
        return "It has a label: void that first."
    if order.dispatches.exclude(state="withdrawn").exists():
        return "TikTok was told a tracking number of it already."
    if BoxMate.objects.filter(order=order).exists() or mates_of([order.pk]):
        return "It shares a box with other orders: take it out of the box first."
    return ""


def check(order: Order, lines: Sequence[Line], groups: Sequence[Sequence[str]]) -> None:
    """CannotSplit where these parcels do not hold each of the order's live lines once, or spread a
    SKU's units over parcels that TikTok does not take that way."""
    named = [line for group in groups for line in group]
    if len(named) != len(set(named)) or {*named} != {line.tiktok_id for line in lines}:
        raise CannotSplit("The order's items changed meanwhile: look at them again.")
    if len(groups) < 2 or not all(groups):
        raise CannotSplit("Several parcels need an item each.")
    if len(groups) > parts.MOST:
        raise CannotSplit(f"An order travels in at most {parts.MOST} parcels.")
    place = {line: number for number, group in enumerate(groups) for line in group}
    spread: dict[str, set[int]] = {}
    for line in lines:
        spread.setdefault(line.sku_id, set()).add(place[line.tiktok_id])
    if order.lane == "own" and any(len(found) > 1 for found in spread.values()):
        raise CannotSplit(
            "With labels of your own, TikTok takes all units of a product in one parcel only."
        )


def split(order: Order, groups: Sequence[Sequence[str]], *, user: User | None) -> None:
    """Let the order's lines (TikTok's ids) travel in these parcels. CannotSplit says why not, and
    core.errors that TikTok could not be asked; makes remote calls."""
    lines = _live(order)
    check(order, lines, groups)
    if words := why_not(order):
        raise CannotSplit(words)
    if any(is_shipped(line) for line in lines):
        raise CannotSplit("Part of it was shipped already: press “Ship the rest”.")
    with about(order.tiktok_id):
        names = _at_tiktok(order, groups)
    made = [parts.entry(group, package=name) for group, name in zip(groups, names, strict=True)]
    _keep(order, made, f"It travels in {len(made)} parcels.", user)


def adopt(order: Order, *, user: User | None) -> None:
    """Take the parcels as TikTok shows them: what it ships already is none of ours, what waits in
    packages of its own is a parcel each, the rest is one. CannotSplit where that is one parcel.
    Makes remote calls; raises core.errors."""
    order = _fresh(order)
    if words := why_not(order):
        raise CannotSplit(words)
    shipped: dict[str, list[str]] = {}
    waiting: dict[str, list[str]] = {}
    apart = by_package(order)
    for line in _live(order):
        if is_shipped(line):
            shipped.setdefault(line.package_id, []).append(line.tiktok_id)
        else:
            waiting.setdefault(line.package_id if apart else "", []).append(line.tiktok_id)
    made = [parts.entry(ids, package=pk, label=parts.ELSEWHERE) for pk, ids in shipped.items()]
    made += [parts.entry(ids, package=pk) for pk, ids in waiting.items()]
    if len(made) < 2 or not waiting:
        raise CannotSplit("TikTok shows one parcel for this order.")
    _keep(order, made, f"It travels in {len(made)} parcels, as TikTok shows them.", user)


def undo(order: Order, *, user: User | None) -> None:
    """Everything travels in one parcel again. CannotSplit says why not. Makes remote calls; raises
    core.errors."""
    order = _fresh(order)
    if words := why_not_together(order):
        raise CannotSplit(words)
    _keep(order, [], "It travels in one parcel again.", user)


def why_not_together(order: Order) -> str:
    """Why its parcels do not become one again, by its lines as they were read last; "" where they
    may. `why_not` holds as well."""
    if not order.parts:
        return "It travels in one parcel already."
    lines = _live(order)
    if any(is_shipped(line) for line in lines):
        return "Part of it was shipped already."
    if by_package(order) and len({line.package_id for line in lines}) > 1:
        return (
            "TikTok has no call that puts a split order together again. Do it in Seller Center, "
            "then press this again."
        )
    return ""


def is_shipped(line: Line) -> bool:
    """Whether TikTok ships this unit already, by us or by somebody else."""
    return parts.is_shipped(line.package_id, line.package_status, line.tracking_number)


def by_package(order: Order) -> bool:
    """Whether TikTok has a package for each parcel before it is shipped, in the order's market."""
    return ship_call(order.shop, order.lane) == BY_PACKAGE


def _fresh(order: Order) -> Order:
    """The order as TikTok shows it now. CannotSplit where it no longer does."""
    found = read_orders(order.shop, [order.tiktok_id])
    if not found:
        raise CannotSplit("TikTok no longer shows this order.")
    return found[0]


def _gone(order: Order) -> list[int]:
    return [n for n, one in enumerate(order.parts, start=1) if one["label"] == parts.GONE]


def _live(order: Order) -> list[Line]:
    return list(order.lines.exclude(status="CANCELLED").order_by("pk"))


def _at_tiktok(order: Order, groups: Sequence[Sequence[str]]) -> list[str]:
    """The packages of these parcels at TikTok, made where they are not there; "" each in markets
    that know none before an order is shipped."""
    client = tiktok_client(order.shop)
    if by_package(order) and (known := _known_packages(order, groups)):
        return known
    found = combining.splitting(client, [order.tiktok_id]).get(order.tiktok_id)
    if found is not None and not found.can:
        raise CannotSplit(f"TikTok does not let this order be split. {found.reason}".strip())
    if not by_package(order):
        return [""] * len(groups)
    return _made(client, order, groups)


def _made(client: TikTokShopClient, order: Order, groups: Sequence[Sequence[str]]) -> list[str]:
    """Split at TikTok, then read: what it shows counts, also where its answer was lost."""
    lost: OutcomeUnknown | None = None
    made: Sequence[str] = ()
    try:
        made = combining.split(
            client,
            order_id=order.tiktok_id,
            groups=groups,
            bundles={line.tiktok_id: line.bundled for line in _live(order) if line.bundled},
        )
    except Rejected as refusal:
        raise CannotSplit(refusal.message) from refusal
    except OutcomeUnknown as error:
        lost = error
    found = _known_packages(order, groups) or list(made)
    if not found or not all(found):
        raise CannotSplit(LOST) from lost
    return found


def _known_packages(order: Order, groups: Sequence[Sequence[str]]) -> list[str]:
    """The packages that hold exactly these lines, as TikTok shows them now; [] where one is
    missing."""
    rows = packages.read_order(_fresh(order), now=timezone.now())
    by_lines = {frozenset(row.line_ids): row.tiktok_id for row in rows}
    found = [by_lines.get(frozenset(group), "") for group in groups]
    return found if all(found) else []


def _keep(order: Order, made: parts.Parts, words: str, user: User | None) -> None:
    with transaction.atomic():
        # The strongest lock: the row of a label that is just being chosen refers to this one, so it
        # is there already, and seen, or comes after us, and its intent is refused.
        fresh = Order.objects.select_for_update().get(pk=order.pk)
        if words_against := why_not(fresh):
            raise CannotSplit(words_against)
        if fresh.split_version != order.split_version:
            raise CannotSplit(CHANGED)
        made = tidied(fresh, made) if made else made  # items cancelled while TikTok was asked
        Order.objects.filter(pk=order.pk).update(
            parts=made,
            part=parts.in_turn(made),
            split_version=fresh.split_version + 1,
            label_state=parts.label_state(made),
            parcel={},
            rate_problem="",
            ruled_by=0,  # a rule's parcel is for an order in one
        )
        fresh.events.create(kind="parcel", text=words, actor=user)
        audit.record(fresh.workspace_id, "order.parcels", f"order:{order.pk}", words, actor=user)
        forget_plans([order.pk])
        restage([order.pk])
    events.publish("orders.changed", workspace_id=order.workspace_id)
    order.refresh_from_db()
