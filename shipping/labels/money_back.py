"""Money due back, kept beside the ledger: what was asked, when it is expected, what came. Written in
the same commit as the label's own state, so that both tell one story."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Sum
from django.utils import timezone

from core.models import User
from core.money import Money
from shipping.models import Label, LedgerEntry, MoneyBack
from shipping.policy.refunds import after, rule_for
from shops.policy.book import EVERYWHERE, Rule, market_of
from shops.policy.ours import book_for

# The provider could not be asked: pauses until it is asked again, doubled each time.
_RETRY: Final = timedelta(minutes=5)
_LONGEST: Final = timedelta(hours=6)


def asked(label: Label, user: User | None, *, why: str) -> None:
    """The money is asked back, from now on."""
    now = timezone.now()
    charged = LedgerEntry.objects.filter(label=label).aggregate(sum=Sum("amount"))["sum"]
    fields = {
        "workspace_id": label.workspace_id,
        "why": why,
        "actor": user,
        "asked_at": now,
        "window_until": window_end(label),
        "expected_at": after(now, _rule(label, "credit_days")),
        "charged": label.money.amount if charged is None else charged,
        "currency": label.currency,
        "credited": None,
        "outcome": "pending",
        "left_because": "",
        "note": "",
        "retry_at": None,
        "settled_at": None,
    }
    MoneyBack.objects.update_or_create(label=label, defaults=fields)


def credited(label: Label, amount: Money, note: str = "") -> None:
    """So much came back; it may differ from what was paid."""
    _settle(label, outcome="credited", credited=amount.amount, note=note[:400])


def refused(label: Label, reason: str) -> None:
    """The provider keeps it."""
    _settle(label, outcome="refused", credited=Decimal(0), note=reason[:400])


def in_use(label: Label, reason: str, *, again: bool) -> None:
    """The label was not taken back and counts again. `again`: the provider could not be asked,
    which may be tried later."""
    row = MoneyBack.objects.filter(label=label).first()
    if row is None:
        return
    pause = min(_RETRY * 2 ** min(row.tries, 10), _LONGEST)
    retry_at = timezone.now() + pause if again else None
    _settle(label, outcome="in_use", note=reason[:400], retry_at=retry_at, tries=row.tries + 1)


def left(label: Label, because: str) -> bool:
    """Nobody asks for this label's money, for a reason of LEFT; False when that was noted
    before."""
    _, is_new = MoneyBack.objects.get_or_create(
        label=label,
        defaults={
            "workspace_id": label.workspace_id,
            "why": "cancelled",
            "window_until": window_end(label),
            "charged": label.money.amount,
            "currency": label.currency,
            "outcome": "left",
            "left_because": because,
        },
    )
    return is_new


def window_end(label: Label) -> datetime | None:
    """Until when the provider can be asked; None where no rule tells."""
    return after(label.settled_at, _rule(label, "void_window"))


def _rule(label: Label, name: str) -> Rule | None:
    shop = label.order.shop
    book = book_for(market_of(shop.region) if shop.region else EVERYWHERE, label.workspace_id)
    on = timezone.now().date()
    return rule_for(book, name, provider=label.provider, carrier=label.carrier, on=on)


def _settle(label: Label, **fields: object) -> None:
    rows = MoneyBack.objects.filter(label=label, outcome="pending")
    rows.update(settled_at=timezone.now(), **fields)
