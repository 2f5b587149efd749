"""Files for the print service: the row is the job, a worker hands it over, a sweep brings it back.

Handing over may be repeated with the job's key, so a worker may die anywhere.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import files, notifications
from core.access import wreverse
from core.errors import NotAuthorized, Rejected, RemoteError
from core.jobs import job
from core.models import User, Workspace
from core.patience import patience
from core.queues import Queue
from core.states import IllegalMove, LostRace
from shipping.labels import prints
from shipping.labels.pages import DamagedLabel
from shipping.labels.sheets import two_a_page
from shipping.models import PRINT_JOB, Label, PackBench, PrintFile, PrintJob
from shipping.printing.choice import Choice
from shipping.printing.service import Paper, post
from shops.clients import http_client

MOST_TRIES = 8  # about eight minutes: after that the paper is wanted elsewhere
FIRST_PAUSE = patience(seconds=2)
LONGEST_PAUSE = patience(minutes=3)
CLAIM = patience(minutes=1)
KEEP = timedelta(days=30)
_AT_ONCE = 50


def is_offered(workspace: Workspace, user: User) -> bool:
    """Whether this person may print over the service of the server's settings: it is the operator's
    printer, so only in the oldest workspace or for staff."""
    if not settings.PRINT_SERVICE_URL:
        return False
    oldest = Workspace.objects.order_by("created_at", "pk").values_list("pk", flat=True).first()
    return user.is_staff or workspace.pk == oldest


def allowed(choice: Choice, workspace: Workspace, user: User) -> Choice:
    """The choice of a machine, with its browser in place of a service that is not offered."""
    if choice.way == "service" and not is_offered(workspace, user):
        return replace(choice, way="browser")
    return choice


def put_label(
    label: Label, choice: Choice, *, user: User | None, bench: PackBench | None = None
) -> PrintJob:
    """Have one label printed."""
    title = ", ".join(filter(None, (f"Label of order {label.order.tiktok_id}", label.parcel_name)))
    return _put(PrintJob(label=label, bench=bench, title=title), label.workspace_id, choice, user)


def put_file(file: PrintFile, choice: Choice, *, user: User | None) -> PrintJob:
    """Have a print file printed; from here on it keeps its labels together."""
    with transaction.atomic():
        prints.mark_printed(file)
        title = f"Print file {file.number}, {file.label_count} labels"
        return _put(PrintJob(print_file=file, title=title), file.workspace_id, choice, user)


def _put(made: PrintJob, workspace_id: int, choice: Choice, user: User | None) -> PrintJob:
    made.workspace_id, made.asked_by = workspace_id, user
    made.layout, made.printer = choice.paper, choice.printer
    made.save()
    send_job.later(job_id=made.pk)
    return made


def again(row: PrintJob) -> bool:
    """Try a failed job anew; False when it is not failed any more."""
    try:
        with transaction.atomic():
            PRINT_JOB.move(row, "waiting", attempts=0, due_at=timezone.now(), reason="")
            send_job.later(job_id=row.pk)
    except (IllegalMove, LostRace):
        return False
    return True


def of(workspace: Workspace) -> QuerySet[PrintJob]:
    """The workspace's jobs, newest first."""
    rows = PrintJob.objects.filter(workspace=workspace).order_by("-pk")
    return rows.select_related("label__order", "print_file__batch", "asked_by")


@job(queue=Queue.BUYING)
def send_due() -> int:
    """Hand over what is due, and forget what is long done; answers how many were tried."""
    now = timezone.now()
    PrintJob.objects.filter(created_at__lt=now - KEEP).exclude(state="waiting").delete()
    due = PrintJob.objects.filter(state="waiting", due_at__lte=now).order_by("due_at")
    ids = list(due.values_list("pk", flat=True)[:_AT_ONCE])
    for job_id in ids:
        send_job(job_id=job_id)
    return len(ids)


@job(queue=Queue.BUYING)
def send_job(*, job_id: int) -> str:
    """Hand one job over; answers its state. Does nothing for one that another worker holds."""
    row = PrintJob.objects.select_related("workspace", "label", "print_file").get(pk=job_id)
    if not _claim(row, timezone.now()):
        return row.state
    try:
        paper = paper_of(row)
        url, token = settings.PRINT_SERVICE_URL, settings.PRINT_SERVICE_TOKEN
        if not url:
            raise Rejected("There is no print service any more.", provider="print", code="gone")
        post(http_client("print"), url, token, paper)
    except (files.DamagedFile, DamagedLabel):
        _fail(row, "The file is not readable. Fetch the label again, then print it.")
    except (Rejected, NotAuthorized) as error:
        _fail(row, error.message)
    except RemoteError as error:
        _put_off(row, error)
    else:
        _sent(row)
    return row.state


def paper_of(row: PrintJob) -> Paper:
    """The bytes as the printer gets them. DamagedFile or DamagedLabel when they cannot be had."""
    if row.label is not None:
        content, kind = files.read(row.label.file_key), row.label.label_format
    else:
        file = row.print_file
        assert file is not None  # noqa: S101 - the table holds one of the two
        content, kind = files.read(file.file_key), "ZPL" if file.kind == "zpl" else "PDF"
    content = laid_out(content, kind, row.layout)
    return Paper(row.key, row.title, content, kind, row.printer)


def laid_out(content: bytes, kind: str, layout: str) -> bytes:
    """The file on the paper of `layout`; only a PDF can be put on another one."""
    return two_a_page(content) if layout == "letter" and kind == "PDF" else content


def _claim(row: PrintJob, now: datetime) -> bool:
    mine = PrintJob.objects.filter(pk=row.pk, state="waiting", due_at=row.due_at, due_at__lte=now)
    return bool(mine.update(due_at=now + CLAIM))


def _sent(row: PrintJob) -> None:
    now = timezone.now()
    try:
        PRINT_JOB.move(row, "sent", done_at=now, reason="")
    except (IllegalMove, LostRace):
        return
    if row.label_id:
        Label.objects.filter(pk=row.label_id, printed_at=None).update(printed_at=now)
    notifications.settle(row.workspace, _cause())


def _put_off(row: PrintJob, error: RemoteError) -> None:
    tries = row.attempts + 1
    if tries >= MOST_TRIES:
        return _fail(row, error.message)
    now = timezone.now()
    pause = min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)
    PrintJob.objects.filter(pk=row.pk, state="waiting").update(
        attempts=tries,
        reason=error.message[:300],
        due_at=max(error.due_at(now, default=0), now + pause),
    )
    return None


def _fail(row: PrintJob, reason: str) -> None:
    try:
        PRINT_JOB.move(row, "failed", reason=reason[:300], done_at=timezone.now())
    except (IllegalMove, LostRace):
        return
    words = f"{row.title} was not printed: {reason}"
    link = wreverse(row.workspace, "shipping:print-jobs")
    notifications.notify(row.workspace, _cause(), words, level="bad", link=link)


def _cause() -> str:
    return "printing"
