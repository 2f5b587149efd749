"""From a bought own label to the word to TikTok: its number goes to orders.dispatch, once."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import notifications
from core.access import wreverse
from core.checkpoints import reached
from core.jobs import job
from core.patience import patience
from orders import dispatch
from orders.box_mates import mates_of, together
from shipping.models import Label


def tell(label: Label) -> bool:
    """Hand the number over and note that it is done, in one commit; False when there is nothing to
    hand over (any more) or TikTok was told another number, which the workspace then learns."""
    if label.tell_due_at is None or not label.tracking_number:
        return False
    waiting = Label.objects.filter(pk=label.pk, state="bought", tell_due_at__isnull=False)
    try:
        with transaction.atomic():
            if not waiting.update(tell_due_at=None):
                return False
            for order in together(label.order):
                dispatch.request(
                    order,
                    tracking_number=label.tracking_number,
                    carrier=label.carrier,
                    part=label.part,
                )
    except dispatch.NotYet:  # a voided label's number is out: see what becomes of it first
        waiting.update(tell_due_at=timezone.now() + patience(minutes=1))
        return False
    except (dispatch.DispatchConflict, ValueError) as conflict:
        waiting.update(tell_due_at=None)
        notifications.notify(
            label.order.workspace,
            f"label:{label.pk}:not_told",
            f"TikTok could not be given {label.tracking_number} for order {label.order.tiktok_id}: "
            f"{conflict}",
            level="bad",
            link=wreverse(label.order.workspace, "orders:detail", order_id=label.order_id),
        )
        return False
    label.tell_due_at = None
    return True


def tell_many(labels: Iterable[Label]) -> None:
    """`tell` for labels that were just bought, in a few statements."""
    due = {label.pk: label for label in labels if label.tell_due_at and label.tracking_number}
    if not due:
        return
    try:
        with transaction.atomic():
            waiting = Label.objects.filter(pk__in=due, state="bought", tell_due_at__isnull=False)
            found = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
            waiting.update(tell_due_at=None)
            mates = mates_of(due[pk].order_id for pk in found)
            dispatch.request_many(
                (order, due[pk].tracking_number, due[pk].carrier, due[pk].part)
                for pk in found
                for order in (due[pk].order, *mates.get(due[pk].order_id, ()))
            )
        reached("tell.handed")
    except (dispatch.DispatchConflict, ValueError, IntegrityError):  # one of them: which?
        for label in due.values():
            tell(label)


@job
def tell_due() -> int:
    """Hand over what a killed buyer could not; answers how many."""
    now = timezone.now()
    due = Label.objects.filter(tell_due_at__lte=now, state="bought").select_related(
        "order__workspace"
    )
    told = 0
    for label in due.order_by("tell_due_at")[:500]:
        # Should this one fail, those behind it come first in the next sweep.
        Label.objects.filter(pk=label.pk).update(tell_due_at=now + patience(minutes=10))
        told += tell(label)
    return told
