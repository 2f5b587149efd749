"""The steps of one answer: send it, settle it, and find out what a lost reply meant."""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, RemoteError, Unavailable
from core.http import about
from core.patience import patience
from core.states import IllegalMove, LostRace
from orders.cancellations.read import read_one
from orders.models import Cancellation, CancellationAnswer, OrderEvent
from orders.states import ANSWER
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.tiktok_shop.returns import already_decided, approve_cancellation, reject_cancellation

log = logging.getLogger(__name__)

CLAIM = patience(minutes=5)
# A lost call may still arrive: until then a request that is still pending proves nothing.
SETTLED = patience(minutes=2)
DONE = {"approve": "approved", "reject": "refused"}
_PAUSE = patience(seconds=20)
_TRIES = 12


def step(answer_id: int) -> str:
    """Take one answer a step further: send it when due, read the request when unknown. Answers the
    state it is in; any number of processes may call it."""
    parts = ("cancellation__order__shop__authorization", "cancellation__order__shop__workspace")
    answer = CancellationAnswer.objects.select_related(*parts, "actor").get(pk=answer_id)
    try:
        if answer.state == "asking" and answer.told_at and timezone.now() - answer.told_at > CLAIM:
            ANSWER.move(answer, "unknown", trouble="The call was broken off.")
        with about(answer.cancellation.order.tiktok_id):
            if answer.state == "due":
                _send(answer)
            elif answer.state == "unknown":
                _resolve(answer)
    except (LostRace, IllegalMove):
        answer.refresh_from_db()
    return answer.state


def _send(answer: CancellationAnswer) -> None:
    row = answer.cancellation
    now = timezone.now()
    with transaction.atomic(durable=True):
        ANSWER.move(answer, "asking", told_at=now, attempts=F("attempts") + 1, due_at=now + CLAIM)
    answer.refresh_from_db(fields=["attempts"])
    error = _tried(lambda: _call(answer, row))
    match error:
        case None:
            _done(answer)
        case Rejected() if already_decided(error):
            _resolve(answer, because=error)
        case Rejected() | NotAuthorized():
            _refuse(answer, error.message, error.code)
        case Unavailable() if answer.attempts < _TRIES:
            wait = _PAUSE * 2 ** min(answer.attempts, 6)
            due_at = max(error.due_at(now), timezone.now() + wait)
            ANSWER.move(answer, "due", due_at=due_at, trouble=error.message[:400])
        case Unavailable():
            _refuse(answer, error.message, error.code)
        case _:
            _unknown(answer, error)


def _call(answer: CancellationAnswer, row: Cancellation) -> None:
    client = tiktok_client(row.order.shop)
    key = str(answer.key)
    if answer.decision == "approve":
        approve_cancellation(client, cancel_id=row.tiktok_id, key=key)
    else:
        reject_cancellation(
            client,
            cancel_id=row.tiktok_id,
            reason=answer.reason,
            comment=answer.comment,
            key=key,
        )


def _tried(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    # Also a mistake of ours while reading the answer: TikTok may have heard us all the same.
    except Exception as error:
        return error
    return None


def _unknown(answer: CancellationAnswer, error: Exception) -> None:
    if not isinstance(error, OutcomeUnknown):
        log.error("answer %s: unexpected", answer.pk, exc_info=error)
    words = "Whether TikTok heard the answer is not known yet: the request is read again."
    due_at = timezone.now() + _PAUSE
    code = error.code[:20] if isinstance(error, RemoteError) else type(error).__name__[:20]
    ANSWER.move(answer, "unknown", due_at=due_at, trouble=words, code=code)
    _resolve(answer)


def _resolve(answer: CancellationAnswer, because: RemoteError | None = None) -> None:
    """Read the request: what it shows decides. Still pending long after the call: sent again."""
    try:
        row = read_one(answer.cancellation)
    except RemoteError as error:
        _later(answer, error)
        return
    if not row.is_waiting:
        if row.is_agreed == (answer.decision == "approve"):
            _done(answer)
        else:
            became = "approved" if row.is_agreed else "closed"
            words = f"The request was {became} before the answer arrived ({row.ended_words})."
            _refuse(answer, words.replace(" ()", ""), "decided")
    elif because is not None:
        _refuse(answer, because.message, because.code)
    elif answer.told_at and timezone.now() - answer.told_at > SETTLED:
        ANSWER.move(answer, "due", due_at=timezone.now(), trouble="TikTok is told again.")
    else:
        _later(answer)


def _later(answer: CancellationAnswer, error: RemoteError | None = None) -> None:
    """Not known yet: the sweep reads the request again."""
    due_at = timezone.now() + _PAUSE * 2 ** min(answer.attempts, 6)
    if answer.state == "asking":
        words = error.message if error else answer.trouble
        ANSWER.move(answer, "unknown", due_at=due_at, trouble=words[:400])
        return
    CancellationAnswer.objects.filter(pk=answer.pk, state="unknown").update(due_at=due_at)


def _done(answer: CancellationAnswer) -> None:
    row = answer.cancellation
    with transaction.atomic():
        ANSWER.move(answer, "done", done_at=timezone.now(), trouble="", code="")
        because = f": {answer.reason_text.rstrip('.')}" if answer.reason_text else ""
        OrderEvent.objects.create(
            order=row.order,
            kind="cancel",
            text=f"The request to cancel was {DONE[answer.decision]}{because}."[:400],
            actor=answer.actor,
        )
    _reread(row)


def _reread(row: Cancellation) -> None:
    """Request and order as they are now, so that pages say so at once; sync brings what fails."""
    try:
        read_one(row)
        read_orders(row.order.shop, [row.order.tiktok_id])
    except RemoteError as error:
        log.info("order %s after its answer: %s", row.order_id, error.code)


def _refuse(answer: CancellationAnswer, words: str, code: str) -> None:
    """TikTok did not take it: the request may be answered anew, if it still waits."""
    row = answer.cancellation
    with transaction.atomic():
        ANSWER.move(answer, "refused", trouble=words[:400], code=code[:20])
        text = f"The request to cancel could not be {DONE[answer.decision]}: {words}"
        OrderEvent.objects.create(order=row.order, kind="cancel", text=text[:400])
    _reread(row)
