"""A purchase above the limit of one person: asked for by one, decided by another, once."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit, notifications
from core.access import RIGHTS, Right, wreverse
from core.jobs import job
from core.models import Batch, Membership, User, Workspace
from core.money import Money
from orders.models import Order
from shipping import batches, ceilings
from shipping.batch_sheet import sums
from shipping.models import APPROVAL, SpendApproval
from shipping.part_plans import labels_for
from shipping.spend import limits

BUYERS = [role for role, rights in RIGHTS.items() if Right.BUY in rights]


class Refused(Exception):
    """It cannot be asked or decided; the message is a sentence for a person."""


def others_who_may(workspace: Workspace, user: User | None) -> bool:
    """Whether anybody else could approve what `user` asks for."""
    others = Membership.objects.filter(workspace=workspace, role__in=BUYERS)
    return others.exclude(user=user).exists()


def ask(
    workspace: Workspace,
    once: str,
    shown: Mapping[int, Money],
    user: User,
    *,
    label_format: str = "PDF",
    now: datetime,
) -> SpendApproval:
    """Ask for a purchase of what a sheet showed. Refused when nobody else could approve it, or no
    second person is needed. One sheet asks once."""
    known = SpendApproval.objects.filter(workspace=workspace, once=once).first()
    if known is not None:
        return known
    above = limits.above_alone(workspace, shown)
    if above is None:
        raise Refused("No second person is needed for this: buy it yourself.")
    if not others_who_may(workspace, user):
        raise Refused(
            "Nobody else in this workspace may buy labels: invite a manager or another owner, or "
            "select fewer orders."
        )
    (total,) = sums(price for price in shown.values() if price.currency == above.currency)
    with transaction.atomic():
        approval = SpendApproval.objects.create(
            workspace=workspace,
            once=once,
            prices=ceilings.to_json(shown),
            label_format=label_format,
            count=labels_for(shown),
            total=total.amount,
            currency=total.currency,
            asked_by=user,
            asked_at=now,
            expires_at=now + timedelta(hours=above.approval_hours),
        )
        _record(approval, "approval.asked", f"Asked for {_words(approval)}", user)
        words = f"{user} asks a second person to approve {_words(approval)}."
        _tell(approval, _cause(approval), words, "warn", mail=True)
    return approval


def approve(approval: SpendApproval, user: User, *, now: datetime) -> Batch:
    """Start the purchase that was asked for, in the name of who asked. Refused with words when it
    may not be approved (any more), or by this person."""
    expire_due()
    with transaction.atomic():
        row = _locked(approval)
        asker = row.asked_by
        if asker == user:
            raise Refused("Somebody else has to approve what you asked for yourself.")
        if asker is None or not _may_buy(row.workspace, asker):
            raise Refused("Who asked for it may no longer buy labels in this workspace.")
        prices = ceilings.from_json(row.prices)
        orders = Order.objects.of(row.workspace).filter(pk__in=list(prices))
        try:
            batch = batches.start(
                row.workspace,
                orders,
                asker,
                once=row.once,
                prices=prices,
                approved=True,
                label_format=row.label_format,
            )
        except batches.NothingToBuy as problem:
            raise Refused(f"{problem} Refuse it, and select the orders anew.") from problem
        APPROVAL.move(row, "approved", batch=batch, decided_by=user, decided_at=now)
        _record(row, "approval.approved", f"Approved: {_words(row)}", user)
        _told(row, f"{user} approved {_words(row)}: they are being bought.", "info")
    return batch


def refuse(approval: SpendApproval, user: User, *, now: datetime) -> str:
    """Say no; who asked takes the question back by it. Answers the state it ended in."""
    with transaction.atomic():
        row = _locked(approval)
        state = "withdrawn" if row.asked_by == user else "refused"
        APPROVAL.move(row, state, decided_by=user, decided_at=now)
        _record(row, f"approval.{state}", f"{state.capitalize()}: {_words(row)}", user)
        if state == "refused":
            _told(row, f"{user} refused {_words(row)}. Nothing was bought.", "warn")
        else:
            notifications.settle(row.workspace, _cause(row))
    return state


@job
def expire_due() -> int:
    """End questions that nobody answered in time; answers how many."""
    now = timezone.now()
    count = 0
    due = SpendApproval.objects.filter(state="asked", expires_at__lte=now)
    for pk in due.values_list("pk", flat=True):
        with transaction.atomic():
            rows = SpendApproval.objects.select_for_update(of=("self",), skip_locked=True)
            row = rows.select_related("workspace").filter(pk=pk, state="asked").first()
            if row is None:  # decided at this very moment
                continue
            APPROVAL.move(row, "expired", decided_at=now)
            _record(row, "approval.expired", f"Nobody decided in time: {_words(row)}", None)
            words = f"Nobody approved {_words(row)} in time. Nothing was bought."
            _told(row, words, "warn")
            count += 1
    return count


def of(workspace: Workspace) -> "QuerySet[SpendApproval]":
    """The workspace's questions, newest first."""
    rows = SpendApproval.objects.filter(workspace=workspace)
    return rows.select_related("asked_by", "decided_by", "batch").order_by("-asked_at")


def money_of(approval: SpendApproval) -> Money:
    """What it comes to at most."""
    return Money(approval.total, approval.currency)


def _locked(approval: SpendApproval) -> SpendApproval:
    """The row, held until the transaction ends. Refused when it was decided."""
    rows = SpendApproval.objects.select_for_update(of=("self",))
    row = rows.select_related("workspace", "asked_by").get(pk=approval.pk)
    if row.state == "expired":
        raise Refused("It was not approved in time. Select the orders anew: prices change.")
    if row.state != "asked":
        raise Refused(f"It was {row.state} already.")
    return row


def _may_buy(workspace: Workspace, user: User) -> bool:
    members = Membership.objects.filter(workspace=workspace, user=user, role__in=BUYERS)
    return members.exists()


def _words(approval: SpendApproval) -> str:
    noun = "label" if approval.count == 1 else "labels"
    return f"{approval.count:,} {noun} for {money_of(approval)}"


def _cause(approval: SpendApproval) -> str:
    return f"approval:{approval.pk}"


def _told(approval: SpendApproval, words: str, level: str) -> None:
    """The question is answered: its notification goes, and the answer comes."""
    notifications.settle(approval.workspace, _cause(approval))
    _tell(approval, f"{_cause(approval)}:{approval.state}", words, level)


def _tell(
    approval: SpendApproval, cause: str, words: str, level: str, *, mail: bool = False
) -> None:
    link = wreverse(approval.workspace, "shipping:approval", approval_id=approval.pk)
    notifications.notify(approval.workspace, cause, words, level=level, link=link, mail=mail)


def _record(approval: SpendApproval, action: str, words: str, user: User | None) -> None:
    subject = f"approval:{approval.pk}"
    audit.record(approval.workspace, action, subject, words, actor=user, orders=approval.count)
