"""What became of purchases whose answer was lost: the provider is asked, never paid again; at last
a person decides."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from core import audit, notifications
from core.checkpoints import reached
from core.errors import NotAuthorized, RemoteError
from core.http import about
from core.jobs import job
from core.models import ITEM, Batch, BatchItem, User
from core.money import Money
from core.patience import patience
from core.states import IllegalMove, LostRace
from orders import parts
from orders.models import Order
from shipping import accounts
from shipping.labels import documents, telling
from shipping.labels.noting import tell_order
from shipping.labels.person import PAUSE_WITH_PERSON, needs_person, write
from shipping.labels.prints import build_print_files
from shipping.labels.purchase import CannotBuy, settle
from shipping.labels.states import LABEL
from shipping.labels.values import order_number, rate_of
from shipping.models import Label
from shipping.providers.base import BoughtLabel, LabelFormat, Unsupported

log = logging.getLogger(__name__)

# A buyer that has not settled for this long is dead; and only after it is "there is no label" the
# last word, because until then the lost request may still arrive.
CERTAIN_AFTER = patience(minutes=5)
PERSON_AFTER = timedelta(hours=24)
LONGEST_PAUSE = patience(minutes=30)


@job
def reconcile_due() -> int:
    """Settle what can be settled by now; answers how many labels were asked about."""
    now = timezone.now()
    adopt_orphans(now)
    due = _unsettled().filter(state="unknown", due_at__lte=now).order_by("due_at")[:200]
    asked = 0
    for label in due:
        if _claim(label, now):
            ask(label)
            asked += 1
    close_left_rows(now)
    return asked


@job
def ask_now(*, label_id: int) -> str:
    """A person's "Ask again": the same question, at once; answers the label's state."""
    label = _unsettled().get(pk=label_id)
    if label.state == "unknown":
        ask(label)
    return label.state


def adopt_orphans(now: datetime) -> int:
    """Labels whose buyer died between intent and settlement become unknown; answers how many."""
    orphans = _unsettled().filter(state="buying", intent_at__lt=now - CERTAIN_AFTER)
    adopted = 0
    for label in orphans:
        try:
            with transaction.atomic():
                LABEL.move(
                    label,
                    "unknown",
                    due_at=now,
                    attempts=0,
                    reason="The purchase was interrupted before its answer was kept.",
                    code="interrupted",
                )
                tell_order(label, "unknown")
        except LostRace:
            continue
        adopted += 1
    return adopted


def ask(label: Label) -> None:
    """Ask the provider about an unknown label and act on what it says."""
    now = timezone.now()
    try:
        provider = accounts.provider_for(label.account)
        with about(order_number(label)):
            found = provider.find(rate_of(label), key=str(label.key))
    except NotAuthorized as error:
        accounts.pause(label.account, error.message)
        _ask_later(label, now, error.message)
    except RemoteError as error:
        _ask_later(label, now, error.message)
    except Unsupported:
        needs_person(label, now, "This provider cannot be asked what became of a purchase.")
    # A forgotten key, an answer nobody foresaw: still unknown, and the next label is asked about.
    except Exception:
        log.exception("label %s: reconcile", label.pk)
        _ask_later(label, now, "What became of the purchase could not be found out.")
    else:
        reached("reconcile.asked")
        _act_on(label, found, now)


def _act_on(label: Label, found: BoughtLabel | None, now: datetime) -> None:
    if found is not None:
        _bought(label, found)
    elif label.intent_at is None or now - label.intent_at >= CERTAIN_AFTER:
        _not_bought(label, "Not bought: the provider has no label for it.", code="not_bought")
    else:
        _ask_later(label, now, label.reason)


def _ask_later(label: Label, now: datetime, reason: str) -> None:
    attempts = label.attempts + 1
    pause = min(patience(seconds=20) * 2 ** min(attempts, 10), LONGEST_PAUSE)
    if label.needs_person_since:
        pause = PAUSE_WITH_PERSON
    write(label, due_at=now + pause, attempts=min(attempts, 1000), reason=reason[:400])
    if label.intent_at and now - label.intent_at > PERSON_AFTER:
        needs_person(label, now, f"The provider has not said in a day what became of it. {reason}")


def resolve_as_bought(
    label: Label,
    *,
    tracking_number: str,
    provider_label_id: str,
    cost: Money,
    user: User,
) -> None:
    """A person saw the paid label at the provider. CannotBuy (a sentence) unless the label waits
    for a person."""
    _check_waits_for_person(label)
    bought = BoughtLabel(
        provider_label_id=provider_label_id.strip(),
        tracking_number=tracking_number.strip(),
        carrier=label.carrier,
        service=label.service,
        cost=cost,
        label_format=LabelFormat.PDF,
        extra={"resolved_by": str(user.pk)},
    )
    _bought(label, bought, actor=user)


def resolve_as_not_bought(label: Label, *, user: User) -> None:
    """A person saw that there is no such label at the provider; the order can be bought again."""
    _check_waits_for_person(label)
    _not_bought(label, "Not bought, as a member found out.", code="not_bought", actor=user)


def _check_waits_for_person(label: Label) -> None:
    if label.state != "unknown" or label.needs_person_since is None:
        raise CannotBuy("The provider can still tell what became of this label.", "label_unknown")


def _not_bought(label: Label, sentence: str, *, code: str, actor: User | None = None) -> None:
    try:
        with transaction.atomic():
            LABEL.move(
                label,
                "refused",
                settled_at=timezone.now(),
                reason=sentence,
                code=code,
                needs_person_since=None,
            )
            tell_order(label, "")
            audit.record(
                label.workspace_id,
                "label.not_bought",
                f"order:{label.order_id}",
                sentence,
                actor=actor,
                label=label.pk,
            )
            settle_item(label.batch_id, label.order_id, "failed", sentence)
            notifications.settle(label.workspace, f"label:{label.pk}:unknown")
    except LostRace:
        return


def _bought(label: Label, found: BoughtLabel, *, actor: User | None = None) -> None:
    with transaction.atomic():
        settled = settle(label, found, actor=actor)
        if settled:
            settle_item(label.batch_id, label.order_id, "done")
            notifications.settle(label.workspace, f"label:{label.pk}:unknown")
    if settled:
        reached("reconcile.settled")
        telling.tell(label)
        if documents.fetch(label) and label.batch_id:
            build_print_files.later(batch_id=label.batch_id)


def settle_item(batch_id: int | None, order_id: int, state: str, reason: str = "") -> None:
    """Close the row of a batch that was left unknown; a failed one may be tried again."""
    item = BatchItem.objects.filter(batch=batch_id, subject_id=order_id, state="unknown").first()
    if item is None or batch_id is None:
        return
    if state == "done" and (left := _left_to_buy(order_id)):
        state, reason = "failed", left
    fix = "retry" if state == "failed" else ""
    try:
        ITEM.move(item, state, reason=reason[:400], fix=fix, settled_at=timezone.now())
    except (IllegalMove, LostRace):
        return


def _left_to_buy(order_id: int) -> str:
    """What is said of an order in several parcels of which not all have a label; "" of others."""
    order = Order.objects.only("parts", "part").get(pk=order_id)
    numbers = parts.open_parts(order) if order.parts else []
    return f"Bought, but not all of it: {_named(numbers)} still needs a label." if numbers else ""


def _named(numbers: list[int]) -> str:
    return " and ".join(f"parcel {number}" for number in numbers)


def close_left_rows(now: datetime) -> int:
    """Close rows that were noted as unknown just after their label was settled, of the last week's
    batches; answers how many. Nobody else looks at them again."""
    recent = Batch.objects.filter(kind="labels", created_at__gt=now - timedelta(days=7))
    open_label = Label.objects.filter(
        order_id=OuterRef("subject_id"), state__in=["ready", "buying", "unknown"]
    )
    left = BatchItem.objects.filter(~Exists(open_label), batch__in=recent, state="unknown")
    rows = list(left.order_by("pk")[:200])
    labels = Label.objects.filter(order__in=[row.subject_id for row in rows]).order_by("pk")
    newest = {label.order_id: label for label in labels.only("order_id", "state", "reason")}
    for row in rows:
        label = newest.get(row.subject_id)
        if label is None or label.state in ("refused", "dropped"):
            reason = label.reason if label else "No label was bought."
            settle_item(row.batch_id, row.subject_id, "failed", reason)
        else:
            settle_item(row.batch_id, row.subject_id, "done")
    return len(rows)


def _claim(label: Label, now: datetime) -> bool:
    """Take a due label for this sweep; another one leaves it alone for a minute."""
    mine = Label.objects.filter(pk=label.pk, state="unknown", due_at=label.due_at)
    return bool(mine.update(due_at=now + patience(minutes=1)))


def _unsettled() -> "QuerySet[Label]":
    return Label.objects.filter(Q(state="buying") | Q(state="unknown")).select_related(
        "account__shop__authorization", "account__workspace", "workspace", "order"
    )
