"""Numbers of the home page that need several apps. Every query is bounded: by a slice, a day or a
fortnight."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import Count, F, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from core.access import zone
from core.models import Workspace
from core.money import Money
from orders.counts import MOST, tab_counts
from orders.models import Order, SyncCursor
from orders.parts import SOME
from orders.querysets import NO_DEADLINE
from shipping.clock.health import Line, tightest
from shipping.models import Label, LedgerEntry
from shipping.savings_report import saved_by_day
from shipping.tracking import lists as parcels
from shipping.tracking.terms import terms_of
from shops import endings
from shops.freshness import age_of
from shops.models import Shop

DAYS = 14


@dataclass(frozen=True, slots=True)
class Ready:
    """What one press of the button would buy: the first `buyable` of the ready orders, nearest
    deadline first."""

    count: int  # MOST + 1 means more than MOST
    buyable: int
    labels: int  # of them: an order in several parcels needs one for each that has none
    priced: int
    spend: tuple[Money, ...]  # one per currency, of the priced ones
    first_due: datetime | None
    late: int  # among the buyable: deadline already over

    @property
    def unpriced(self) -> int:
        """Orders whose rate is still being asked for."""
        return self.buyable - self.priced


def ready(workspace: Workspace, count: int, *, now: datetime) -> Ready:
    """The ready orders as one purchase, given how many there are."""
    rows = list(
        Order.objects.of(workspace)
        .tab("ready", now=now)
        .in_queue_order()
        .values_list("plan_price", "plan_currency", "due_at", "parts")[: settings.BATCH_LIMIT]
    )
    spend: dict[str, Decimal] = {}
    for price, currency, *_ in rows:
        if price is not None:
            spend[currency] = spend.get(currency, Decimal(0)) + price
    return Ready(
        count=count,
        buyable=len(rows),
        labels=sum(sum(not one["label"] for one in parts) or 1 for *_, parts in rows),
        priced=sum(price is not None for price, *_ in rows),
        spend=tuple(Money(amount, currency) for currency, amount in sorted(spend.items())),
        first_due=rows[0][2] if rows and rows[0][2] != NO_DEADLINE else None,
        late=sum(due < now for _, _, due, _ in rows),
    )


@dataclass(frozen=True, slots=True)
class Cards:
    """The plan's cards; counts above MOST are shown as "MOST+"."""

    at_risk: int
    first_due: datetime | None  # of those whose deadline is still ahead
    late: int
    budget: Line | None  # the late dispatches that are still bearable this week
    on_hold: int
    next_release: datetime | None
    to_fix: int
    blockers: tuple[tuple[str, int], ...]  # most frequent first
    unscanned: int
    oldest_unscanned: datetime | None
    unknown: int
    refused: int


def cards(workspace: Workspace, counts: dict[str, int], *, now: datetime) -> Cards:
    """Everything beside the ready pile that needs an eye."""
    orders = Order.objects.of(workspace)
    risk = orders.tab("late", now=now).order_by("due_at")[: MOST + 1]
    risky = _slice(risk).aggregate(
        first=Min("due_at", filter=Q(due_at__gte=now)),
        late=Count("pk", filter=Q(due_at__lt=now)),
    )
    held = _slice(orders.tab("hold", now=now).order_by("due_at")[: MOST + 1])
    blockers = Counter(
        orders.tab("fix", now=now).order_by("due_at").values_list("blocker", flat=True)[: MOST + 1]
    )
    trouble = _label_trouble(workspace, now=now)
    shops = list(Shop.objects.of(workspace))
    terms = terms_of(workspace.pk, shops, on=now.date())
    unscanned, oldest_unscanned = parcels.unscanned(workspace, terms, now=now)
    return Cards(
        at_risk=counts["late"],
        first_due=risky["first"],
        late=risky["late"],
        budget=tightest(
            workspace, [shop for shop in shops if shop.disconnected_at is None], now=now
        ),
        on_hold=counts["hold"],
        next_release=held.aggregate(next=Min("held_until"))["next"],
        to_fix=counts["fix"],
        blockers=tuple(blockers.most_common()),
        unscanned=unscanned,
        oldest_unscanned=oldest_unscanned,
        unknown=trouble["unknown"],
        refused=trouble["refused"],
    )


def _slice(rows: "QuerySet[Order]") -> "QuerySet[Order]":
    """The same rows as a subquery, so that an aggregate reads no more than the slice."""
    return Order.objects.filter(pk__in=rows.values("pk"))


def _label_trouble(workspace: Workspace, *, now: datetime) -> Counter[str]:
    """Labels nobody knows the outcome of, and ones refused in the last day whose order, or parcel,
    still has none."""
    rows = Label.objects.of(workspace).filter(
        Q(state="unknown")
        | Q(
            Q(order__label_state="") | Q(order__label_state=SOME, part=F("order__part")),
            state="refused",
            settled_at__gte=now - timedelta(days=1),
            order__stage__in=["ready", "fix"],
        )
    )
    return Counter(rows.values_list("state", flat=True)[: MOST + 1])


# -- Charts ----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Day:
    """One day of the workspace's clock."""

    day: date
    orders: int
    labels: int
    spend: dict[str, Decimal]  # by currency; refunds taken off
    saved: dict[str, Decimal]  # by currency, against the baseline of shipping.savings


def last_days(workspace: Workspace, *, now: datetime) -> list[Day]:
    """The last 14 days, today included, oldest first."""
    here = zone(workspace)
    today = now.astimezone(here).date()
    first = today - timedelta(days=DAYS - 1)
    start = datetime(first.year, first.month, first.day, tzinfo=here)
    shops = list(Shop.objects.of(workspace).values_list("pk", flat=True))
    # Updated when created or later: the index on updated_at narrows this to two weeks.
    sold = (
        Order.objects.filter(shop__in=shops, updated_at__gte=start, created_at__gte=start)
        .order_by()
        .annotate(day=TruncDate("created_at", tzinfo=here))
        .values_list("day")
        .annotate(n=Count("pk"))
    )
    paid = (
        LedgerEntry.objects.filter(workspace=workspace, at__gte=start)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=here))
        .values_list("day", "currency")
        .annotate(labels=Count("pk", filter=Q(kind="charge")), amount=Sum("amount"))
    )
    orders = dict(sold)
    labels: Counter[date] = Counter()
    spend: dict[date, dict[str, Decimal]] = {}
    for day, currency, number, amount in paid:
        labels[day] += number
        spend.setdefault(day, {})[currency] = amount
    saved = saved_by_day(workspace, first)
    days = [first + timedelta(days=n) for n in range(DAYS)]
    return [
        Day(day, orders.get(day, 0), labels[day], spend.get(day, {}), saved.get(day, {}))
        for day in days
    ]


# -- Shops -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ShopState:
    """One connected shop: how current it is, and how long we may still read it."""

    pk: int
    name: str
    region: str
    orders_today: int
    complete_until: datetime | None
    reading: int | None  # percent of a first read that is under way
    lost: bool  # the authorization has to be given again
    authorized_days: int | None  # None: lost, or TikTok named no end
    tone: str
    words: str


def shop_states(workspace: Workspace, *, now: datetime) -> list[ShopState]:
    """The workspace's connected shops, by name, with today's orders."""
    local = now.astimezone(zone(workspace))
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    shops = list(
        Shop.objects.of(workspace)
        .filter(disconnected_at=None)
        .select_related("authorization", "cursor")
        .order_by("name", "pk")
    )
    rows = (
        Order.objects.filter(shop__in=shops, updated_at__gte=midnight, created_at__gte=midnight)
        .order_by()
        .values_list("shop")
        .annotate(n=Count("pk"))
    )
    today: dict[int, int] = dict(rows)
    return [_shop_state(shop, today.get(shop.pk, 0), now=now) for shop in shops]


def _shop_state(shop: Shop, today: int, *, now: datetime) -> ShopState:
    age = age_of(shop, now=now)
    cursor: SyncCursor | None = getattr(shop, "cursor", None)
    return ShopState(
        pk=shop.pk,
        name=shop.name,
        region=shop.region,
        orders_today=today,
        complete_until=cursor.complete_until if cursor else None,
        reading=age.percent,
        lost=shop.authorization is None or shop.authorization.state != "active",
        authorized_days=endings.days_left(shop.authorization, now=now),
        tone=age.tone,
        words=age.words,
    )


def counts_of(workspace: Workspace, *, now: datetime) -> dict[str, int]:
    """Orders per tab of the queue, at most MOST + 1 each."""
    return tab_counts(workspace, now=now)


def main_currency(days: Sequence[Day]) -> str:
    """The currency most was spent in; USD when nothing was."""
    total: Counter[str] = Counter()
    for day in days:
        for currency, amount in day.spend.items():
            total[currency] += int(amount * 100)
    return total.most_common(1)[0][0] if total else "USD"
