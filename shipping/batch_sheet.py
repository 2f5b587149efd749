"""The confirmation sheet: what buying a selection would do, before a cent is spent. Decided on the
server, each time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Avg, QuerySet
from django.utils import timezone

from core.models import Workspace
from core.money import Money
from orders import parts
from orders.blockers import BLOCKERS, sentence
from orders.models import Lane, Order, Stage
from shipping.models import Label, QuoteSet
from shipping.part_plans import Plans, open_plans
from shipping.providers.carriers import display_name
from shipping.quote_sets import MARGIN
from shipping.rating.select import business_days_after
from shipping.spend import guard
from shipping.spend.limits import Refusal

LANES = dict(Lane.choices)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Selected orders that will not be bought, with the one reason and fix they share; `order_ids`
    are our ids."""

    code: str
    sentence: str
    button: str  # words of the fix, "" where waiting is all there is to do
    action: str  # of orders.actions
    url_name: str
    order_ids: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many orders."""
        return len(self.order_ids)


@dataclass(frozen=True, slots=True)
class Share:
    """A lane's or carrier's part of the sheet."""

    name: str
    count: int
    totals: tuple[Money, ...]  # one per currency


@dataclass(slots=True)
class Sheet:
    """What would be bought. `order_ids` come in pick order; `totals` cover the priced ones, the
    others are priced when they are bought."""

    selected: int
    limit: int
    order_ids: list[int] = field(default_factory=list)
    labels: int = 0  # more than orders where one of them travels in several parcels
    parcels: dict[int, list[int]] = field(default_factory=dict)  # that need one, of such orders
    prices: dict[int, Money] = field(default_factory=dict)  # of order_ids that `totals` cover
    unpriced: int = 0
    totals: list[Money] = field(default_factory=list)
    lanes: list[Share] = field(default_factory=list)
    carriers: list[Share] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    over_limit: int = 0  # buyable, but beyond the limit of one batch
    latest_delivery: date | None = None
    average: Money | None = None
    average_before: Money | None = None  # of the last seven days
    spending: list[guard.State] = field(default_factory=list)  # one per currency

    @property
    def count(self) -> int:
        """How many labels would be bought."""
        return self.labels

    @property
    def priced(self) -> int:
        """How many of them have a price: what `totals` cover."""
        return sum(share.count for share in self.lanes)

    @property
    def left_out_count(self) -> int:
        """How many selected orders would not be bought for a reason of their own."""
        return sum(group.count for group in self.left_out)

    @property
    def needs_second(self) -> bool:
        """Whether a second person has to approve it."""
        return any(state.needs_second for state in self.spending)

    @property
    def change_percent(self) -> int | None:
        """How much more (or less) a label costs than in the last seven days."""
        if not (self.average and self.average_before and self.average_before.amount):
            return None
        return round(100 * (self.average.amount / self.average_before.amount - 1))

    @property
    def limit_sentence(self) -> str:
        """Said when the selection is larger than a batch may be."""
        if not self.over_limit:
            return ""
        return (
            f"A batch holds {self.limit:,} orders: these are the first {self.limit:,} in pick "
            f"order, {self.over_limit:,} more stay in the queue for the next batch."
        )


def sheet(workspace: Workspace, orders: "QuerySet[Order]", *, now: datetime | None = None) -> Sheet:
    """The sheet for the selected `orders`; those of other workspaces are not looked at. No remote
    call."""
    now = now or timezone.now()
    selected = list(
        orders.filter(workspace=workspace)
        .defer("raw", "search_text")
        .order_by("pick_key", "unit_count", "pk")
    )
    result = Sheet(selected=len(selected), limit=settings.BATCH_LIMIT)
    buyable, result.left_out = _sorted_out(selected)
    result.over_limit = max(0, len(buyable) - settings.BATCH_LIMIT)
    buyable = buyable[: settings.BATCH_LIMIT]
    plans = open_plans(buyable)
    dead = [order for order in buyable if _dead(plans[order.pk], now)]
    if dead:
        result.left_out.append(_without_rate(dead, plans, now))
        gone = {order.pk for order in dead}
        buyable = [order for order in buyable if order.pk not in gone]
    buyable = _guarded(result, workspace, buyable, plans, now)
    result.order_ids = [order.pk for order in buyable]
    result.labels = sum(len(plans[order.pk]) for order in buyable)
    result.parcels = {order.pk: parts.open_parts(order) for order in buyable if order.parts}
    _add_up(result, buyable, plans, now)
    _compare(result, workspace, now)
    return result


def _sorted_out(selected: list[Order]) -> tuple[list[Order], list[LeftOut]]:
    """Buyable orders, and the rest by reason."""
    labelled = set(
        Label.objects.live()
        .in_turn()
        .filter(order__in=[order.pk for order in selected])
        .values_list("order_id", flat=True)
    )
    buyable: list[Order] = []
    groups: dict[str, list[Order]] = defaultdict(list)
    for order in selected:
        code = reason_code(order, has_label=order.pk in labelled)
        if code:
            groups[code].append(order)
        else:
            buyable.append(order)
    return buyable, [left_out(code, found) for code, found in sorted(groups.items())]


def reason_code(order: Order, *, has_label: bool) -> str:
    """Why the order is not to be bought now: a blocker of the queue or one of ours; "" when it
    is."""
    if order.stage in (Stage.HOLD, Stage.FIX, Stage.CLOSED):
        return order.blocker or "not_shippable"
    if order.stage == Stage.SHIPPED:
        return "shipped"
    if has_label or order.stage == Stage.BOUGHT:
        return "label_exists"
    return "" if order.stage == Stage.READY else "not_ready"


_OURS = {
    "shipped": "It is shipped already.",
    "label_exists": "It has a label already.",
    "in_parcels": "It travels in several parcels: set each of them on its page.",
    "not_ready": "It is not ready to be bought.",
}


def reason_sentence(order: Order, code: str) -> str:
    """`reason_code` in words."""
    return _OURS.get(code) or sentence(order) or "It cannot be bought as it is."


def left_out(code: str, orders: list[Order]) -> LeftOut:
    """Orders that one blocker of the queue, or one of our reasons, leaves out."""
    blocker = BLOCKERS.get(code)
    return LeftOut(
        code=code,
        sentence=reason_sentence(orders[0], code),
        button=blocker.button if blocker else "",
        action=blocker.action if blocker else "",
        url_name=blocker.url_name if blocker else "",
        order_ids=tuple(order.pk for order in orders),
    )


def _without_rate(orders: list[Order], plans: dict[int, Plans], now: datetime) -> LeftOut:
    dead = _dead(plans[orders[0].pk], now)
    text = str(dead[0].reason.get("sentence", "No rate can be bought."))
    return LeftOut("no_rate", text, "", "", "", tuple(order.pk for order in orders))


def _guarded(
    result: Sheet,
    workspace: Workspace,
    orders: list[Order],
    plans: dict[int, Plans],
    now: datetime,
) -> list[Order]:
    """The orders whose price the spend guard lets pass; those without one yet are judged when they
    have it."""
    found = ((order, quotes) for order in orders for quotes in plans[order.pk])
    rows = (
        guard.priced(order.pk, order.due_at, quotes)
        for order, quotes in found
        if quotes is not None and _is_valid(quotes, now)
    )
    screened = guard.screen(workspace, [row for row in rows if row], now=now)
    groups: dict[str, list[tuple[int, Refusal]]] = defaultdict(list)
    for pk, refusal in screened.refused.items():
        groups[refusal.code].append((pk, refusal))
    for code, group in sorted(groups.items()):
        words = group[0][1].sentence  # the first says how; each order's own page has its rate
        ids = tuple(pk for pk, _ in group)
        result.left_out.append(LeftOut(code, words, "See the limits", "", "shipping:spending", ids))
    result.spending = screened.states
    return [order for order in orders if order.pk not in screened.refused]


def _is_valid(quotes: QuoteSet | None, now: datetime) -> bool:
    return quotes is not None and quotes.expires_at > now + MARGIN


def _dead(plans: Plans, now: datetime) -> list[QuoteSet]:
    """Of the order's parcels, those for which nothing can be bought."""
    return [one for one in plans if one is not None and _is_valid(one, now) and one.chosen is None]


def _chosen(quotes: QuoteSet | None, now: datetime) -> dict[str, Any] | None:
    if quotes is None or not _is_valid(quotes, now) or quotes.chosen is None:
        return None
    rate: dict[str, Any] = quotes.rates[quotes.chosen]
    return rate


def _add_up(result: Sheet, orders: list[Order], plans: dict[int, Plans], now: datetime) -> None:
    lanes: dict[str, list[Money]] = defaultdict(list)
    carriers: dict[str, list[Money]] = defaultdict(list)
    days: list[int] = []
    for order in orders:
        rates = [rate for quotes in plans[order.pk] if (rate := _chosen(quotes, now))]
        prices = [Money.of(rate["price"], rate["currency"]) for rate in rates]
        # An order is confirmed at one price, for all of its parcels
        if len(rates) < len(plans[order.pk]) or len({one.currency for one in prices}) > 1:
            result.unpriced += 1
            continue
        result.prices[order.pk] = sum(prices[1:], prices[0])
        lanes[LANES.get(order.lane, order.lane)] += prices
        for rate, price in zip(rates, prices, strict=True):
            carriers[display_name(rate["carrier"])].append(price)
        days += [rate["days"] for rate in rates if rate["days"] is not None]
    result.lanes = _shares(lanes)
    result.carriers = _shares(carriers)
    result.totals = sums(price for prices in lanes.values() for price in prices)
    if days:
        result.latest_delivery = business_days_after(now.date(), max(days))


def _shares(parts: dict[str, list[Money]]) -> list[Share]:
    shares = [Share(name, len(prices), tuple(sums(prices))) for name, prices in parts.items()]
    return sorted(shares, key=lambda share: (-share.count, share.name))


def sums(prices: Iterable[Money]) -> list[Money]:
    """One sum per currency, by the currency's code."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for price in prices:
        found[price.currency] += price.amount
    return [Money(amount, currency) for currency, amount in sorted(found.items())]


def _compare(result: Sheet, workspace: Workspace, now: datetime) -> None:
    """Average cost per label against the last seven days, where there is one currency to speak
    of."""
    if len(result.totals) != 1 or not result.priced:
        return
    spent = result.totals[0]
    result.average = Money(spent.amount / result.priced, spent.currency)
    before = Label.objects.of(workspace).filter(
        state="bought", currency=spent.currency, settled_at__gte=now - timedelta(days=7)
    )
    average = before.aggregate(average=Avg("cost"))["average"]
    if average is not None:
        result.average_before = Money(average, spent.currency)
