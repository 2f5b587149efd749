"""What choices saved: bought labels against "always one service", from the quotes stored with them.

The baseline is the price of one named service among the rates that were offered for the very same
parcel at the very same moment, and allowed. Where it was not offered, the label is not compared, and
the page says how many were. Days are rolled up by jobs; no page adds up labels.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from core import audit
from core.access import zone
from core.jobs import job
from core.models import User, Workspace
from shipping.models import Label, LedgerEntry, SavingsBaseline, SavingsDay
from shipping.naming import full_name

OWN, PLATFORM = "own", "platform"
LANES = {OWN: "Own labels", PLATFORM: "Platform labels"}
# What most sellers buy without looking: for each label the first of these that was offered.
DEFAULTS = {
    OWN: ("UPS Ground", "FedEx Ground", "USPS Ground Advantage"),
    PLATFORM: ("USPS Ground Advantage", "UPS Ground"),
}
# How far back a new baseline is calculated, and voids change a day
LONGEST = timedelta(days=400)
VOIDS = timedelta(days=60)
RECENT = timedelta(days=2)
AT_ONCE = 500
# Services listed to choose a baseline from
MOST_OFFERED = 40

type Baselines = Mapping[str, tuple[str, ...]]

_name = lru_cache(maxsize=4096)(full_name)


@dataclass(slots=True)
class Sum:
    """One lane and currency of a day while it is added up."""

    labels: int = 0
    paid: Decimal = Decimal(0)
    compared: int = 0
    paid_compared: Decimal = Decimal(0)
    baseline: Decimal = Decimal(0)
    offered: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)

    def add(self, paid: Decimal, prices: Mapping[str, Decimal], wanted: Iterable[str]) -> None:
        """One label that cost `paid`, with the prices of what was allowed for it."""
        self.labels += 1
        self.paid += paid
        self.offered.update(prices.keys())
        service = next((name for name in wanted if name in prices), None)
        if service is not None:
            self.compared += 1
            self.paid_compared += paid
            self.baseline += prices[service]
            self.services[service] += 1


def lane_of(provider: str) -> str:
    """TikTok's own labels are compared with TikTok's services, the others with carriers'."""
    return PLATFORM if provider == "tiktok" else OWN


def baselines_of(workspace_id: int) -> Baselines:
    """The services each lane is compared with: one that was chosen, or the defaults in turn."""
    rows = SavingsBaseline.objects.filter(workspace=workspace_id)
    return DEFAULTS | {row.lane: (row.service,) for row in rows}


def prices_of(rates: Iterable[Mapping[str, Any]], currency: str) -> dict[str, Decimal]:
    """Service → its price among stored rates, as far as it was allowed; of two accounts that offer
    the same, the cheaper one."""
    found: dict[str, Decimal] = {}
    for rate in rates:
        if rate["struck"] or rate["currency"] != currency:
            continue
        name, price = _name(rate["carrier"], rate["service_name"]), Decimal(rate["price"])
        found[name] = min(price, found.get(name, price))
    return found


def roll_up(workspace: Workspace, day: date, baselines: Baselines | None = None) -> int:
    """Write the workspace's sums of one day of its clock anew; answers how many labels it has."""
    here = zone(workspace)
    start = datetime.combine(day, time(), here)
    end = datetime.combine(day + timedelta(days=1), time(), here)
    wanted = baselines or baselines_of(workspace.pk)
    labels = Label.objects.of(workspace).filter(
        state="bought", settled_at__gte=start, settled_at__lt=end
    )
    fields = ("provider", "currency", "price", "cost", "quote_set__rates")
    sums: dict[tuple[str, str], Sum] = {}
    for provider, currency, price, cost, rates in labels.values_list(*fields).iterator(AT_ONCE):
        lane = lane_of(provider)
        one = sums.setdefault((lane, currency), Sum())
        one.add(price if cost is None else cost, prices_of(rates, currency), wanted[lane])
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        SavingsDay.objects.filter(workspace=workspace, day=day).delete()
        SavingsDay.objects.bulk_create(
            _row(workspace, day, lane, currency, one) for (lane, currency), one in sums.items()
        )
    return sum(one.labels for one in sums.values())


def _row(workspace: Workspace, day: date, lane: str, currency: str, one: Sum) -> SavingsDay:
    return SavingsDay(
        workspace=workspace,
        day=day,
        lane=lane,
        currency=currency,
        labels=one.labels,
        paid=one.paid,
        compared=one.compared,
        paid_compared=one.paid_compared,
        baseline=one.baseline,
        offered=dict(one.offered.most_common(MOST_OFFERED)),
        services=dict(one.services),
    )


@job
def roll_up_due() -> int:
    """Add up the days whose labels were bought, asked back or corrected lately; answers how many
    days."""
    since = timezone.now() - RECENT
    moved = LedgerEntry.objects.filter(at__gte=since).exclude(kind="charge")
    lately = Q(settled_at__gte=since) | Q(void_at__gte=since) | Q(pk__in=moved.values("label"))
    return _roll_up_days(lately)


@job
def roll_up_voided() -> int:
    """Once a day: days with labels that were asked back. A provider may refuse weeks later, and then
    the label counts again; answers how many days."""
    return _roll_up_days(Q(void_at__gte=timezone.now() - VOIDS))


@job
def roll_up_all(*, workspace_id: int) -> int:
    """After another baseline was chosen: every day of the last 400; answers how many days."""
    since = timezone.now() - LONGEST
    return _roll_up_days(Q(settled_at__gte=since, workspace=workspace_id))


def _roll_up_days(which: Q) -> int:
    labels = Label.objects.filter(which, settled_at__isnull=False).order_by()
    count = 0
    ids = labels.values_list("workspace", flat=True).distinct()
    for workspace in Workspace.objects.filter(pk__in=list(ids)):
        baselines = baselines_of(workspace.pk)
        here = zone(workspace)
        at = TruncDate(F("settled_at"), tzinfo=here)
        days = labels.filter(workspace=workspace).annotate(day=at).values_list("day", flat=True)
        for day in sorted(set(days.distinct())):
            roll_up(workspace, day, baselines)
            count += 1
    return count


def choose_baseline(workspace: Workspace, lane: str, service: str, *, user: User) -> None:
    """Compare a lane with one service from now on, and what is past as well; "" for the defaults."""
    with transaction.atomic():
        if service:
            SavingsBaseline.objects.update_or_create(
                workspace=workspace,
                lane=lane,
                defaults={"service": service, "changed_by": user, "changed_at": timezone.now()},
            )
        else:
            SavingsBaseline.objects.filter(workspace=workspace, lane=lane).delete()
        words = f"{LANES[lane]} are compared with {service or 'the default service'}"
        audit.record(workspace, "savings.baseline", f"savings:{lane}", words, actor=user)
        roll_up_all.later(workspace_id=workspace.pk)
