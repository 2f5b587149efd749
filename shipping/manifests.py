"""SCAN forms and manifests: made once, read back where the answer was lost, their paper kept.

A form's labels are taken in the same commit as its row, so no label is on two forms of ours. From
"asking" on the provider may have made it: it is asked what became of it, and never for a second one.
"""

import logging
from collections.abc import Callable
from typing import cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import audit
from core.errors import NotAuthorized, OutcomeUnknown, Rejected, RemoteError, Unavailable
from core.jobs import job
from core.models import User, Workspace
from core.patience import patience
from core.queues import Queue
from core.states import IllegalMove, LostRace
from core.vault import VaultError
from shipping import accounts
from shipping import manifest_outcomes as outcomes
from shipping.manifest_groups import group_by_key
from shipping.manifest_outcomes import title
from shipping.models import MANIFEST, Label, Manifest
from shipping.providers.base import Address, Unsupported
from shipping.providers.manifests import Form, FormState, FormWish, Manifester

log = logging.getLogger(__name__)

# A lost request may still arrive for so long; until then "there is none" proves nothing.
CERTAIN_AFTER = patience(minutes=5)

type Outcome = Form | Exception | None


class NothingToPutOnIt(Exception):
    """The labels are on a form already, or not in use any more; the message says so."""


def start(workspace: Workspace, key: str, *, user: User | None) -> Manifest:
    """Take the labels of a group (`Group.key`) and have their form made. NothingToPutOnIt when none
    are left."""
    now = timezone.now()
    with transaction.atomic():
        group = group_by_key(workspace, key, now=now, locked=True)
        if group is None:
            raise NothingToPutOnIt("These labels are on a form already, or were given back.")
        manifest = Manifest.objects.create(
            workspace=workspace,
            account=group.account,
            provider=group.account.provider,
            carrier=group.carrier,
            carrier_account=group.carrier_account,
            postal_code=group.postal_code,
            sender=group.sender,
            mailing_date=group.mailing_date,
            shipped_at=min(place.shipped_at for place in group.places),
            label_count=len(group.places),
            created_by=user,
            created_at=now,
            due_at=now + outcomes.CLAIM,
        )
        taken = Label.objects.filter(pk__in=[place.pk for place in group.places])
        taken.update(manifest=manifest)
        words = f"{title(manifest)} for {manifest.label_count} labels"
        audit.record(workspace, "manifest.started", f"manifest:{manifest.pk}", words, actor=user)
        make.later(manifest_id=manifest.pk)
    return manifest


@job(queue=Queue.BUYING)
def make(*, manifest_id: int) -> str:
    """Ask for a form that is ready, once; answers its state."""
    manifest = _row(manifest_id)
    now = timezone.now()
    wish = _wish(manifest)
    try:
        if not wish.labels:
            outcomes.refuse(manifest, "None of its labels is in use any more.")
            return manifest.state
        provider = _provider(manifest)
        MANIFEST.move(manifest, "asking", asked_at=now, due_at=now + CERTAIN_AFTER)
    except (IllegalMove, LostRace):
        return manifest.state
    except NotAuthorized as error:
        outcomes.refuse(manifest, error.message)
        return manifest.state
    state = record(manifest, provider, wish, _tried(lambda: provider.make_form(wish)))
    if state in ("made", "queued"):  # its paper, or whether it is made by now
        follow.after(0 if state == "made" else 5, manifest_id=manifest.pk)
    return state


def record(manifest: Manifest, provider: Manifester, wish: FormWish, outcome: Outcome) -> str:
    """Write down what became of the one request; answers the form's state."""
    match outcome:
        case Form():
            outcomes.take(manifest, outcome)
        case NotAuthorized():
            outcomes.refuse(manifest, outcome.message)
            accounts.pause(manifest.account, outcome.message)
        case Rejected():
            # Also what is said of labels that are on a form: an earlier request may have come through.
            found = _elsewhere(manifest, provider, wish)
            if isinstance(found, Exception):
                outcomes.leave_unknown(manifest, outcome)
            elif found is None:
                outcomes.refuse(manifest, outcome.message)
            else:
                outcomes.take(manifest, found)
        case Unavailable():
            outcomes.refuse(manifest, f"{outcome.message} Nothing was sent: make the form again.")
        case Unsupported():
            outcomes.refuse(manifest, f"{manifest.account.name} makes no forms for this carrier.")
        case _:
            outcomes.leave_unknown(manifest, outcome)
    return manifest.state


@job(queue=Queue.BUYING)
def follow(*, manifest_id: int) -> str:
    """Look after a form that is under way: ask what became of it, or fetch its paper; answers its
    state."""
    manifest = _row(manifest_id)
    if manifest.state == "ready":
        return str(make(manifest_id=manifest_id))
    try:
        return _followed(manifest)
    except (IllegalMove, LostRace):  # somebody else looked at the same moment, and has the answer
        return manifest.state


def _followed(manifest: Manifest) -> str:
    if manifest.state == "asking":
        if manifest.asked_at and timezone.now() - manifest.asked_at < CERTAIN_AFTER:
            return manifest.state
        outcomes.leave_unknown(
            manifest, OutcomeUnknown("The request was interrupted.", provider=manifest.provider)
        )
    try:
        provider = _provider(manifest)
    except NotAuthorized as error:
        outcomes.later(manifest, error.message)
        return manifest.state
    if manifest.state in ("unknown", "queued"):
        _ask(manifest, provider)
    if manifest.state == "made" and not manifest.file_key:
        outcomes.fetch(manifest, provider)
    return manifest.state


def forget_file(manifest: Manifest) -> None:
    """Its stored paper is damaged: fetched again by whoever looks next."""
    rows = Manifest.objects.filter(pk=manifest.pk, state="made")
    rows.update(file_key="", due_at=timezone.now(), attempts=0)


@job(queue=Queue.BUYING)
def manifests_due() -> int:
    """Look after the forms that are due; answers how many were."""
    now = timezone.now()
    looked_at = 0
    for pk, due_at in Manifest.objects.filter(due_at__lte=now).values_list("pk", "due_at")[:100]:
        mine = Manifest.objects.filter(pk=pk, due_at=due_at)
        if mine.update(due_at=now + outcomes.CLAIM, attempts=F("attempts") + 1):
            follow(manifest_id=pk)
            looked_at += 1
    return looked_at


def _ask(manifest: Manifest, provider: Manifester) -> None:
    wish = _wish(manifest)
    since = manifest.asked_at or manifest.created_at
    if manifest.state == "queued":
        found: Outcome = _tried(lambda: provider.form(manifest.provider_id))
    else:
        found = _tried(lambda: provider.find_form(wish, since=since))
    if isinstance(found, Form) and found.state is FormState.REFUSED:
        found = _elsewhere(manifest, provider, wish) or found
    if isinstance(found, Form):
        outcomes.take(manifest, found)
    elif isinstance(found, Exception):
        if isinstance(found, NotAuthorized):
            accounts.pause(manifest.account, found.message)
        outcomes.later(manifest, outcomes.words_of(found))
    elif timezone.now() - since > CERTAIN_AFTER:
        outcomes.refuse(manifest, f"{manifest.account.name} has no such form: make it again.")
    else:
        outcomes.later(manifest, manifest.reason)


def _elsewhere(manifest: Manifest, provider: Manifester, wish: FormWish) -> Outcome:
    """The form its labels are on after all: a form may be refused because of another that holds
    them. None when there is none."""
    since = manifest.asked_at or timezone.now()
    found = _tried(lambda: provider.find_form(wish, since=since))
    return None if isinstance(found, Form) and found.state is FormState.REFUSED else found


def _row(manifest_id: int) -> Manifest:
    rows = Manifest.objects.select_related("account__workspace", "workspace")
    return rows.get(pk=manifest_id)


def _provider(manifest: Manifest) -> Manifester:
    """The account's provider. NotAuthorized when its key cannot be read."""
    try:
        return cast(Manifester, accounts.provider_for(manifest.account))
    except VaultError as error:
        words = f"The stored key of {manifest.account.name} cannot be read: enter it again."
        raise NotAuthorized(words, provider=manifest.provider) from error


def _wish(manifest: Manifest) -> FormWish:
    """Its labels that are still in use, in the order they were bought."""
    labels = Label.objects.filter(manifest=manifest, state="bought").order_by("settled_at", "pk")
    return FormWish(
        labels=tuple(labels.values_list("provider_label_id", flat=True)),
        sender=Address(**manifest.sender),
        carrier=manifest.carrier,
        carrier_account=manifest.carrier_account,
        shipped_at=manifest.shipped_at,
    )


def _tried(call: Callable[[], Form | None]) -> Outcome:
    try:
        return call()
    # Also a mistake of ours while reading the answer: the form may exist all the same.
    except Exception as error:
        if not isinstance(error, RemoteError | Unsupported):
            log.exception("a form's answer could not be read")
        return error
