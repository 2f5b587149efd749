"""Limits at the moment of paying: what was spent today, and whether one more label still fits.

The labels themselves are counted, so nothing has to be given back when a purchase fails, and the
workspace's limits are locked while they are counted: of two purchases at once, the second one sees
the first.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from core import notifications
from core.access import wreverse, zone
from core.models import Workspace
from core.money import Money
from shipping.models import Label, SpendApproval, SpendLimits

# Why the guard leaves an order out; also the fix of a batch's row.
DAILY_CAP = "daily_cap"
CEILING = "label_ceiling"
JUMP = "price_jump"
SECOND = "second_person"
CODES = frozenset({DAILY_CAP, CEILING, JUMP, SECOND})

_UNDER_WAY = ["buying", "unknown"]
# A label given back counts until the money is there.
_PAID = ["bought", "voiding", "refunding", "unused"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why money is not spent: one of CODES, and a sentence for a person."""

    code: str
    sentence: str


def limits_of(workspace: Workspace) -> dict[str, SpendLimits]:
    """The workspace's limits by currency, as far as somebody set any."""
    found = {row.currency: row for row in SpendLimits.objects.filter(workspace=workspace)}
    for row in found.values():
        row.workspace = workspace
    return found


def of_currency(found: dict[str, SpendLimits], workspace: Workspace, currency: str) -> SpendLimits:
    """The limits in one currency; the defaults where nobody set any."""
    return found.get(currency) or SpendLimits(workspace=workspace, currency=currency)


def start_of_day(workspace: Workspace, now: datetime) -> datetime:
    """Midnight on the workspace's clock."""
    here = zone(workspace)
    return datetime.combine(now.astimezone(here).date(), time(), here)


def spent_today(workspace: Workspace, currency: str, *, now: datetime) -> Money:
    """What labels cost today, with those being paid and those whose answer was lost."""
    midnight = start_of_day(workspace, now)
    today = Q(state__in=_PAID, settled_at__gte=midnight)
    today |= Q(state__in=_UNDER_WAY, intent_at__gte=midnight)
    return _sum(Label.objects.of(workspace).filter(today, currency=currency), currency)


def _sum(labels: "QuerySet[Label]", currency: str) -> Money:
    total = labels.aggregate(total=Sum(Coalesce("cost", "price")))["total"]
    return Money(total or Decimal(0), currency)


def are_set_for(label: Label) -> bool:
    """Whether there are limits in the label's currency at all; one look at an index."""
    rows = SpendLimits.objects.filter(workspace=label.workspace_id, currency=label.currency)
    return rows.exists()


def refusal_of(label: Label, *, now: datetime) -> Refusal | None:
    """Why this label may not be bought now. To be asked in the transaction that writes its intent:
    until that ends, no other purchase of the workspace is counted."""
    limits = (
        SpendLimits.objects.select_for_update(of=("self",))
        .select_related("workspace")
        .filter(workspace=label.workspace_id, currency=label.currency)
        .first()
    )
    if limits is None:
        return None
    return (
        above_ceiling(limits, Money(label.price, label.currency))
        or _above_cap(limits, label, now)
        or _alone(limits, label)
    )


def above_ceiling(limits: SpendLimits, price: Money) -> Refusal | None:
    """Whether one label costs more than any may."""
    if limits.label_ceiling is None or price.amount <= limits.label_ceiling:
        return None
    ceiling = Money(limits.label_ceiling, price.currency)
    return Refusal(CEILING, f"It costs {price}, and no label may cost more than {ceiling}.")


def cap_words(limits: SpendLimits, spent: Money, taken: Money | None = None) -> str:
    """Why a label no longer fits into the day; `taken` is what goes before it."""
    cap = Money(limits.daily_cap or Decimal(0), spent.currency)
    words = f"The daily cap of {cap} leaves no room for it: {spent} is spent or being spent today"
    return f"{words}, and nearer deadlines take {taken}." if taken and taken.amount else f"{words}."


def _above_cap(limits: SpendLimits, label: Label, now: datetime) -> Refusal | None:
    if limits.daily_cap is None:
        return None
    spent = spent_today(limits.workspace, label.currency, now=now)
    if spent.amount + label.price <= limits.daily_cap:
        return None
    return Refusal(DAILY_CAP, cap_words(limits, spent))


def _alone(limits: SpendLimits, label: Label) -> Refusal | None:
    """Whether the label's batch would come to more than one person may spend alone."""
    if limits.approve_above is None:
        return None
    spent = Money(Decimal(0), label.currency)
    if label.batch_id is not None:
        if SpendApproval.objects.filter(batch=label.batch_id, state="approved").exists():
            return None
        mates = Label.objects.filter(batch=label.batch_id, currency=label.currency)
        spent = _sum(mates.filter(state__in=[*_PAID, *_UNDER_WAY, "voided"]), label.currency)
    if spent.amount + label.price <= limits.approve_above:
        return None
    return Refusal(SECOND, second_words(limits))


def above_alone(workspace: Workspace, prices: Mapping[int, Money]) -> SpendLimits | None:
    """The limits that a purchase at these prices needs a second person for."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for price in prices.values():
        totals[price.currency] += price.amount
    for currency, limits in limits_of(workspace).items():
        if limits.approve_above is not None and totals[currency] > limits.approve_above:
            return limits
    return None


def second_words(limits: SpendLimits) -> str:
    """Why one person may not spend it alone."""
    alone = Money(limits.approve_above or Decimal(0), limits.currency)
    return f"Above {alone}, a batch needs the word of a second person."


def tell_reached(workspace: Workspace, refusal: Refusal, *, now: datetime) -> None:
    """Tell the team, once a day, that a cap stopped a purchase."""
    if refusal.code == DAILY_CAP:
        day = start_of_day(workspace, now).date()
        notifications.notify(
            workspace,
            f"daily-cap:{day}",
            f"{refusal.sentence} What is not bought stays in the queue.",
            level="warn",
            link=wreverse(workspace, "shipping:spending"),
        )
