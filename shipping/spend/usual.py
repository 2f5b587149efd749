"""What parcels of one kind usually cost a workspace, learned from the labels it bought itself.

A kind is a weight step, and whether the box is larger than a cubic foot. Prices are compared with
parcels of the same service, kind and area; where there were too few of them, with the same kind and
area whatever the service; then with the kind anywhere.
"""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median_low
from typing import Any

from django.db import transaction
from django.utils import timezone

from core.jobs import job
from core.models import Workspace
from core.money import Money
from core.queues import Queue
from shipping.labels.states import PAID
from shipping.models import Label, UsualPrice
from shipping.naming import full_name

ANY = "*"
WINDOW = timedelta(days=30)
# Fewer parcels than this say nothing about what is usual.
LEAST = 8
# The newest labels of the window that are looked at: a bound for the largest shops
MOST = 20_000
REFRESH_EVERY = timedelta(hours=3)
_OUNCE = 28.349523125
# Upper ends of the weight steps, in ounces; carriers change their prices at most of these.
_STEPS = (4, 8, 12, 16, 32, 80, 160, 320)
_GRAMS = [step * _OUNCE for step in _STEPS]
_CUBIC_FOOT = 304.8**3
_LARGE = 100


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a price is compared by."""

    service: str
    kind: int
    area: str


@dataclass(frozen=True, slots=True)
class Usual:
    """What such parcels cost: the middle one of `count`; `words` say which parcels."""

    price: Money
    count: int
    words: str


def kind_of(parcel: Mapping[str, Any]) -> int:
    """A parcel's weight step, told apart by whether it is a large box; `parcel` as stored with a
    spec."""
    step = bisect.bisect_left(_GRAMS, float(parcel["weight_g"]))
    volume = parcel["length_mm"] * parcel["width_mm"] * parcel["height_mm"]
    return step + (_LARGE if volume > _CUBIC_FOOT else 0)


def area_of(recipient: Mapping[str, Any] | None) -> str:
    """Where it goes, as coarse as prices are: the country and the first digit of the postal code;
    "" where only TikTok knows."""
    if not recipient:
        return ""
    return f"{recipient.get('country', '')}{recipient.get('postal_code', '')[:1]}"


def parcel_of(spec: Mapping[str, Any], carrier: str, service_name: str) -> Parcel | None:
    """The stored spec as something to compare by; None for one without a parcel."""
    if not spec.get("parcel"):
        return None
    name = full_name(carrier, service_name)
    return Parcel(name, kind_of(spec["parcel"]), area_of(spec.get("recipient")))


def kind_words(kind: int) -> str:
    """ "8 to 12 oz", "1 to 2 lb, in a large box"."""
    step, large = kind % _LARGE, kind >= _LARGE
    if step == 0:
        words = f"up to {_weight(_STEPS[0])}"
    elif step == len(_STEPS):
        words = f"above {_weight(_STEPS[-1])}"
    else:
        low, high = _weight(_STEPS[step - 1]), _weight(_STEPS[step])
        same_unit = low[-2:] == high[-2:]
        words = f"{low[:-3] if same_unit else low} to {high}"
    return f"{words}, in a large box" if large else words


def _weight(ounces: int) -> str:
    return f"{ounces} oz" if ounces < 16 else f"{ounces // 16} lb"


def area_words(area: str) -> str:
    """ "to ZIP 7…", "to GB"."""
    country, digit = area[:2], area[2:]
    if not country:
        return "with TikTok's own address"
    return f"to ZIP {digit}…" if country == "US" and digit else f"to {country} {digit}".strip()


class Usuals:
    """A workspace's usual prices, looked up without asking the database again."""

    def __init__(self, rows: Iterable[UsualPrice]) -> None:
        self._rows = {(row.currency, row.service, row.kind, row.area): row for row in rows}

    def of(self, parcel: Parcel, currency: str) -> Usual | None:
        """The nearest parcels that there were enough of; None when there is nothing to compare
        with."""
        weight = kind_words(parcel.kind)
        where = area_words(parcel.area)
        for service, area, words in (
            (parcel.service, parcel.area, f"{parcel.service}, {weight}, {where}"),
            (ANY, parcel.area, f"parcels of {weight} {where}"),
            (ANY, ANY, f"parcels of {weight}"),
        ):
            row = self._rows.get((currency, service, parcel.kind, area))
            if row is not None:
                return Usual(Money(row.median, currency), row.count, words)
        return None


def usuals_of(workspace: Workspace) -> Usuals:
    """All usual prices of the workspace; one query."""
    return Usuals(UsualPrice.objects.filter(workspace=workspace))


@job(queue=Queue.READING)
def refresh_due() -> int:
    """Learn anew what parcels cost in workspaces that bought some since; answers in how many."""
    now = timezone.now()
    busy = set(
        Label.objects.filter(settled_at__gte=now - timedelta(days=1), state__in=PAID)
        .order_by()
        .values_list("workspace", flat=True)
        .distinct()
    )
    fresh = UsualPrice.objects.filter(refreshed_at__gt=now - REFRESH_EVERY)
    stale = UsualPrice.objects.filter(refreshed_at__lt=now - timedelta(days=1))
    due = (busy | _workspaces(stale)) - _workspaces(fresh)
    for workspace_id in sorted(due):
        refresh(workspace_id, now=now)
    return len(due)


def _workspaces(rows: Any) -> set[int]:
    return set(rows.order_by().values_list("workspace", flat=True).distinct())


def refresh(workspace_id: int, *, now: datetime) -> int:
    """Replace the workspace's usual prices by those of the last 30 days; answers how many kinds of
    parcels are known."""
    prices = _prices(workspace_id, now - WINDOW)
    rows = [
        UsualPrice(
            workspace_id=workspace_id,
            currency=currency,
            service=service,
            kind=kind,
            area=area,
            median=median_low(found),
            count=len(found),
            refreshed_at=now,
        )
        for (currency, service, kind, area), found in prices.items()
        if len(found) >= LEAST
    ]
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace_id)
        UsualPrice.objects.filter(workspace=workspace_id).delete()
        UsualPrice.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def _prices(workspace_id: int, since: datetime) -> dict[tuple[str, str, int, str], list[Decimal]]:
    """What the newest labels were quoted at, by everything they are compared by."""
    labels = Label.objects.filter(
        workspace=workspace_id, state__in=PAID, settled_at__gte=since
    ).order_by("-settled_at")
    fields = ("currency", "carrier", "service_name", "price", "spec__parcel", "spec__recipient")
    found: dict[tuple[str, str, int, str], list[Decimal]] = defaultdict(list)
    for currency, carrier, service, price, box, recipient in labels.values_list(*fields)[:MOST]:
        parcel = parcel_of({"parcel": box, "recipient": recipient}, carrier, service)
        if parcel is None:
            continue
        found[currency, parcel.service, parcel.kind, parcel.area].append(price)
        found[currency, ANY, parcel.kind, parcel.area].append(price)
        found[currency, ANY, parcel.kind, ANY].append(price)
    return found
