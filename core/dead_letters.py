"""Events that nobody could handle: tried again or dismissed by a person; and what is forgotten."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from core import audit
from core.deliveries import Unreadable
from core.inbox import sources, wake
from core.jobs import job
from core.models import User, WebhookEvent

ROWS_DAYS = 90  # so long a repeated delivery is known to be one
_SOME = 2_000
_SETTLED = ("parked", "done")


def replay(events: "QuerySet[WebhookEvent]", *, by: User, now: datetime) -> int:
    """Have parked or done events handled again, as if they had just come; how many. One that could
    not be read is read again first, and stays where it is if it still cannot."""
    with transaction.atomic():
        _read_again(events.filter(state="parked", event="?"))
        some = events.filter(state__in=_SETTLED).exclude(event="?").exclude(body=b"")
        told = _per_workspace(some)
        count = some.filter(state__in=_SETTLED).update(
            state="waiting", attempts=0, due_at=now, done_at=None, reason="", code="", outcome=""
        )
        _record(told, "webhooks.replayed", "Had {} handled again", by)
    if count:
        wake()
    return count


def dismiss(events: "QuerySet[WebhookEvent]", why: str, *, by: User, now: datetime) -> int:
    """Settle dead letters that need nothing any more; how many."""
    with transaction.atomic():
        some = events.filter(state="parked")
        told = _per_workspace(some)
        count = some.filter(state="parked").update(
            state="done", done_at=now, outcome=f"Dismissed: {why}"[:200]
        )
        _record(told, "webhooks.dismissed", "Dismissed {}", by)
    return count


def _read_again(events: "QuerySet[WebhookEvent]") -> None:
    for row in events:
        try:
            found = sources()[row.provider].identify(bytes(row.body))
        except Unreadable:
            continue
        WebhookEvent.objects.filter(pk=row.pk).update(
            event=found.event, owner=found.owner, subject=found.subject, sent_at=found.sent_at
        )


def _per_workspace(events: "QuerySet[WebhookEvent]") -> dict[int, int]:
    counted = events.order_by().exclude(workspace=None).values("workspace_id")
    return dict(counted.annotate(n=Count("pk")).values_list("workspace_id", "n"))


def _record(told: dict[int, int], action: str, words: str, by: User) -> None:
    for workspace_id, count in told.items():
        noun = "1 event" if count == 1 else f"{count:,} events"
        audit.record(workspace_id, action, "webhooks", words.format(noun), actor=by)


@job
def forget_old() -> int:
    """Empty the bodies of done events after WEBHOOK_KEEP_DAYS, and delete their rows after
    ROWS_DAYS; how many were touched. Dead letters stay until somebody settles them."""
    now = timezone.now()
    keep = timedelta(days=settings.WEBHOOK_KEEP_DAYS)
    done = WebhookEvent.objects.filter(state="done")
    full = done.filter(received_at__lt=now - keep).exclude(body=b"")
    old = done.filter(received_at__lt=now - max(keep, timedelta(days=ROWS_DAYS)))
    touched = 0
    # In pieces, so that no statement holds many rows for long.
    while ids := list(old.values_list("pk", flat=True)[:_SOME]):
        touched += WebhookEvent.objects.filter(pk__in=ids).delete()[0]
    while ids := list(full.values_list("pk", flat=True)[:_SOME]):
        touched += WebhookEvent.objects.filter(pk__in=ids).update(body=b"")
    return touched
