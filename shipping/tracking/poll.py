"""Asking where parcels are, for what no webhook told: those that are due, an account at a time."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from core.errors import NotAuthorized, RateLimited, Rejected, RemoteError, Unavailable
from core.http import about
from core.jobs import job
from core.patience import patience
from core.queues import Queue
from shipping import accounts
from shipping.models import Label, LabelAccount
from shipping.providers.base import Can, Provider, Shipped, Tracker, Unsupported
from shipping.tracking.apply import Told, write_down
from shipping.tracking.due import LONGEST, after_failure
from shipping.tracking.normalize import Scan
from shipping.tracking.parse import READERS, tiktok_scan

log = logging.getLogger(__name__)

AT_ONCE = 50  # parcels claimed, and written down, together
CLAIM = patience(minutes=10)
# One sweep asks no longer than this, so that sweeps do not pile up.
SWEEP_SECONDS = 45
# No carrier knows a number in the first hours, and most labels are not handed over yet.
FIRST_AFTER = timedelta(hours=2)


class _Turned(Exception):
    """The account is not to be asked any more for now; until when."""

    def __init__(self, until: datetime) -> None:
        super().__init__(str(until))
        self.until = until


@job(queue=Queue.READING)
def poll_due() -> int:
    """Ask about the parcels that are due, longest due first; answers how many were heard of."""
    started = time.monotonic()
    heard = 0
    while time.monotonic() - started < SWEEP_SECONDS:
        labels = _claim(timezone.now())
        for _, same in groupby(labels, key=lambda label: label.account_id):
            heard += ask_about(list(same), seconds=SWEEP_SECONDS - (time.monotonic() - started))
        if len(labels) < AT_ONCE:
            break
    return heard


@job
def poll_label(*, label_id: int) -> bool:
    """A person's "Ask the carrier now"; True when the provider had something to say."""
    label = _followed().filter(pk=label_id).select_related(*_PARTS).first()
    return label is not None and ask_about([label], seconds=SWEEP_SECONDS) > 0


def ask_about(labels: Sequence[Label], *, seconds: float) -> int:
    """Ask the provider of one account about its labels and write down what it says; answers how
    many it told of. Those it was not asked about in time are due again."""
    ends = time.monotonic() + seconds
    now = timezone.now()
    provider = _provider_of(labels[0].account)
    if provider is None:
        _put_off(labels, now + timedelta(days=1))
        return 0
    news: list[Told] = []
    failed: list[Label] = []
    left = list(labels)
    while left and time.monotonic() < ends:
        try:
            scan = _ask(provider, left[0])
        except _Turned as turned:
            _put_off(left, turned.until)
            left = []
            break
        label = left.pop(0)
        if scan is None:
            failed.append(label)
        else:
            news.append(Told(label, scan))
    write_down(news, now=now)
    _note_failures(failed, now)
    _put_off(left, now)
    return len(news)


def _ask(provider: Provider, label: Label) -> Scan | None:
    """What the provider says; None when it has no answer for this parcel. _Turned when it wants to
    be asked nothing for now."""
    now = timezone.now()
    try:
        with about(label.order.tiktok_id):
            document = cast(Tracker, provider).track(_shipped(label))
    except NotAuthorized as error:
        accounts.pause(label.account, error.message)
        raise _Turned(now + timedelta(hours=1)) from error
    except (RateLimited, Unavailable) as error:
        if isinstance(error, RateLimited) or error.code == "circuit-open":
            raise _Turned(error.due_at(now, default=60)) from error
        return None
    except (Rejected, RemoteError, Unsupported):
        return None
    # An answer nobody foresaw must not keep the other parcels from being asked about.
    except Exception:
        log.exception("label %s: tracking", label.pk)
        return None
    return _read(label, document)


def _read(label: Label, document: Mapping[str, Any]) -> Scan:
    if label.provider == "tiktok":
        return tiktok_scan(document, label.tracking_number, is_part=bool(label.part))
    return READERS[label.provider](document)


def _shipped(label: Label) -> Shipped:
    """TikTok's orders are asked about by the order the label was bought for."""
    order = label.extra.get("order_id") or label.order.tiktok_id
    return Shipped(
        provider_label_id=label.provider_label_id,
        tracking_number=label.tracking_number,
        carrier=label.carrier,
        ref=label.tracker_ref,
        order=str(order),
        is_part=bool(label.part),
    )


def _provider_of(account: LabelAccount) -> Provider | None:
    """The account's provider, if it can be asked where parcels are."""
    if account.state != "active" or account.provider not in READERS:
        return None
    try:
        provider = accounts.provider_for(account)
    # A shop that is not connected, a key that cannot be read: nothing can be asked for now.
    except Exception:
        log.info("account %s cannot be asked about its parcels", account.pk)
        return None
    return provider if Can.TRACK in provider.can else None


_PARTS = ("account__shop__authorization", "account__workspace", "order")


def _followed() -> "QuerySet[Label]":
    """Labels whose parcel can be asked about."""
    since = timezone.now() - LONGEST
    bought = Label.objects.filter(state="bought", settled_at__gte=since)
    return bought.exclude(Q(tracking_number="") & ~Q(provider="tiktok"))


def _claim(now: datetime) -> list[Label]:
    """Take the next due parcels for this sweep, by account; another one leaves them alone."""
    due = _followed().filter(next_poll_at__lte=now, settled_at__lte=now - FIRST_AFTER)
    with transaction.atomic():
        mine = due.order_by("next_poll_at").select_for_update(skip_locked=True, no_key=True)
        pks = list(mine.values_list("pk", flat=True)[:AT_ONCE])
        Label.objects.filter(pk__in=pks).update(next_poll_at=now + CLAIM)
    rows = Label.objects.filter(pk__in=pks).select_related(*_PARTS).defer("spec", "order__raw")
    return list(rows.order_by("account_id", "settled_at"))


def _put_off(labels: Iterable[Label], until: datetime) -> None:
    if pks := [label.pk for label in labels]:
        Label.objects.filter(pk__in=pks).update(next_poll_at=until)


def _note_failures(labels: Sequence[Label], now: datetime) -> None:
    """Ask about them later each time; a tracker that was refused is made anew."""
    for failures, pks in _by_failures(labels):
        Label.objects.filter(pk__in=pks).update(
            poll_failures=F("poll_failures") + 1,
            next_poll_at=after_failure(failures, now),
            tracker_ref="",
        )


def _by_failures(labels: Sequence[Label]) -> Iterator[tuple[int, list[int]]]:
    ordered = sorted(labels, key=lambda label: label.poll_failures)
    for failures, same in groupby(ordered, key=lambda label: label.poll_failures):
        yield failures, [label.pk for label in same]
