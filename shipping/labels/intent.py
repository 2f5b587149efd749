"""The word on disk that money may move from here on, within the number of purchases at a time that
an account allows, and only with the key the account has at that moment."""

import random
import threading
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core import writes
from core.patience import patience
from core.states import LostRace
from shipping.labels.states import LABEL
from shipping.models import Label, LabelAccount
from shipping.spend import limits

# No purchase is under way for longer than this: the wire gives up before it.
LONGEST_CALL = patience(minutes=2)
# A thread goes where it bought last, so that threads seldom want the same place.
_mine = threading.local()
# Whoever replaces a key or takes an account away locks its row first: it waits for this statement,
# or this statement for it, and then sees what has become of the account.
_USABLE = (
    "EXISTS (SELECT FROM shipping_labelaccount a WHERE a.id = account_id AND a.state = 'active' "
    "AND a.key_sealed = %s FOR KEY SHARE)"
)
# Whoever spreads an order over parcels locks its row, and finds no label in use then: one that was
# chosen before, and comes into sight after that, is for parcels that are no more. The lock waits
# for somebody who is just doing it; whoever only reads or writes the order holds nobody up.
_WHOLE = (
    "EXISTS (SELECT FROM orders_order o WHERE o.id = order_id "
    "AND o.split_version = shipping_label.split_version FOR KEY SHARE)"
)
# Where this does not hold, what was spent is counted first: spend/limits.py.
_UNLIMITED = (
    "NOT EXISTS (SELECT FROM shipping_spendlimits s WHERE s.workspace_id = "
    "shipping_label.workspace_id AND s.currency = shipping_label.currency)"
)


class CannotBuy(Exception):
    """No money was spent and none will be by this label as it stands; `sentence` says why, `code`
    which fix helps."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class AccountPaused(CannotBuy):
    """The label account is not in use: a person has to put it right."""


class KeyReplaced(CannotBuy):
    """The account has another key than the one in hand; the label has the account as it is now."""


class OverLimit(CannotBuy):
    """The workspace's own spend limits are in the way; trying again at once does not help."""


class AccountBusy(Exception):
    """As many purchases as allowed are under way at this account; ask again in a moment."""


def write_intent(label: Label) -> None:
    """Put on disk that money may move from here on, and take one of the account's places for
    purchases at a time. AccountBusy when all are taken; KeyReplaced when the account has another
    key than `label.account`, which is the account as it is now, then; OverLimit when the
    workspace's spend limits leave no room."""
    for _ in range(3):
        try:
            refusal = _intend(label, timezone.now())
        except LostRace:
            _check_account(label)
            raise
        except IntegrityError as error:  # somebody else buys there
            if "one_purchase_per_place" not in str(error):
                raise
            _mine.place = None
            label.refresh_from_db(fields=["state"])
            continue
        if refusal is None:
            return
        limits.tell_reached(label.workspace, refusal, now=timezone.now())
        raise OverLimit(refusal.sentence, refusal.code)
    raise AccountBusy


def _intend(label: Label, now: datetime) -> limits.Refusal | None:
    """Move the label to "buying": by one statement where the workspace has no spend limits, else
    within them."""
    try:
        with writes.commit_of_its_own():
            _move(label, now, f"{_USABLE} AND {_WHOLE} AND {_UNLIMITED}")
    except LostRace:
        if not limits.are_set_for(label):
            raise
        return _intend_within(label, now)
    return None


def _intend_within(label: Label, now: datetime) -> limits.Refusal | None:
    """Count and write in one transaction, so that two purchases at once do not both take what is
    left."""
    with transaction.atomic(durable=True):
        refusal = limits.refusal_of(label, now=now)
        if refusal is None:
            _move(label, now, f"{_USABLE} AND {_WHOLE}")
    return refusal


def _move(label: Label, now: datetime, given: str) -> None:
    LABEL.move(
        label,
        "buying",
        writes.Given(given, [label.account.key_sealed]),
        intent_at=now,
        place=_place(label, now),
        attempts=label.attempts + 1,
        reason="",
        code="",
    )


def _check_account(label: Label) -> None:
    """AccountPaused or KeyReplaced, if that is why the intent was not written."""
    accounts = LabelAccount.objects.select_related("shop__authorization", "workspace")
    account = accounts.get(pk=label.account_id)
    if account.state != "active":
        words = f"{account.name} is {account.state}. {account.paused_because}".strip()
        raise AccountPaused(words, "account_paused")
    if account.key_sealed != label.account.key_sealed:
        label.account = account
        raise KeyReplaced(f"{account.name} has another key now.", "retry")


def _place(label: Label, now: datetime) -> int:
    """Where this thread bought last, else a place at the account that nobody buys at. The database
    refuses two purchases at one place, so looking without a lock, or not at all, is enough."""
    if getattr(_mine, "place", None) not in range(settings.PURCHASES_PER_ACCOUNT):
        _check_account(label)
        _mine.place = random.choice(_free_places(label, now))  # noqa: S311 - no secret
    place: int = _mine.place
    return place


def _free_places(label: Label, now: datetime) -> list[int]:
    """Places nobody buys at, those of dead buyers among them. AccountBusy when there are none."""
    buying = Label.objects.filter(account_id=label.account_id, state="buying")
    taken = dict(buying.exclude(place=None).values_list("place", "intent_at"))
    if dead := [n for n, since in taken.items() if since and since < now - LONGEST_CALL]:
        buying.filter(place__in=dead, intent_at__lt=now - LONGEST_CALL).update(place=None)
    alive = set(taken) - set(dead)
    if len(alive) >= settings.PURCHASES_PER_ACCOUNT:
        raise AccountBusy
    return sorted(set(range(settings.PURCHASES_PER_ACCOUNT)) - alive)
