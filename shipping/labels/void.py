"""Asking for the money of a label back. The credit counts when the provider grants it, not when we
ask.

A label goes from *voiding* (whether the provider heard us is not known) to *refunding* once the
provider has accepted the request, and from there to *voided* or *unused*, never back into use.
Providers refuse a second request while they think about the first: what a repeated request is told
says nothing, only the status of the refund does.
"""

import logging

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import audit, notifications
from core.access import wreverse
from core.checkpoints import reached
from core.errors import NotAuthorized, Rejected, RemoteError, Unavailable
from core.jobs import job
from core.models import User
from core.money import Money
from core.patience import patience
from core.queues import Queue
from core.states import IllegalMove, LostRace
from orders import dispatch
from shipping import accounts
from shipping.labels import ledger, money_back, undecided
from shipping.labels.asking_back import CERTAIN_AFTER, UNDECIDED, Answer, ask, ask_again
from shipping.labels.noting import tell_order
from shipping.labels.prints import build_print_files
from shipping.labels.purchase import CannotBuy
from shipping.labels.states import LABEL
from shipping.models import Label
from shipping.naming import name_of
from shipping.providers.base import Can, Unsupported, VoidOutcome, VoidResult

log = logging.getLogger(__name__)

# First pause between questions, doubled each time, and the longest: carriers decide within days.
PAUSES = {
    "voiding": (patience(minutes=1), patience(minutes=30)),
    "refunding": (patience(minutes=10), patience(hours=6)),
}
CLAIM = patience(minutes=10)


def void(label: Label, user: User | None, *, why: str = "person") -> str:
    """Ask the provider to take the label back; answers the label's state: voided, refunding
    (accepted, credit pending), voiding (not known yet), bought or unused (refused, with the
    reason). Asking again costs nothing. `why` is a key of shipping.models.money_back.WHY."""
    provider = accounts.provider_for(label.account)
    if Can.VOID not in provider.can:
        raise CannotBuy("This provider cannot take labels back.", "void_unsupported")
    if label.state in PAUSES:
        return record_again(label, ask_again(label, provider))
    write_request(label, user, why)
    reached("void.requested")
    answer = ask(label, provider)
    reached("void.answered")
    return record(label, answer)


@job(queue=Queue.BUYING)
def voids_due() -> int:
    """Ask what became of the refunds that are pending; answers how many were asked about."""
    now = timezone.now()
    due = Label.objects.filter(state__in=PAUSES, due_at__lte=now).order_by("due_at")
    asked = 0
    for label in due.select_related("account__workspace", "order", "workspace")[:200]:
        mine = Label.objects.filter(pk=label.pk, state=label.state, due_at=label.due_at)
        if not mine.update(due_at=now + CLAIM, attempts=F("attempts") + 1):
            continue
        label.attempts += 1
        asked += 1
        try:
            record_again(label, _ask_of(label))
        except (IllegalMove, LostRace):  # a person asked at the same moment, and has the answer
            continue
    return asked


def _ask_of(label: Label) -> Answer:
    try:
        provider = accounts.provider_for(label.account)
    # A forgotten key, a provider we have no more: this label waits, the next one is asked about.
    except Exception as error:
        return error
    return ask_again(label, provider)


def write_request(label: Label, user: User | None, why: str = "person") -> None:
    """Put on disk that the label is not to be used any more; its number is not handed to TikTok
    from here on."""
    now = timezone.now()
    due_at = now + CERTAIN_AFTER  # our own question is answered, or dead, by then
    with transaction.atomic(durable=True):
        LABEL.move(
            label, "voiding", tell_due_at=None, reason="", void_at=now, due_at=due_at, attempts=0
        )
        dispatch.withdraw(label.order, label.part)
        money_back.asked(label, user, why=why)
        _renew_papers(label)
        audit.record(
            label.workspace_id,
            "label.void_requested",
            f"order:{label.order_id}",
            f"Void requested for {name_of(label)}, {label.money}",
            actor=user,
            label=label.pk,
        )


def record(label: Label, outcome: VoidResult | Exception) -> str:
    """Write down what the provider said to the first request; answers the label's state."""
    match outcome:
        case VoidResult():
            _take(label, outcome)
        case NotAuthorized() as error:
            _back(label, error.message, again=True)
            accounts.pause(label.account, error.message)
        case Rejected() | Unavailable() as error:
            _back(label, error.message, again=isinstance(error, Unavailable))
        case Unsupported():
            _back(label, "This provider cannot take labels back.")
        case _:
            _stay(label, _words(label, outcome))
    return label.state


def record_again(label: Label, outcome: Answer) -> str:
    """The same for a repeated question: only a status moves the label, an error never does."""
    match outcome:
        case VoidResult():
            _take(label, outcome)
            if label.state == "bought":
                _tell(label, f"is in use again: {label.reason}")
        case NotAuthorized() as error:
            accounts.pause(label.account, error.message)
            _stay(label, error.message)
        case Exception():
            _stay(label, _words(label, outcome))
        case _:
            _stay(label, UNDECIDED)
    return label.state


def _take(label: Label, result: VoidResult) -> None:
    match result.outcome:
        case VoidOutcome.REFUNDED:
            credit(label, result.amount)
        case VoidOutcome.REQUESTED if label.state == "refunding":
            _stay(label, result.message or UNDECIDED)
        case VoidOutcome.REQUESTED:
            _accepted(label, result.message or UNDECIDED)
        case VoidOutcome.REFUSED if label.state == "refunding":
            keep_paid(label, result.message or "The provider keeps the money.")
        case VoidOutcome.REFUSED:
            _back(label, result.message or "The provider does not take this label back.")


def credit(label: Label, given: Money | None = None, note: str = "") -> None:
    """The provider gave the money back, all that was paid unless it says how much: state, ledger,
    order and audit in one commit."""
    amount = given or Money(label.money.amount, label.currency)
    in_the_way = label.state == "voiding"
    with transaction.atomic():
        LABEL.move(label, "voided", reason="", settled_at=timezone.now())
        ledger.refund(label, amount, reference=label.provider_label_id, note=note)
        money_back.credited(label, amount, note)
        if in_the_way:  # else the order is free already, and may have another label by now
            tell_order(label, "")
        audit.record(
            label.workspace_id,
            "label.voided",
            f"order:{label.order_id}",
            f"Label voided, {amount} given back",
            label=label.pk,
        )
        undecided.over(label)
        reached("void.credited")


def _accepted(label: Label, reason: str) -> None:
    """The provider has the request: the label is out of use for good, its order may get another."""
    due_at = timezone.now() + PAUSES["refunding"][0]
    with transaction.atomic():
        LABEL.move(label, "refunding", reason=reason[:400], due_at=due_at, attempts=0)
        tell_order(label, "")


def keep_paid(label: Label, reason: str) -> None:
    """The money stays with the provider: the charge stands, and people learn of it."""
    with transaction.atomic():
        LABEL.move(label, "unused", reason=reason[:400], settled_at=timezone.now())
        money_back.refused(label, reason)
        undecided.over(label)
        audit.record(
            label.workspace_id,
            "label.refund_refused",
            f"order:{label.order_id}",
            f"{label.money} for a voided label is not given back: {reason}",
            label=label.pk,
        )
        _tell(
            label,
            f"was paid and is not used: {label.money} is not given back. {reason} Carriers refuse "
            "when a label was scanned: see whether its parcel is on its way.",
        )


def _tell(label: Label, words: str) -> None:
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:refund",
        f"The label {label.tracking_number} you voided for order {label.order.tiktok_id} {words}",
        level="bad",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
    )


def _stay(label: Label, reason: str) -> None:
    """Nothing new: asked again after a pause that grows."""
    first, longest = PAUSES[label.state]
    due_at = timezone.now() + min(first * 2 ** min(label.attempts, 12), longest)
    rows = Label.objects.filter(pk=label.pk, state=label.state)
    rows.update(reason=reason[:400], due_at=due_at)
    label.reason = reason[:400]
    if label.state == "refunding":
        undecided.tell_if_overdue(label)


def _back(label: Label, reason: str, *, again: bool = False) -> None:
    """The label stays ours, and in use: its number goes to TikTok if it has not yet. `again`: the
    provider could not be asked, and may be later."""
    with transaction.atomic():
        money_back.in_use(label, reason, again=again)
        _renew_papers(label)
        told = label.provider == "tiktok" or dispatch.keep(label.order, label.part)
        due_at = None if told or not label.tracking_number else timezone.now()
        LABEL.move(label, "bought", reason=reason[:400], tell_due_at=due_at)


def _renew_papers(label: Label) -> None:
    """Print files that nobody printed yet hold the labels in use, and no other."""
    if label.batch_id:
        build_print_files.later(batch_id=label.batch_id)


def _words(label: Label, outcome: object) -> str:
    if isinstance(outcome, RemoteError):
        return outcome.message
    log.error("label %s: unexpected while voiding: %r", label.pk, outcome)
    return "Whether the provider takes the label back is not known yet. Ask again."
