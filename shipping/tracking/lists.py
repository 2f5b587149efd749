"""The lists of parcels a person looks through: each one query, read a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from core.models import Workspace
from orders.models import Dispatch
from orders.querysets import NO_DEADLINE
from orders.readiness import COLLECTED
from shipping.models import Label
from shipping.models.labels import LabelQuerySet
from shipping.tracking.normalize import BEFORE_SCAN
from shipping.tracking.terms import Terms

PAGE: Final = 30
MOST: Final = 1000  # counted no further
_BIGGEST = 2**63 - 1
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_MOVING = ("in_transit", "out_for_delivery", "available_for_pickup")
_TROUBLE = ("return_to_sender", "failure", "cancelled")


@dataclass(frozen=True, slots=True)
class Listed:
    """One list: its title, the column it is sorted by, and whether the newest comes first."""

    title: str
    column: str
    newest_first: bool = False


LISTS: Final[Mapping[str, Listed]] = {
    "unscanned": Listed("Bought, not scanned", "settled_at"),
    "stalled": Listed("Stalled", "tracking_at"),
    "exceptions": Listed("Returned and problems", "tracking_at", newest_first=True),
    "moving": Listed("On the way", "tracking_at", newest_first=True),
    "delivered": Listed("Delivered", "tracking_at", newest_first=True),
    "handled": Listed("Handled", "handled_at", newest_first=True),
}


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE labels, and the place to go on after; "" on the last page."""

    labels: list[Label]
    after: str


def labels_in(
    workspace: Workspace, name: str, terms: Terms, *, now: datetime, **filters: Any
) -> LabelQuerySet:
    """The labels of a list, in no order; `filters` are shop (pk) and carrier (slug)."""
    rows = Label.objects.of(workspace).filter(state="bought")
    if name == "handled":
        rows = rows.filter(handled_at__isnull=False)
    elif name == "unscanned":
        since = now - terms.watched()
        rows = rows.filter(first_scan_at=None, handled_at=None, settled_at__gte=since)
        rows = rows.filter(tracking_status__in=BEFORE_SCAN)
        # A scan that TikTok knows and we have not heard of hurts nobody.
        rows = rows.exclude(order__status__in=COLLECTED)
    elif name == "stalled":
        rows = rows.filter(_silent(terms.silent_since(now)), handled_at=None)
        rows = rows.filter(tracking_status__in=_MOVING)
    elif name == "exceptions":
        rows = rows.filter(tracking_status__in=_TROUBLE, handled_at=None)
    elif name == "moving":
        rows = rows.filter(tracking_status__in=_MOVING, tracking_at__isnull=False)
    else:
        rows = rows.filter(tracking_status="delivered", tracking_at__isnull=False)
    return _narrowed(rows, filters)


def at_risk(
    shop_id: int, begins: datetime, ends: datetime, lanes: Sequence[str], *, now: datetime
) -> LabelQuerySet:
    """Bought between these moments, and expected to be scanned too late for the number to be a
    valid one; those that are invalid by now are left out. The budget counts the same."""
    refused = Dispatch.objects.filter(
        order=OuterRef("order"), part=OuterRef("part"), state="refused"
    )
    return (
        Label.objects.filter(
            order__shop=shop_id, state="bought", settled_at__gte=begins, settled_at__lt=ends
        )
        .filter(first_scan_at=None, order__clock__risk="risk", order__due_at__gt=now)
        .filter(order__lane__in=lanes)
        .exclude(order__status__in=COLLECTED)
        .exclude(Exists(refused))
    )


def _narrowed(rows: LabelQuerySet, filters: Mapping[str, Any]) -> LabelQuerySet:
    if shop := filters.get("shop"):
        rows = rows.filter(order__shop=shop)
    if carrier := filters.get("carrier"):
        rows = rows.filter(carrier=carrier)
    return rows


def _silent(since: Mapping[int, datetime]) -> Q:
    """Whose last event is longer ago than its shop's market allows; shops alike share a test."""
    by_moment: dict[datetime, list[int]] = {}
    for shop_id, moment in since.items():
        by_moment.setdefault(moment, []).append(shop_id)
    found = Q(tracking_at__lt=_NEVER)  # of markets without a rule: none
    for moment, shops in by_moment.items():
        found |= Q(order__shop__in=shops, tracking_at__lt=moment)
    return found


def counts(workspace: Workspace, terms: Terms, *, now: datetime, **filters: Any) -> dict[str, int]:
    """How many each list has, at most MOST + 1: one statement of bounded scans."""
    parts: list[str] = []
    parameters: list[Any] = []
    for name in LISTS:
        rows = labels_in(workspace, name, terms, now=now, **filters).values("pk")[: MOST + 1]
        sql, values = rows.query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS t_{name})")  # noqa: S608 - our own SQL
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)  # noqa: S608 - Django's own SQL
        return dict(zip(LISTS, cursor.fetchone(), strict=True))


def page_of(rows: LabelQuerySet, name: str, *, after: str = "") -> Page:
    """A page of a list behind the place `after`; the first one for what is no place."""
    listed = LISTS[name]
    column, newest = listed.column, listed.newest_first
    if place := _read(after):
        at, pk = place
        side = "lt" if newest else "gt"
        beyond = Q(**{f"{column}__{side}": at}) | Q(**{column: at, f"pk__{side}": pk})
        bound = Q(**{f"{column}__{'lte' if newest else 'gte'}": at})
        rows = rows.filter(bound).filter(beyond)
    sign = "-" if newest else ""
    ordered = rows.order_by(f"{sign}{column}", f"{sign}pk").select_related("order__shop", "account")
    found = list(ordered.defer("spec", "order__raw", "order__search_text")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    return Page(found[:PAGE], _place(getattr(last, column), last.pk) if last else "")


def _place(at: datetime, pk: int) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}_{pk}"


def _read(text: str) -> tuple[datetime, int] | None:
    stamp, _, pk = text.rpartition("_")
    try:
        at, number = datetime.fromisoformat(stamp).astimezone(UTC), int(pk)
    except (ValueError, OverflowError):
        return None
    return (at, number) if 0 <= number <= _BIGGEST else None


def carriers_of(workspace: Workspace, *, now: datetime, last: timedelta) -> list[str]:
    """Carriers of the workspace's newest labels, by slug: what the filter offers."""
    newest = Label.objects.of(workspace).filter(state="bought", settled_at__gte=now - last)
    some = newest.order_by("-settled_at").values("pk")[: 5 * MOST]
    carriers = Label.objects.filter(pk__in=some).order_by("carrier").values_list("carrier")
    return [carrier for (carrier,) in carriers.distinct()]


def unscanned(workspace: Workspace, terms: Terms, *, now: datetime) -> tuple[int, datetime | None]:
    """How many bought labels no carrier has scanned, at most MOST + 1, and when the oldest was
    bought: one query."""
    rows = labels_in(workspace, "unscanned", terms, now=now).order_by("settled_at")
    bought = list(rows.values_list("settled_at", flat=True)[: MOST + 1])
    return len(bought), bought[0] if bought else None


def scan_deadline(label: Label) -> datetime | None:
    """When the carrier must have scanned the order's parcel; None where TikTok names no time."""
    due = label.order.scan_by or label.order.due_at
    return due if due < NO_DEADLINE else None
