"""What is still to be handed over, and what was: by shop and carrier."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from core.models import Workspace
from orders.readiness import COLLECTED
from shipping.models import CloseOut, Label
from shipping.models.labels import LabelQuerySet
from shipping.providers.carriers import display_name
from shipping.tracking.normalize import BEFORE_SCAN

# Older labels are on the list of those never handed over.
RECENT = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Line:
    """One shop's parcels for one carrier: still here, and handed over in the open close-out."""

    shop_id: int
    shop: str
    carrier: str
    left: int
    handed: int
    close_out: CloseOut | None

    @property
    def carrier_name(self) -> str:
        """The carrier as people call it."""
        return display_name(self.carrier)

    @property
    def total(self) -> int:
        """Parcels of this handover, gone or not."""
        return self.left + self.handed


def waiting(workspace: Workspace, *, now: datetime) -> LabelQuerySet:
    """Labels bought lately whose parcel is still to be handed over, as far as anybody knows."""
    rows = unscanned(workspace, since=now - RECENT)
    return rows.exclude(order__status="CANCELLED")


def unscanned(workspace: Workspace, *, since: datetime) -> LabelQuerySet:
    """Labels bought since then that nobody scanned, neither here nor at the carrier."""
    rows = Label.objects.of(workspace).filter(
        state="bought",
        handed_over_at=None,
        first_scan_at=None,
        handled_at=None,
        tracking_status__in=BEFORE_SCAN,
        settled_at__gte=since,
    )
    return rows.exclude(order__status__in=COLLECTED)


def lines(workspace: Workspace, *, now: datetime) -> list[Line]:
    """Shops and carriers with something to hand over or an open close-out: three queries."""
    left = {
        (shop, carrier): (name, n)
        for shop, name, carrier, n in waiting(workspace, now=now)
        .values_list("order__shop", "order__shop__name", "carrier")
        .annotate(n=Count("id"))
        .order_by()
    }
    opened = CloseOut.objects.of(workspace).filter(closed_at=None).select_related("shop")
    by_place = {(one.shop_id, one.carrier): one for one in opened}
    handed = scanned(by_place.values())
    found = []
    for shop, carrier in {*left, *by_place}:
        close_out = by_place.get((shop, carrier))
        name, n = left.get((shop, carrier), (close_out.shop.name if close_out else "", 0))
        gone = handed.get(close_out.pk, 0) if close_out else 0
        found.append(Line(shop, name, carrier, n, gone, close_out))
    return sorted(found, key=lambda line: (line.carrier_name.lower(), line.shop.lower()))


def scanned(close_outs: Iterable[CloseOut]) -> dict[int, int]:
    """How many parcels were scanned, by close-out; one query."""
    pks = [one.pk for one in close_outs]
    if not pks:
        return {}
    rows = CloseOut.objects.filter(pk__in=pks).values_list("pk").annotate(n=Count("scans"))
    return dict(rows.order_by())
