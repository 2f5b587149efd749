"""Approving and refusing requests to cancel: the intent is on disk before the call leaves, and what
got no answer is resolved by reading the request. The call's key makes a repeated one the same."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from core import audit
from core.jobs import job
from core.models import User, Workspace
from orders import sweep
from orders.cancellations.steps import CLAIM, DONE, step
from orders.models import Cancellation, CancellationAnswer, Order
from shops.clients import tiktok_client
from shops.tiktok_shop.returns import Reason, reject_reasons

AT_ONCE = 20  # answered while a person waits; more of them by a worker


@dataclass(slots=True)
class Outcome:
    """How many requests were answered, how many answers are still under way, and why the others
    were not."""

    done: int = 0
    under_way: int = 0
    problems: list[str] = field(default_factory=list)


def approve(workspace: Workspace, ids: Iterable[int], *, user: User | None) -> Outcome:
    """Agree to these requests: TikTok cancels their orders and pays the buyers back."""
    return _answer(workspace, ids, Wish("approve"), user)


def reject(
    workspace: Workspace, ids: Iterable[int], reason: Reason, *, comment: str, user: User | None
) -> Outcome:
    """Refuse these requests for one of TikTok's reasons: their orders go on."""
    wish = Wish("reject", reason.name[:120], reason.text[:300], comment.strip()[:300])
    return _answer(workspace, ids, wish, user)


def reasons_for(row: Cancellation) -> list[Reason]:
    """TikTok's reasons for refusing this request. Raises the errors of core.errors."""
    return reject_reasons(tiktok_client(row.order.shop), cancel_id=row.tiktok_id)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is answered, with TikTok's reason for a refusal."""

    decision: str
    reason: str = ""
    reason_text: str = ""
    comment: str = ""


def _answer(workspace: Workspace, ids: Iterable[int], wish: Wish, user: User | None) -> Outcome:
    made, outcome = [], Outcome()
    rows = Cancellation.objects.of(workspace).filter(pk__in=list(ids)).select_related("order")
    for row in rows.order_by("answer_by", "pk"):
        if answer := _intend(row, wish, user):
            made.append(answer.pk)
        else:
            words = "it does not wait for an answer any more, or has one"
            outcome.problems.append(f"Order {row.order.tiktok_id}: {words}.")
    if len(made) > AT_ONCE:
        answers_due.later()
        outcome.under_way = len(made)
        return outcome
    states = sweep.each(step, made)
    for answer in CancellationAnswer.objects.filter(pk__in=[pk for pk, _ in states]):
        _count(answer, outcome)
    return outcome


def _count(answer: CancellationAnswer, outcome: Outcome) -> None:
    if answer.state == "done":
        outcome.done += 1
    elif answer.state == "refused":
        number = answer.cancellation.order.tiktok_id
        outcome.problems.append(f"Order {number}: {answer.trouble}")
    else:
        outcome.under_way += 1


def _intend(row: Cancellation, wish: Wish, user: User | None) -> CancellationAnswer | None:
    """The answer as a row that is due; None where there is nothing to answer, or an answer."""
    if not row.is_waiting:
        return None
    try:
        with transaction.atomic():
            answer = CancellationAnswer.objects.create(
                cancellation=row,
                decision=wish.decision,
                reason=wish.reason,
                reason_text=wish.reason_text,
                comment=wish.comment,
                actor=user,
                due_at=timezone.now(),
            )
            because = f": {wish.reason_text}" if wish.reason_text else ""
            audit.record(
                row.workspace_id,
                f"cancellation.{DONE[wish.decision]}",
                f"order:{row.order_id}",
                f"A buyer's request to cancel is to be {DONE[wish.decision]}{because}",
                actor=user,
                cancellation=row.tiktok_id,
                reason=wish.reason,
            )
    except IntegrityError:  # answer_once: a colleague was first
        return None
    return answer


@job
def answers_due() -> int:
    """Take every answer that is due a step further; answers how many there were."""
    ids, count = _claim(), 0
    while ids:
        count += len(ids)
        sweep.each(step, ids)
        ids = _claim()
    return count


def _claim() -> list[int]:
    now = timezone.now()
    due = Q(state__in=("due", "unknown"), due_at__lte=now)
    stale = Q(state="asking", told_at__lt=now - CLAIM, due_at__lte=now)
    with transaction.atomic():
        rows = CancellationAnswer.objects.select_for_update(skip_locked=True).filter(due | stale)
        ids = list(rows.order_by("due_at").values_list("pk", flat=True)[:100])
        CancellationAnswer.objects.filter(pk__in=ids).update(due_at=now + CLAIM)
    return ids


def waiting_of(order: Order) -> Cancellation | None:
    """The order's request that a seller still has to answer."""
    return Cancellation.objects.waiting().filter(order=order).order_by("answer_by").first()
