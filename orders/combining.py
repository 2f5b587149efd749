"""Which orders could share a box: as TikTok offers it, with the saving against the wait; and doing
it, at TikTok where its market wants that, and in our own books."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

from django.utils import timezone

from core import events
from core.errors import OutcomeUnknown, Rejected, RemoteError
from core.jobs import job
from core.models import User, Workspace
from core.money import Money
from orders import boxes, packages
from orders.calls import BY_PACKAGE, ship_call
from orders.models import GROUP, BoxMate, CombineGroup, Order
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.models import Shop
from shops.policy.book import NoRule, market_of
from shops.policy.ours import books_for
from shops.tiktok_shop.combining import Group, combinable, combine, uncombine

log = logging.getLogger(__name__)

SHOWN = 100
_PRICED = 1000  # newest priced orders that an estimate looks at
_ALIKE = Decimal("0.2")  # parcels whose weight differs by no more count as alike
_LEAST = 3  # fewer alike ones prove nothing
_NOT_IN_IT = "21011029"


class CannotCombine(ValueError):
    """It was not done; the text is for the person who tried."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One group: its orders, what labels cost apart and together, and until when more may come."""

    group: CombineGroup
    orders: tuple[Order, ...]
    apart: Money | None
    together: Money | None
    basis: str  # where `together` comes from
    window_ends: datetime | None  # None: nothing is known about it
    due_at: datetime
    trouble: str  # why it cannot be combined now

    @property
    def saving(self) -> Money | None:
        """What one box would save, where both prices are known and it would."""
        if self.apart is None or self.together is None:
            return None
        saved = self.apart.amount - self.together.amount
        return Money(saved, self.apart.currency) if saved > 0 else None


@job
def look_due() -> int:
    """Ask TikTok, for every connected shop, which orders it would combine; answers how many
    groups."""
    count = 0
    for shop in Shop.objects.connected().select_related("authorization"):
        try:
            count += look(shop, now=timezone.now())
        except RemoteError as error:
            log.info("combinable orders of shop %s: %s", shop.pk, error.code)
    return count


def look(shop: Shop, *, now: datetime) -> int:
    """Note what TikTok would combine in this shop now. Raises core.errors."""
    found = {group.id: group for group in combinable(tiktok_client(shop))}
    CombineGroup.objects.bulk_create(
        [
            CombineGroup(
                workspace_id=shop.workspace_id,
                shop=shop,
                tiktok_id=group.id[:40],
                order_ids=list(group.order_ids),
                state="offered",
                seen_at=now,
            )
            for group in found.values()
        ],
        update_conflicts=True,
        unique_fields=["shop", "tiktok_id"],
        update_fields=["order_ids", "state", "seen_at"],
    )
    CombineGroup.objects.filter(shop=shop, state="offered", seen_at__lt=now).update(state="gone")
    return len(found)


def offers(workspace: Workspace, *, now: datetime) -> list[Offer]:
    """What could be combined, the largest saving first; the same few queries for one or 100."""
    groups = list(
        CombineGroup.objects.filter(workspace=workspace, state="offered")
        .select_related("shop")
        .order_by("-seen_at", "pk")[:SHOWN]
    )
    if not groups:
        return []
    numbers = {number for group in groups for number in group.order_ids}
    rows = Order.objects.of(workspace).light().filter(tiktok_id__in=numbers).select_related("shop")
    by_number = {(order.shop_id, order.tiktok_id): order for order in rows}
    boxed = set(BoxMate.objects.filter(lead__in=rows).values_list("lead_id", flat=True))
    books = books_for(workspace.pk, sorted({market_of(group.shop.region) for group in groups}))
    prices = _prices(workspace)
    found = []
    for group in groups:
        orders = [
            order
            for number in group.order_ids
            if (order := by_number.get((group.shop_id, number))) and order.pk not in boxed
        ]
        if len(orders) > 1 and not any(order.label_state for order in orders):
            book, on = books[market_of(group.shop.region)], now.date()
            hours = most = None
            try:
                hours = book.rule("combine.window_hours", on=on).number
                most = int(book.rule("combine.most_orders", on=on).number)
            except NoRule:
                pass
            found.append(_offer(group, orders, prices, hours=hours, most=most or len(orders)))
    return sorted(found, key=lambda o: (-(o.saving.amount if o.saving else 0), o.due_at))


def total_saving(found: Sequence[Offer]) -> list[Money]:
    """The savings added up, one sum a currency."""
    sums: dict[str, Money] = {}
    for offer in found:
        if offer.saving and not offer.trouble:
            known = sums.get(offer.saving.currency)
            sums[offer.saving.currency] = known + offer.saving if known else offer.saving
    return list(sums.values())


def join(group: CombineGroup, *, user: User | None) -> Order:
    """Let the group's orders travel in one box; answers the one whose label is bought. CannotCombine
    says why not."""
    shop = group.shop
    try:
        fresh = read_orders(shop, group.order_ids)
    except RemoteError as error:
        raise CannotCombine(error.message) from error
    if len(fresh) != len(group.order_ids):
        raise CannotCombine("TikTok no longer shows all of these orders.")
    lead, *others = sorted(fresh, key=lambda order: (order.due_at, order.tiktok_id))
    for order in fresh:
        order.shop = shop
    if words := boxes.why_not(lead, others, most=boxes.most_orders(lead, on=timezone.now().date())):
        raise CannotCombine(words)
    package_id = _combine(group, lead) if ship_call(shop, lead.lane) == BY_PACKAGE else ""
    try:
        boxes.join(lead, others, package_id=package_id, user=user)
    except boxes.CannotJoin as problem:
        raise CannotCombine(str(problem)) from problem
    GROUP.move(group, "combined", reason="")
    events.publish("orders.changed", workspace_id=group.workspace_id)
    return lead


def leave(order: Order, *, user: User | None) -> bool:
    """Take the order out of its box, at TikTok as well where it was combined there; False when it
    is in none. The rest stays together."""
    box = BoxMate.objects.filter(order=order).first()
    if box is None:
        return False
    if order.label_state:
        raise CannotCombine("The label of this box is bought: void it first.")
    if box.package_id:
        _uncombine(order, box.package_id)
    left = bool(boxes.leave([order], user=user))
    events.publish("orders.changed", workspace_id=order.workspace_id)
    return left


def _combine(group: CombineGroup, lead: Order) -> str:
    """The id of the package that TikTok made of the group."""
    asked = Group(group.tiktok_id, tuple(group.order_ids))
    try:
        return combine(tiktok_client(group.shop), asked).id
    except (OutcomeUnknown, Rejected) as error:
        # A refusal, too: an earlier call whose answer was lost may have combined them.
        if package_id := _combined(group, lead):
            return package_id
        if isinstance(error, Rejected):
            GROUP.move(group, "gone", reason=error.message[:300])
        raise CannotCombine(error.message) from error
    except RemoteError as error:
        raise CannotCombine(error.message) from error


def _combined(group: CombineGroup, lead: Order) -> str:
    """The package of exactly this group's orders; "" where TikTok shows none."""
    try:
        for order in read_orders(group.shop, [lead.tiktok_id]):
            order.shop = group.shop
            for package in packages.read_order(order, now=timezone.now()):
                if {*package.order_ids} == {*group.order_ids}:
                    return str(package.tiktok_id)
    except RemoteError as error:
        words = f"Whether TikTok combined them is not known yet, try again soon: {error.message}"
        raise CannotCombine(words) from error
    return ""


def _uncombine(order: Order, package_id: str) -> None:
    """Have TikTok take the order out of the package. CannotCombine while it is in it."""
    try:
        client = tiktok_client(order.shop)
        uncombine(client, package_id=package_id, order_ids=[order.tiktok_id])
    except (OutcomeUnknown, Rejected) as error:
        # A refusal, too: an earlier call whose answer was lost may have done it.
        if error.code != _NOT_IN_IT and not _is_out(order, package_id):
            raise CannotCombine(error.message) from error
    except RemoteError as error:
        raise CannotCombine(error.message) from error


def _is_out(order: Order, package_id: str) -> bool:
    try:
        found = read_orders(order.shop, [order.tiktok_id])
    except RemoteError as error:
        words = f"Whether TikTok took it out is not known yet, try again soon: {error.message}"
        raise CannotCombine(words) from error
    return bool(found) and package_id not in found[0].package_ids


type Prices = dict[tuple[str, str], list[tuple[int, Decimal]]]


def _prices(workspace: Workspace) -> Prices:
    """Weight and price of what was priced lately, by lane and currency."""
    rows = Order.objects.of(workspace).filter(plan_price__isnull=False).order_by("-pk")
    found: Prices = {}
    columns = ("lane", "plan_currency", "plan_parcel", "plan_price")
    for lane, currency, parcel, price in rows.values_list(*columns)[:_PRICED]:
        if weight := parcel.get("weight_g"):
            found.setdefault((lane, currency), []).append((int(weight), price))
    return found


def _offer(
    group: CombineGroup,
    orders: list[Order],
    prices: Prices,
    *,
    hours: Decimal | None,
    most: int,
) -> Offer:
    first = min(orders, key=lambda order: order.created_at)
    lead, *others = sorted(orders, key=lambda order: (order.due_at, order.tiktok_id))
    apart, together, basis = _costs(orders, prices)
    ends = first.created_at + timedelta(hours=float(hours)) if hours is not None else None
    return Offer(
        group=group,
        orders=tuple([lead, *others]),
        apart=apart,
        together=together,
        basis=basis,
        window_ends=ends,
        due_at=lead.due_at,
        trouble=boxes.why_not(lead, others, most=most),
    )


def _costs(orders: list[Order], prices: Prices) -> tuple[Money | None, Money | None, str]:
    """Labels apart, and in one box by what parcels of its weight were priced at."""
    currencies = {order.plan_currency for order in orders}
    if len(currencies) != 1 or any(order.plan_price is None for order in orders):
        return None, None, "Not all of these orders have a price yet."
    currency = currencies.pop()
    single = [order.plan_price for order in orders if order.plan_price is not None]
    apart = Money(sum(single, Decimal(0)), currency)
    weight = sum(int(order.plan_parcel.get("weight_g", 0)) for order in orders)
    alike = [
        price
        for grams, price in prices.get((orders[0].lane, currency), ())
        if abs(grams - weight) <= weight * _ALIKE
    ]
    if len(alike) < _LEAST:
        words = (
            "Estimate: the dearest of its single labels; the box itself is quoted once combined."
        )
        return apart, Money(max(single), currency), words
    middle = Decimal(median(alike)).quantize(Decimal("0.01"))
    cost = max(middle, max(single))
    words = f"Estimate: the middle of {len(alike)} quotes for parcels of about {weight:,} g."
    return apart, Money(cost, currency), words
