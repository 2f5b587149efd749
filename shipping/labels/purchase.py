"""Spend money for one label at most once, whatever crashes or repeats: intent, payment, settlement.

The steps are functions of their own, in this order: prepare, write_intent, pay, settle or one of
`_refuse`, `_put_back`, `_leave_unknown`. Killed between any two of them, the row says what is
known: docs/money-safety.md.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import audit, writes
from core.checkpoints import reached
from core.errors import NotAuthorized, Rejected, RemoteError, Unavailable
from core.http import about
from core.jobs import job
from core.models import Batch, User
from core.patience import patience
from core.queues import Queue
from core.states import IllegalMove, LostRace
from core.vault import VaultError
from orders.box_mates import follow
from orders.models import Order
from shipping import accounts
from shipping.labels import ledger, paid_twice
from shipping.labels.intent import (
    AccountBusy,
    AccountPaused,
    CannotBuy,
    KeyReplaced,
    write_intent,
)
from shipping.labels.noting import tell_order
from shipping.labels.states import LABEL
from shipping.labels.values import order_number, rate_of, wanted_format, wanted_spec
from shipping.models import Label, QuoteSet
from shipping.naming import full_name
from shipping.providers.base import BoughtLabel, Provider, Unsupported
from shipping.quote_sets import tried
from shipping.spec import rate_from_json

__all__ = [
    "AccountBusy",
    "AccountPaused",
    "AlreadyLabelled",
    "CannotBuy",
    "buy",
    "buy_label",
    "pay",
    "prepare",
    "record",
    "settle",
    "write_intent",
]

log = logging.getLogger(__name__)

# An intent is acted on at once or not at all.
STALE_INTENT = patience(seconds=30)
# How soon a lost answer is first asked about; shipping.labels.reconcile goes on from there.
FIRST_QUESTION = patience(seconds=20)
# The buyer's own thread fetches the document and tells TikTok; when it dies, sweeps do, from this
# age on.
GRACE = patience(minutes=1)


class AlreadyLabelled(CannotBuy):
    """The order, or the parcel of it, has a label that is, or may be, paid."""


def prepare(order: Order, quote_set: QuoteSet, batch: Batch | None = None) -> Label:
    """The chosen rate as a label that is ready to be bought. CannotBuy when there is nothing to
    choose, AlreadyLabelled when the order has a label: the database itself refuses a second one."""
    if quote_set.chosen is None:
        raise CannotBuy(quote_set.reason.get("sentence", "No rate can be bought."), "no_rate")
    if (quote_set.order_id, quote_set.part) != (order.pk, order.part):
        raise ValueError(f"{quote_set} are not those of {order}")
    chosen = quote_set.rates[quote_set.chosen]
    rate = rate_from_json(chosen)
    label = Label(
        workspace_id=order.workspace_id,
        order=order,
        part=order.part,
        split_version=order.split_version,
        account_id=UUID(chosen["account"]),
        quote_set=quote_set,
        batch=batch,
        provider=rate.provider,
        carrier=rate.carrier,
        service=rate.service,
        service_name=rate.service_name,
        price=rate.price.amount,
        currency=rate.price.currency,
        delivery_days=rate.delivery_days,
        provider_ref=rate.provider_ref,
        spec=quote_set.spec,
        label_format=wanted_format(batch, rate.provider),
    )
    if not writes.insert(label, unless_taken=True):  # by one_live_label_per_parcel
        raise AlreadyLabelled("This order has a label already.", "label_exists")
    return label


@job(queue=Queue.BUYING)
def buy_label(*, label_id: int) -> str:
    """Buy a ready label; answers its state. CannotBuy, AccountBusy, IllegalMove and LostRace:
    nothing was asked."""
    label = Label.objects.select_related("account__shop__authorization", "account__workspace")
    return buy(label.get(pk=label_id))


def buy(label: Label) -> str:
    """`buy_label` for a row that was just read, with its account."""
    provider = _ready_provider(label)
    reached("buy.chosen")
    try:
        write_intent(label)
    except KeyReplaced:  # since the account was read: nothing is paid with the old key
        provider = _ready_provider(label)
        write_intent(label)
    reached("buy.intended")
    return record(label, pay(label, provider))


def _ready_provider(label: Label) -> Provider:
    """Whatever can fail without asking the provider fails here, while the label is still ready."""
    wanted_spec(label), rate_of(label)
    try:
        return accounts.provider_for(label.account)
    except NotAuthorized as error:
        raise AccountPaused(error.message, "account_paused") from error
    except VaultError as error:
        words = f"The stored key of {label.account.name} cannot be read: enter it again."
        raise AccountPaused(words, "account_paused") from error


def pay(label: Label, provider: Provider) -> BoughtLabel | Exception:
    """The one call that costs money. Made once, outside any transaction; what went wrong is
    returned."""
    if label.intent_at is None or timezone.now() - label.intent_at > STALE_INTENT:
        # We were asleep: by now somebody may have been told that nothing was bought.
        return Unavailable("The purchase came too late to be sent.", provider=label.provider)
    reached("buy.sending")
    try:
        with about(order_number(label)):
            bought = provider.buy(wanted_spec(label), rate_of(label), key=str(label.key))
        reached("buy.answered")
        return bought
    # Also a mistake of ours while reading the answer: the money may be gone all the same.
    except Exception as error:
        return error


def record(label: Label, outcome: BoughtLabel | Exception) -> str:
    """Write down what became of the payment; answers the label's state."""
    match outcome:
        case BoughtLabel():
            settle(label, outcome)
        case NotAuthorized():
            _refuse(label, outcome)
            accounts.pause(label.account, outcome.message)
        case Rejected():
            _refuse(label, outcome)
        case Unsupported():  # raised before anything is sent
            _refuse(label, Rejected(str(outcome), provider=label.provider, code="unsupported"))
        case Unavailable():
            _put_back(label, outcome)
        case _:
            _leave_unknown(label, outcome)
    return label.state


def settle(label: Label, bought: BoughtLabel, *, actor: User | None = None) -> bool:
    """Label, ledger, order and audit in one commit. False when somebody else had settled it.

    The document and the word to TikTok are due from this commit on: a crash after it loses neither.
    """
    try:
        with transaction.atomic():
            LABEL.move(label, "bought", **_facts(label, bought))
            _book(label, bought, actor)
            reached("buy.settling")
    except (IllegalMove, LostRace):
        label.refresh_from_db()
        if label.state == "unknown":  # given up on meanwhile, but here is the answer
            return settle(label, bought, actor=actor)
        if label.state == "refused":
            paid_twice.paid_after_all(label, bought)
        return False
    except IntegrityError as error:
        if "provider_label_once" not in str(error):
            raise
        paid_twice.is_anothers(label, bought)
        return False
    reached("buy.settled")
    return True


def _book(label: Label, bought: BoughtLabel, actor: User | None) -> None:
    """What belongs into the commit that makes a label bought."""
    charge = ledger.charging(label, bought.cost, reference=bought.provider_label_id)
    name = full_name(label.carrier, label.service_name)
    entry = audit.entry(
        label.workspace_id,
        "label.bought",
        f"order:{label.order_id}",
        f"Label bought: {name}, {bought.cost}{_difference_words(label)}",
        actor=actor or (label.batch.created_by if label.batch else None),
        label=label.pk,
        provider=label.provider,
        reference=bought.provider_label_id,
        cost=str(bought.cost.amount),
        currency=bought.cost.currency,
    )
    writes.together(
        writes.insertion(charge),
        tried(label.order_id, label.part, now=timezone.now()),
        writes.insertion(entry),
    )
    reached("buy.charged")
    paid_twice.book_duplicates(label, bought)
    order = label.order if Label.order.is_cached(label) else None
    tell_order(label, "bought", known=order)
    if len(label.spec.get("tiktok_order_ids", ())) > 1:
        follow(label.order_id, "bought", label.carrier, label.tracking_number)


def _facts(label: Label, bought: BoughtLabel) -> dict[str, Any]:
    now = timezone.now()
    extra: dict[str, Any] = dict(bought.extra)
    if (bought.cost.amount, bought.cost.currency) != (label.price, label.currency):
        extra["quoted"] = {"amount": str(label.price), "currency": label.currency}
    return {
        "settled_at": now,
        "reason": "",
        "code": "",
        "needs_person_since": None,
        "provider_label_id": bought.provider_label_id,
        "tracking_number": bought.tracking_number,
        "carrier": bought.carrier or label.carrier,
        "service": bought.service or label.service,
        "cost": bought.cost.amount,
        "currency": bought.cost.currency,
        "label_url": bought.label_url,
        "label_format": bought.label_format.value,
        "document_due_at": now + GRACE,
        "tell_due_at": now + GRACE if _is_told(label) and bought.tracking_number else None,
        "extra": extra,
    }


def _is_told(label: Label) -> bool:
    """TikTok knows the numbers of its own labels."""
    return label.provider != "tiktok"


def _difference_words(label: Label) -> str:
    quoted = label.extra.get("quoted")
    return f" (quoted {quoted['amount']} {quoted['currency']})" if quoted else ""


def _refuse(label: Label, error: RemoteError) -> None:
    with transaction.atomic():
        LABEL.move(
            label,
            "refused",
            settled_at=timezone.now(),
            reason=error.message[:400],
            code=error.code[:60],
        )
        writes.together(tried(label.order_id, label.part, now=timezone.now()))


def _put_back(label: Label, error: Unavailable) -> None:
    """Certainly not carried out: ready again, after the pause the provider wants."""
    due_at = error.due_at(timezone.now(), default=2 ** min(label.attempts, 6))
    LABEL.move(label, "ready", due_at=due_at, reason=error.message[:400], code=error.code[:60])


def _leave_unknown(label: Label, error: Exception) -> None:
    """Nobody knows. Only the provider, or a person, can resolve it; it is never bought again."""
    remote = error if isinstance(error, RemoteError) else None
    if remote is None:
        log.error("label %s: unexpected while buying", label.pk, exc_info=error)
    sentence = remote.message if remote else "Something unexpected happened while buying."
    with transaction.atomic():
        LABEL.move(
            label,
            "unknown",
            due_at=timezone.now() + FIRST_QUESTION,
            attempts=0,
            reason=sentence[:400],
            code=(remote.code if remote else type(error).__name__)[:60],
        )
        tell_order(label, "unknown")
