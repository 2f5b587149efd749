"""The word on disk that money may move from here on, within the number of purchases at a time that
an account allows."""

import random
import threading
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from shipping.labels.states import LABEL
from shipping.models import Label, LabelAccount

# No purchase is under way for longer than this: the wire gives up before it.
LONGEST_CALL = timedelta(minutes=2)
# A thread goes where it bought last, so that threads seldom want the same place.
_mine = threading.local()


class CannotBuy(Exception):
    """No money was spent and none will be by this label as it stands; `sentence` says why, `code`
    which fix helps."""

    def __init__(self, sentence: str, code: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


class AccountPaused(CannotBuy):
    """The label account is not in use: a person has to put it right."""


class AccountBusy(Exception):
    """As many purchases as allowed are under way at this account; ask again in a moment."""


def write_intent(label: Label) -> None:
    """Put on disk that money may move from here on, and take one of the account's places for
    purchases at a time. AccountBusy when all are taken."""
    for _ in range(3):
        now = timezone.now()
        place = _free_place(label, now)
        try:
            with transaction.atomic(durable=True):
                LABEL.move(
                    label,
                    "buying",
                    intent_at=now,
                    place=place,
                    attempts=label.attempts + 1,
                    reason="",
                    code="",
                )
            return
        except IntegrityError as error:  # somebody else took the place in this moment
            if "one_purchase_per_place" not in str(error):
                raise
            _mine.place = None
            label.refresh_from_db(fields=["state"])
    raise AccountBusy


def _free_place(label: Label, now: datetime) -> int:
    """A place at the account that nobody buys at. The database refuses two purchases at one place,
    so looking without a lock is enough; places of dead buyers are freed on the way."""
    account = LabelAccount.objects.filter(pk=label.account_id)
    state, reason = account.values_list("state", "paused_because").get()
    if state != "active":
        raise AccountPaused(f"{label.account.name} is {state}. {reason}".strip(), "account_paused")
    buying = Label.objects.filter(account_id=label.account_id, state="buying")
    taken = dict(buying.exclude(place=None).values_list("place", "intent_at"))
    if dead := [n for n, since in taken.items() if since and since < now - LONGEST_CALL]:
        buying.filter(place__in=dead, intent_at__lt=now - LONGEST_CALL).update(place=None)
    alive = set(taken) - set(dead)
    free = set(range(settings.PURCHASES_PER_ACCOUNT)) - alive
    if len(alive) >= settings.PURCHASES_PER_ACCOUNT:
        raise AccountBusy
    if getattr(_mine, "place", None) not in free:
        _mine.place = random.choice(sorted(free))  # noqa: S311 - no secret
    place: int = _mine.place
    return place
