"""Label files: fetched right after the purchase, checked, kept. A paid label without its file is
retried, then shown."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from core import files, writes
from core.checkpoints import reached
from core.errors import NotAuthorized, RemoteError
from core.http import about
from core.jobs import job
from core.models import Batch
from core.patience import patience
from core.queues import Queue
from shipping import accounts
from shipping.labels.noting import tell_order
from shipping.labels.pages import DamagedLabel, count_pages
from shipping.labels.prints import build_print_files
from shipping.labels.values import bought_of, order_number
from shipping.models import Label
from shipping.providers.base import Document, Provider

log = logging.getLogger(__name__)

# After this many tries, about two hours, a person decides; the button "Fetch again" starts over.
MOST_TRIES = 12
LONGEST_PAUSE = patience(minutes=45)
_FIRST_PAUSE = patience(seconds=2)
# One sweep fetches no longer than this, so that sweeps do not pile up.
SWEEP_SECONDS = 50
_SUFFIX = {"PDF": ".pdf", "PNG": ".png", "ZPL": ".zpl"}
_KINDS = {"application/pdf": "PDF", "image/png": "PNG", "application/zpl": "ZPL"}


def fetch(label: Label, provider: Provider | None = None) -> bool:
    """Get and keep the file of a paid label; False when it has to be tried again, which is noted
    with the reason."""
    try:
        provider = provider or accounts.provider_for(label.account)
        with about(order_number(label)):
            document = provider.document(bought_of(label))
        reached("document.fetched")
        found = keep(document)
        reached("document.stored")
    except (RemoteError, DamagedLabel) as error:
        if isinstance(error, NotAuthorized):
            accounts.pause(label.account, error.message)
        _put_off(label, error)
        return False
    # A full disk or an adapter's mistake must not take the paid label down; it is tried again.
    except Exception as error:
        log.exception("label %s: document", label.pk)
        _put_off(label, error)
        return False
    _note_kept(label, found, document.tracking_number)
    reached("document.noted")
    return True


def keep(document: Document) -> dict[str, Any]:
    """Check and store the bytes; answers the label's columns. DamagedLabel when they cannot be
    printed."""
    kind = _KINDS.get(document.content_type)
    if kind is None:
        raise DamagedLabel(f"is {document.content_type or 'of no known kind'}")
    pages = count_pages(document.content, kind)
    key = files.save(document.content, suffix=_SUFFIX[kind])
    return {"file_key": key, "file_pages": pages, "label_format": kind}


def _note_kept(label: Label, found: dict[str, Any], tracking_number: str) -> None:
    columns = found | {"document_due_at": None, "document_error": "", "document_attempts": 0}
    late_number = tracking_number if not label.tracking_number else ""
    if not late_number:
        _write(label, columns)
        return
    columns["tracking_number"] = late_number[:120]
    if label.provider != "tiktok":
        columns["tell_due_at"] = timezone.now()
    with transaction.atomic():
        _write(label, columns)
        tell_order(label, "bought")


def _put_off(label: Label, error: Exception) -> None:
    """Try later, with growing pauses, and say why in a sentence."""
    now = timezone.now()
    tries = label.document_attempts + 1
    pause = min(_FIRST_PAUSE * 2 ** min(tries, 12), LONGEST_PAUSE)
    due_at = (
        max(error.due_at(now, default=0), now + pause)
        if isinstance(error, RemoteError)
        else now + pause
    )
    given_up = tries >= MOST_TRIES
    _write(
        label,
        {
            "document_attempts": tries,
            "document_error": _sentence(error)[:300],
            "document_due_at": None if given_up else due_at,
        },
    )


def _sentence(error: Exception) -> str:
    if isinstance(error, RemoteError):
        return error.message
    if isinstance(error, DamagedLabel):
        return f"The label file {error}."
    return "The label file could not be stored."


def _write(label: Label, columns: dict[str, Any]) -> None:
    writes.change(label, columns)
    for name, value in columns.items():
        setattr(label, name, value)


@job(queue=Queue.BUYING)
def fetch_again(*, label_id: int) -> bool:
    """A person's "Fetch again": start over at once, also for a file that is there but no longer
    readable."""
    label = _with_account().get(pk=label_id, state__in=["bought", "voiding"])
    label.document_attempts = 0
    kept = fetch(label)
    _renew_papers({label.batch_id} if kept else set())
    return kept


@job(queue=Queue.BUYING)
def fetch_due() -> int:
    """Fetch the documents that are due; answers how many were kept."""
    started = time.monotonic()
    kept: list[int | None] = []
    now = timezone.now()
    due = _with_account().filter(document_due_at__lte=now, state="bought")
    for label in due.order_by("document_due_at")[:500]:
        if time.monotonic() - started > SWEEP_SECONDS:
            break
        if _claim(label, now) and fetch(label):
            kept.append(label.batch_id)
    _renew_papers(set(kept))
    return len(kept)


def fetch_late(batch: Batch, *, seconds: float) -> None:
    """Wait for the batch's documents that are still being made, as long as one is due within
    `seconds` from now."""
    ends = timezone.now() + timedelta(seconds=seconds)
    late = Label.objects.filter(batch=batch, state="bought", document_due_at__lte=ends)
    while next_due := late.aggregate(next=Min("document_due_at"))["next"]:
        pause = (next_due - timezone.now()).total_seconds()
        if pause > 0:
            time.sleep(min(pause, 0.5))
            continue
        now = timezone.now()
        for label in _with_account().filter(batch=batch, document_due_at__lte=now)[:50]:
            if _claim(label, now):
                fetch(label)
        if timezone.now() > ends:
            return


def _renew_papers(batch_ids: set[int | None]) -> None:
    for batch_id in batch_ids - {None}:
        build_print_files.later(batch_id=batch_id)


def _claim(label: Label, now: datetime) -> bool:
    """Take a due document for this sweep; another one leaves it alone for two minutes."""
    mine = Label.objects.filter(pk=label.pk, document_due_at=label.document_due_at)
    return bool(mine.update(document_due_at=now + patience(minutes=2)))


def _with_account() -> Any:
    return Label.objects.select_related("account__shop__authorization", "account__workspace")
