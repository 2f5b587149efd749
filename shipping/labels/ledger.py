"""Every cent that moved at a provider, as we know it. Entries are added, never changed: a
correction is an entry."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import QuerySet, Sum

from core import writes
from core.money import Money
from shipping.models import Label, LedgerEntry


def charge(label: Label, cost: Money, *, reference: str, note: str = "") -> LedgerEntry:
    """The provider took `cost` for `label`; `reference` is the provider's id of what it was taken
    for."""
    return _add(label, "charge", cost.amount, cost.currency, reference, note)


def charging(label: Label, cost: Money, *, reference: str) -> LedgerEntry:
    """What `charge` adds, for whoever adds it together with other rows."""
    return _entry(label, "charge", cost.amount, cost.currency, reference, "")


def refund(label: Label, amount: Money, *, reference: str, note: str = "") -> LedgerEntry:
    """The provider gave `amount` back; it is written as a negative amount."""
    return _add(label, "refund", -amount.amount, amount.currency, reference, note)


def adjust(label: Label, amount: Money, *, reference: str, note: str) -> LedgerEntry:
    """The provider corrected what it had taken, by `amount`: positive when it took more."""
    return _add(label, "adjustment", amount.amount, amount.currency, reference, note)


def balance(entries: "QuerySet[LedgerEntry]") -> list[Money]:
    """What the entries come to, one sum per currency."""
    sums = entries.order_by("currency").values_list("currency").annotate(sum=Sum("amount"))
    return [Money(amount or Decimal(0), currency) for currency, amount in sums]


def balance_of(labels: Iterable[Label]) -> list[Money]:
    """What `labels` have cost so far, refunds taken off."""
    return balance(LedgerEntry.objects.filter(label__in=[label.pk for label in labels]))


def _add(
    label: Label, kind: str, amount: Decimal, currency: str, reference: str, note: str
) -> LedgerEntry:
    entry = _entry(label, kind, amount, currency, reference, note)
    writes.insert(entry)
    return entry


def _entry(
    label: Label, kind: str, amount: Decimal, currency: str, reference: str, note: str
) -> LedgerEntry:
    return LedgerEntry(
        workspace_id=label.workspace_id,
        label=label,
        kind=kind,
        amount=amount,
        currency=currency,
        provider=label.provider,
        reference=reference[:120],
        note=note[:200],
    )
