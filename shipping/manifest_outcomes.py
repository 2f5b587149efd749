"""What became of a form, written down: made, refused, queued, not known, and its paper."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from core import audit, files, notifications
from core.access import wreverse
from core.errors import RemoteError
from core.patience import patience
from orders.models import OrderEvent
from orders.telling import normal
from shipping.labels.pages import DamagedLabel, count_pages
from shipping.manifest_groups import form_name
from shipping.models import MANIFEST, Label, Manifest
from shipping.providers.carriers import display_name
from shipping.providers.download import PDF
from shipping.providers.manifests import Form, FormState, Manifester

CLAIM = patience(minutes=3)
_FIRST, _LONGEST = patience(seconds=5), patience(minutes=30)
_MOST_TRIES = 40  # of fetching the paper: over half a day


def take(manifest: Manifest, form: Form) -> None:
    """What the provider tells of the form; a paper is fetched by whoever looks next."""
    now = timezone.now()
    if form.state is FormState.REFUSED:
        refuse(manifest, form.message or "The carrier refused the form without a reason.")
    elif form.state is FormState.MADE:
        _settle(manifest, form, now)
    elif manifest.state == "queued":
        later(manifest, "")
    else:
        MANIFEST.move(
            manifest, "queued", provider_id=form.ref, due_at=now + _FIRST, attempts=0, reason=""
        )


def _settle(manifest: Manifest, form: Form, now: datetime) -> None:
    """The form exists: labels that are not on it are free again, the others' orders say so."""
    with transaction.atomic():
        labels = list(Label.objects.filter(manifest=manifest).defer("spec"))
        known = {normal(name) for name in form.on_it}
        left = [one for one in labels if known and not known & _names(one)]
        Label.objects.filter(pk__in=[one.pk for one in left]).update(manifest=None)
        on_it = [one for one in labels if one not in left]
        MANIFEST.move(
            manifest,
            "made",
            provider_id=form.ref,
            form_url=form.url,
            label_count=len(on_it),
            settled_at=now,
            due_at=now,
            attempts=0,
            reason="",
        )
        text = f"On the {title(manifest)}."
        events = [
            OrderEvent(order_id=one.order_id, at=now, kind="label", text=text) for one in on_it
        ]
        OrderEvent.objects.bulk_create(events)
        words = f"{title(manifest)} made, {len(on_it)} labels"
        audit.record(
            manifest.workspace_id, "manifest.made", f"manifest:{manifest.pk}", words, form=form.ref
        )
        notifications.settle(manifest.workspace, _cause(manifest))


def _names(label: Label) -> set[str]:
    return {normal(label.tracking_number), normal(label.provider_label_id)}


def refuse(manifest: Manifest, reason: str) -> None:
    """Certainly not made: its labels are free for another form, and people learn why."""
    with transaction.atomic():
        MANIFEST.move(
            manifest, "refused", reason=reason[:400], settled_at=timezone.now(), due_at=None
        )
        Label.objects.filter(manifest=manifest).update(manifest=None)
        words = f"{title(manifest)} was not made: {reason}"
        audit.record(manifest.workspace_id, "manifest.refused", f"manifest:{manifest.pk}", words)
        notifications.notify(
            manifest.workspace,
            _cause(manifest),
            words,
            level="warn",
            link=wreverse(manifest.workspace, "shipping:manifests"),
        )


def leave_unknown(manifest: Manifest, outcome: object) -> None:
    """Nobody knows yet whether it was made: its labels stay with it, the provider is asked."""
    MANIFEST.move(
        manifest, "unknown", reason=words_of(outcome), due_at=timezone.now() + _FIRST, attempts=0
    )


def later(manifest: Manifest, reason: str) -> None:
    """Nothing new: looked after again after a pause that grows."""
    pause = min(_FIRST * 2 ** min(manifest.attempts, 12), _LONGEST)
    rows = Manifest.objects.filter(pk=manifest.pk, state=manifest.state)
    rows.update(due_at=timezone.now() + pause, reason=reason[:400])
    manifest.reason = reason[:400]


def fetch(manifest: Manifest, provider: Manifester) -> bool:
    """Get the paper and keep it; False, and a reason, when there is none to be had yet."""
    form = Form(manifest.provider_id, FormState.MADE, url=manifest.form_url)
    try:
        document = provider.form_file(form)
        if document.content_type != PDF:
            raise DamagedLabel("is not a PDF")
        pages = count_pages(document.content, "PDF")
        key = files.save(document.content, suffix=".pdf")
    except (RemoteError, DamagedLabel, OSError) as error:
        _file_later(manifest, error)
        return False
    columns = {"file_key": key, "file_pages": pages, "due_at": None, "reason": ""}
    Manifest.objects.filter(pk=manifest.pk).update(**columns)
    manifest.file_key, manifest.reason = key, ""
    return True


def _file_later(manifest: Manifest, error: Exception) -> None:
    words = f"The form {error}." if isinstance(error, DamagedLabel) else words_of(error)
    if manifest.attempts < _MOST_TRIES:
        later(manifest, words)
        return
    Manifest.objects.filter(pk=manifest.pk).update(due_at=None, reason=words[:400])


def title(manifest: Manifest) -> str:
    """The form in words: "USPS SCAN form of 23 November"."""
    day = manifest.mailing_date
    carrier = display_name(manifest.carrier)
    return f"{carrier} {form_name(manifest.carrier)} of {day.day} {day:%B}"


def words_of(outcome: object) -> str:
    """A sentence about what went wrong."""
    if isinstance(outcome, RemoteError):
        return outcome.message[:400]
    return "Whether the form was made is not known yet. The provider is asked."


def on_form(label: Label) -> str:
    """What a person has to know before, and after, a label on a form is given back; "" for one that
    is on none."""
    manifest = label.manifest
    if manifest is None or manifest.state not in ("made", "queued", "asking", "unknown"):
        return ""
    return (
        f"The label is on the {title(manifest)}: {display_name(label.carrier)} does not cancel it "
        "any more, it can only be refunded. Take the parcel out before the form is scanned."
    )


def _cause(manifest: Manifest) -> str:
    return f"manifest:{manifest.pk}"
