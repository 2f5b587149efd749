"""What is about to end and only a person, or luck, can mend: told in the app and by e-mail, in
time, and once for every mark that is passed.

A permission ends on a day that TikTok names, and the seller has to give it again. A sign-in ends
after a week when TikTok's token host cannot be asked for another, and mends itself when it can.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Least
from django.urls import reverse
from django.utils import timezone

from core import notifications
from core.jobs import job
from shops.models import Authorization

# Days before the end of the permission at which people are told.
DAYS = (30, 14, 7, 1)
# Hours that are left when people are told that refreshing has failed for an hour.
HOURS = (6, 1)
_PATIENCE = timedelta(hours=1)
_DAY = timedelta(days=1)


@job
def tell_endings() -> int:
    """Tell whose permission ends within 30, 14, 7 days or one; answers how many were told."""
    return tell(now=timezone.now())


def tell(*, now: datetime) -> int:
    """The same at a given moment. Of several marks passed since the last look only the last is
    told."""
    _forget(now)
    told = 0
    for row in _ending_by(now + max(DAYS) * _DAY).select_related("workspace"):
        told += _tell(row, now=now)
    return told


def announced(authorization: Authorization, ends_at: datetime, *, now: datetime) -> None:
    """TikTok said when the permission ends: keep it, and tell if a mark has been passed."""
    Authorization.objects.filter(pk=authorization.pk).update(ends_at=ends_at)
    authorization.ends_at = ends_at
    if authorization.state == "active":
        _tell(authorization, now=now)


def days_left(authorization: Authorization | None, *, now: datetime) -> int | None:
    """Whole days until a person has to give the permission again; None when it is lost or has no
    known end."""
    if authorization is None or authorization.state != "active" or authorization.end is None:
        return None
    return max((authorization.end - now).days, 0)


def settle(authorization: Authorization) -> None:
    """The permission was given again: nothing of it is about to end."""
    for mark in DAYS:
        notifications.settle(authorization.workspace, _cause(authorization, mark))
    settle_alarms(authorization)


def alarm(*, now: datetime) -> int:
    """Tell whose sign-in ends within 6 hours, or one, because it cannot be refreshed."""
    failing = Authorization.objects.filter(
        state="active", refresh_failures__gt=0, access_expires_at__lt=now + _hours(max(HOURS))
    )
    told = 0
    for row in failing.select_related("workspace"):
        mark = min(hours for hours in HOURS if row.access_expires_at - now < _hours(hours))
        since = row.refresh_failing_since or now
        if now - since < _PATIENCE and mark != min(HOURS):
            continue
        untold = Q(refresh_alarm=None) | Q(refresh_alarm__gt=mark)
        with transaction.atomic():
            if not failing.filter(untold, pk=row.pk).update(refresh_alarm=mark):
                continue
            text = (
                f"The sign-in of {row.seller_name} {_in_hours(row.access_expires_at - now)} and "
                f"cannot be renewed, after {row.refresh_failures:,} tries: {row.refresh_error}"
            )
            level = "bad" if mark == min(HOURS) else "warn"
            _notify(row, _alarm_cause(row, mark), text, level)
            told += 1
    return told


def settle_alarms(authorization: Authorization) -> None:
    """The sign-in is fresh again: what was said about renewing it is over."""
    for mark in HOURS:
        notifications.settle(authorization.workspace, _alarm_cause(authorization, mark))


def _ending_by(moment: datetime) -> QuerySet[Authorization]:
    # PostgreSQL's LEAST passes over what is null.
    ends = Authorization.objects.annotate(first_end=Least("ends_at", "refresh_expires_at"))
    return ends.filter(state="active", first_end__lt=moment)


def _tell(row: Authorization, *, now: datetime) -> bool:
    passed = [days for days in DAYS if row.end is not None and row.end - now <= days * _DAY]
    if not passed:
        return False
    mark = min(passed)
    untold = Q(end_told=None) | Q(end_told__gt=mark)
    with transaction.atomic():
        if not Authorization.objects.filter(untold, pk=row.pk).update(end_told=mark):
            return False
        for earlier in DAYS:
            notifications.settle(row.workspace, _cause(row, earlier))
        text = (
            f"TikTok's permission for {row.seller_name} {_in_days(row, now)}. "
            "Connect the shop again before that, so that no order is missed."
        )
        _notify(row, _cause(row, mark), text, "warn" if mark > 7 else "bad")
    return True


def _forget(now: datetime) -> None:
    """An end that moved away may be told again when it comes near; one that TikTok announced and
    that passed without effect was none."""
    Authorization.objects.filter(state="active", ends_at__lt=now - _DAY).update(ends_at=None)
    told = Authorization.objects.filter(state="active").exclude(end_told=None)
    near = _ending_by(now + max(DAYS) * _DAY).values("pk")
    told.exclude(pk__in=near).update(end_told=None)


def _notify(row: Authorization, cause: str, text: str, level: str) -> None:
    link = reverse("shops:list", kwargs={"workspace": row.workspace.slug})
    notifications.notify(row.workspace, cause, text, level=level, link=link, mail=True)


def _cause(row: Authorization, mark: int) -> str:
    return f"authorization:{row.pk}:ending:{mark}"


def _alarm_cause(row: Authorization, mark: int) -> str:
    return f"authorization:{row.pk}:refresh:{mark}"


def _in_days(row: Authorization, now: datetime) -> str:
    days = days_left(row, now=now) or 0
    if days:
        return f"ends in {days} day{'' if days == 1 else 's'}"
    return "ends today" if row.end is not None and row.end > now else "has ended"


def _in_hours(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    if minutes <= 0:
        return "has ended"
    return f"ends in {minutes // 60} h" if minutes >= 120 else f"ends in {minutes} min"


def _hours(count: int) -> timedelta:
    return timedelta(hours=count)
