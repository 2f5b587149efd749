"""A person who read a provider's statement says what came back for a label: it may be less, or more,
than the provider's answer let us believe."""

from django.db import transaction
from django.utils import timezone

from core import audit
from core.models import User
from core.money import Money
from core.states import IllegalMove
from shipping.labels import ledger
from shipping.labels.void import credit, keep_paid
from shipping.models import LedgerEntry, MoneyBack


def settle(row: MoneyBack, amount: Money | None, note: str, *, user: User | None) -> str:
    """Book what came back (None: nothing will) and say so. IllegalMove or LostRace when it was
    settled meanwhile."""
    label = row.label
    if label.state == "refunding" and amount is None:
        keep_paid(label, note or "A person read that it does not come back.")
        words = f"{row.money} is kept as not given back."
    elif label.state == "refunding" and amount is not None:
        credit(label, amount, note)
        words = f"{amount} booked as given back."
    elif label.state == "voided" and amount is not None:
        words = _correct(row, amount, note)
    else:
        raise IllegalMove(f"{label} is {label.state}")
    audit.record(
        label.workspace_id,
        "label.refund_settled",
        f"order:{label.order_id}",
        words,
        actor=user,
        label=label.pk,
        note=note,
    )
    return words


def _correct(row: MoneyBack, amount: Money, note: str) -> str:
    """What was booked as given back is corrected by an entry of its own."""
    with transaction.atomic():
        row = MoneyBack.objects.select_for_update(no_key=True).get(pk=row.pk)
        was = row.came
        if was is None:
            raise IllegalMove(f"{row} was not credited")
        if was == amount:
            return f"{amount} was booked already."
        corrections = LedgerEntry.objects.filter(label=row.label_id, kind="refund").count()
        ledger.refund(
            row.label,
            amount - was,
            reference=f"{row.label.provider_label_id}:{corrections}"[-120:],
            note=note or "Corrected by a person.",
        )
        changes = {"credited": amount.amount, "note": note[:400], "settled_at": timezone.now()}
        MoneyBack.objects.filter(pk=row.pk).update(**changes)
    return f"{amount} came back instead of {was}."
