"""Asking for the money of a label back. The credit counts when the provider grants it, not when we
ask."""

import logging

from django.db import transaction
from django.utils import timezone

from core import audit
from core.errors import NotAuthorized, Rejected, RemoteError, Unavailable
from core.models import User
from core.money import Money
from orders import dispatch
from orders.actions import note_label
from shipping import accounts
from shipping.labels import ledger
from shipping.labels.purchase import CannotBuy
from shipping.labels.states import LABEL
from shipping.labels.values import bought_of
from shipping.models import Label
from shipping.providers.base import Can, Provider, Unsupported, VoidOutcome, VoidResult

log = logging.getLogger(__name__)


def void(label: Label, user: User | None) -> str:
    """Ask the provider to take the label back; answers the label's state: voided, voiding (credit
    pending) or bought (refused, with the reason). Asking again while the credit is pending is
    allowed: it costs nothing."""
    provider = accounts.provider_for(label.account)
    if Can.VOID not in provider.can:
        raise CannotBuy("This provider cannot take labels back.", "void_unsupported")
    write_request(label, user)
    return record(label, ask(label, provider))


def write_request(label: Label, user: User | None) -> None:
    """Put on disk that the label is not to be used any more; its number is not handed to TikTok
    from here on."""
    if label.state == "voiding":
        return
    with transaction.atomic(durable=True):
        LABEL.move(label, "voiding", tell_due_at=None, reason="")
        dispatch.withdraw(label.order)
        audit.record(
            label.workspace_id,
            "label.void_requested",
            f"order:{label.order_id}",
            f"Void requested for {label.service_name}, {label.money}",
            actor=user,
            label=label.pk,
        )


def ask(label: Label, provider: Provider) -> VoidResult | Exception:
    """The question to the provider, outside any transaction; what went wrong is returned."""
    try:
        return provider.void(bought_of(label))
    # Also a mistake of ours while reading the answer: the provider may have taken the label back.
    except Exception as error:
        return error


def record(label: Label, outcome: VoidResult | Exception) -> str:
    """Write down what the provider said; answers the label's state."""
    match outcome:
        case VoidResult(VoidOutcome.REFUNDED, _):
            credit(label)
        case VoidResult(VoidOutcome.REQUESTED, message):
            _stay(label, message or "The provider has not decided yet.")
        case VoidResult(VoidOutcome.REFUSED, message):
            _back(label, message or "The provider does not take this label back.")
        case NotAuthorized() as error:
            _back(label, error.message)
            accounts.pause(label.account, error.message)
        case Rejected() | Unavailable() as error:
            _back(label, error.message)
        case Unsupported():
            _back(label, "This provider cannot take labels back.")
        case _:
            _stay(label, _words(label, outcome))
    return label.state


def credit(label: Label) -> None:
    """The provider gave the money back: state, ledger, order and audit in one commit."""
    amount = Money(label.money.amount, label.currency)
    with transaction.atomic():
        LABEL.move(label, "voided", reason="", settled_at=timezone.now())
        ledger.refund(label, amount, reference=label.provider_label_id)
        note_label(label.order_id, "", label.carrier, "")
        audit.record(
            label.workspace_id,
            "label.voided",
            f"order:{label.order_id}",
            f"Label voided, {amount} given back",
            label=label.pk,
        )


def _stay(label: Label, reason: str) -> None:
    Label.objects.filter(pk=label.pk, state="voiding").update(reason=reason[:400])
    label.reason = reason[:400]


def _back(label: Label, reason: str) -> None:
    """The label stays ours, and in use: its number goes to TikTok if it has not yet."""
    dispatches = label.order.dispatches.exclude(state="withdrawn")
    told = label.provider == "tiktok" or dispatches.exists()
    due_at = None if told or not label.tracking_number else timezone.now()
    LABEL.move(label, "bought", reason=reason[:400], tell_due_at=due_at)


def _words(label: Label, outcome: object) -> str:
    if isinstance(outcome, RemoteError):
        return outcome.message
    log.error("label %s: unexpected while voiding: %r", label.pk, outcome)
    return "Whether the provider takes the label back is not known yet. Ask again."
