"""Which labels can go on a form together: of one label account and one of its carrier accounts,
from one ZIP, of one mailing date."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import F
from django.db.models.fields.json import KT, KeyTransform
from django.utils import timezone

from core.access import zone
from core.models import Workspace
from shipping.accounts import KEYED
from shipping.models import Label, LabelAccount
from shipping.models.labels import LabelQuerySet
from shipping.providers.base import Can
from shipping.providers.carriers import display_name
from shipping.providers.registry import is_able, provider_class
from shops.policy.book import EVERYWHERE
from shops.policy.ours import book_for

MOST = 5000  # labels looked at
_LOOK_BACK = timedelta(days=7)
_COLUMNS = ("pk", "account_id", "provider", "carrier", "settled_at", "handed_over_at")


@dataclass(slots=True)
class Place:
    """One label as far as its group depends on it."""

    pk: int
    shipped_at: datetime  # the date printed on it
    handed_over: bool


@dataclass
class Group:
    """Labels that could be on one form."""

    account: LabelAccount
    carrier: str
    carrier_account: str
    postal_code: str
    mailing_date: date
    sender: dict[str, Any]
    until: date  # the last day a form is made of them
    places: list[Place] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What a page posts to name it."""
        parts = (self.account.pk, self.carrier, self.carrier_account, self.postal_code)
        return "|".join((*map(str, parts), self.mailing_date.isoformat()))

    @cached_property
    def handed_over(self) -> int:
        """How many of them were scanned at the door."""
        return sum(place.handed_over for place in self.places)

    @property
    def carrier_name(self) -> str:
        """The carrier as people call it."""
        return display_name(self.carrier)

    @property
    def form_name(self) -> str:
        """What its carrier calls such a form."""
        return form_name(self.carrier)

    def is_open(self, today: date) -> bool:
        """Whether a form can still be made."""
        return today <= self.until


def form_name(carrier: str) -> str:
    """What a carrier calls its form."""
    return "SCAN form" if carrier == "usps" else "manifest"


def groups_of(workspace: Workspace, *, now: datetime) -> list[Group]:
    """The groups whose form can still be made, soonest mailing date first: three queries."""
    today = now.astimezone(zone(workspace)).date()
    found = _grouped(workspace, candidates(workspace, now=now), now)
    return sorted(
        (group for group in found.values() if group.is_open(today)),
        key=lambda group: (group.mailing_date, group.carrier, group.postal_code),
    )


def group_by_key(workspace: Workspace, key: str, *, now: datetime, locked: bool) -> Group | None:
    """The group a page posted; `locked` takes its labels for this transaction, and leaves out those
    that another one has taken."""
    rows = candidates(workspace, now=now)
    if locked:
        rows = rows.select_for_update(of=("self",), skip_locked=True, no_key=True)
    today = now.astimezone(zone(workspace)).date()
    group = _grouped(workspace, rows, now).get(key)
    return group if group is not None and group.is_open(today) else None


def carriers_of(slug: str) -> frozenset[str]:
    """The carriers a provider makes forms for; none where it makes no forms."""
    if not is_able(slug, Can.MANIFEST):
        return frozenset()
    found: frozenset[str] = provider_class(slug).manifest_carriers
    return found


def candidates(workspace: Workspace, *, now: datetime) -> LabelQuerySet:
    """Labels on no form whose provider makes forms for their carrier, and which no carrier has
    scanned; orders that were cancelled meanwhile are left out."""
    able = {slug: carriers for slug in KEYED if (carriers := carriers_of(slug))}
    rows = Label.objects.of(workspace).filter(
        state="bought",
        manifest=None,
        first_scan_at=None,
        handled_at=None,
        settled_at__gte=now - _LOOK_BACK,
        provider__in=list(able),
        carrier__in=sorted(set().union(*able.values())),
    )
    return rows.exclude(order__status="CANCELLED").order_by("settled_at", "pk")


def _grouped(workspace: Workspace, rows: LabelQuerySet, now: datetime) -> dict[str, Group]:
    here = zone(workspace)
    book = book_for(EVERYWHERE, workspace.pk)
    accounts = LabelAccount.objects.filter(workspace=workspace).in_bulk()
    found: dict[str, Group] = {}
    for one in _values(rows):
        if one["carrier"] not in carriers_of(one["provider"]):
            continue
        shipped_at = _dated(one)
        day = shipped_at.astimezone(here).date()
        key = f"manifest_days.{one['provider']}"
        most = int(book.number(key, on=now.astimezone(here).date(), default=0))
        group = Group(
            account=accounts[one["account_id"]],
            carrier=one["carrier"],
            carrier_account=one["carrier_account"] or "",
            postal_code=str(one["sender"].get("postal_code") or "")[:20],
            mailing_date=day,
            sender=one["sender"],
            until=day + timedelta(days=most),
        )
        place = Place(one["pk"], shipped_at, one["handed_over_at"] is not None)
        found.setdefault(group.key, group).places.append(place)
    return found


def _values(rows: LabelQuerySet) -> list[dict[str, Any]]:
    told = rows.annotate(
        sender=KeyTransform("sender", "spec"),
        carrier_account=KT("provider_ref__carrier_account"),
        quoted_at=F("quote_set__at"),
    ).values(*_COLUMNS, "sender", "carrier_account", "quoted_at")
    return [one for one in told[:MOST] if isinstance(one["sender"], dict)]


def _dated(one: dict[str, Any]) -> datetime:
    """The moment a label is dated with: Shippo's shipments are dated when they are made, which is
    when they are quoted; EasyPost's labels when they are bought."""
    at: datetime | None = one["quoted_at"] if one["provider"] == "shippo" else one["settled_at"]
    return at or timezone.now()
