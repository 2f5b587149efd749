"""What ends is told in time, in the app and by e-mail, and once for every mark."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from django.core import mail
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from core.models import Notification, Workspace
from core.notifications import mail_owners
from shops import connect, endings, tokens
from shops.clients import use_transport
from shops.models import Authorization
from tests import factories
from tests.shops.sandboxed import Connected, connect_shop

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def workspace() -> Workspace:
    workspace = factories.workspace()
    factories.member(workspace)
    return workspace


def ending(workspace: Workspace, left: timedelta) -> Authorization:
    """A permission that ends in so long."""
    row = factories.authorization(workspace)
    row.refresh_expires_at = timezone.now() + left
    row.save()
    return row


def unseen(workspace: Workspace) -> list[str]:
    found = Notification.objects.filter(workspace=workspace, seen_at=None)
    return list(found.order_by("pk").values_list("text", flat=True))


def mails() -> int:
    return sum(task.task["args"][0] == mail_owners.path for task in OrmQ.objects.all())


def test_a_permission_is_told_at_30_14_7_and_1_days_each_once(workspace: Workspace) -> None:
    row = ending(workspace, 40 * DAY)
    start, told = timezone.now(), []
    for hour in range(0, 40 * 24, 6):
        now = start + timedelta(hours=hour)
        if endings.tell(now=now):
            told.append((row.refresh_expires_at or now) - now)
        Notification.objects.update(seen_at=now)
    assert [round(left / DAY) for left in told] == [30, 14, 7, 1]
    assert Notification.objects.count() == 4
    assert mails() == 4


def test_of_several_marks_passed_at_once_only_the_last_is_told(workspace: Workspace) -> None:
    ending(workspace, 6.5 * DAY)
    assert endings.tell_endings() == 1
    assert endings.tell_endings() == 0
    (text,) = unseen(workspace)
    assert "ends in 6 days" in text


def test_the_end_that_tiktok_announces_is_told_at_once_if_it_is_near(workspace: Workspace) -> None:
    row, now = factories.authorization(workspace), timezone.now()
    endings.announced(row, now + 90 * DAY, now=now)
    assert unseen(workspace) == []
    endings.announced(row, now + 29 * DAY, now=now)
    endings.announced(row, now + 29 * DAY, now=now)
    row.refresh_from_db()
    assert row.end == now + 29 * DAY
    assert len(unseen(workspace)) == 1
    assert endings.days_left(row, now=now) == 29


def test_an_end_that_moved_away_is_told_again_when_it_comes_near(workspace: Workspace) -> None:
    row, now = ending(workspace, 5 * DAY), timezone.now()
    assert endings.tell(now=now) == 1
    Authorization.objects.update(refresh_expires_at=now + 365 * DAY)
    assert endings.tell(now=now) == 0
    row.refresh_from_db()
    assert row.end_told is None
    assert endings.tell(now=now + 340 * DAY) == 1


def test_an_announced_end_that_passed_without_effect_is_forgotten(workspace: Workspace) -> None:
    row, now = factories.authorization(workspace), timezone.now()
    Authorization.objects.update(ends_at=now - 2 * DAY)
    assert endings.tell(now=now) == 0
    row.refresh_from_db()
    assert row.end == row.refresh_expires_at


def test_a_lost_permission_is_not_announced_to_end(workspace: Workspace) -> None:
    row = ending(workspace, 5 * DAY)
    tokens.mark_lost(row, "The seller removed the app.")
    Notification.objects.all().delete()
    assert endings.tell_endings() == 0
    assert endings.days_left(row, now=timezone.now()) is None


def test_a_deauthorized_shop_is_told_in_the_app_and_by_e_mail_once(workspace: Workspace) -> None:
    row = factories.authorization(workspace)
    assert tokens.mark_lost(row, "The seller removed the app.")
    assert not tokens.mark_lost(row, "The seller removed the app.")
    assert unseen(workspace) == ["Glow LLC is no longer connected: The seller removed the app."]
    assert mails() == 1
    mail_owners(notification_id=Notification.objects.get().pk)
    words = "CreatorFlow: Glow LLC is no longer connected: The seller removed the app."
    assert [message.subject for message in mail.outbox] == [words]


def test_connecting_again_takes_the_warning_away(connected: Connected) -> None:
    now = timezone.now()
    endings.announced(Authorization.objects.get(), now + 3 * DAY, now=now)
    assert len(unseen(connected.workspace)) == 1
    connect_shop(connected.sandbox, connected.workspace, connected.user)
    row = Authorization.objects.get()
    assert (row.ends_at, row.end_told) == (None, None)
    assert unseen(connected.workspace) == []


def test_disconnecting_takes_the_warning_away(connected: Connected) -> None:
    now = timezone.now()
    endings.announced(Authorization.objects.get(), now + 3 * DAY, now=now)
    connect.disconnect(connected.shop, connected.user)
    assert unseen(connected.workspace) == []


@pytest.fixture
def silent_host(settings: Settings) -> Iterator[None]:
    """A token host that is down."""
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "key", "secret"
    with use_transport(httpx.MockTransport(lambda request: httpx.Response(503, text="busy"))):
        yield


def test_a_sign_in_that_cannot_be_renewed_alarms_at_6_hours_and_at_1(
    workspace: Workspace, silent_host: None
) -> None:
    row, start = factories.authorization(workspace), timezone.now()
    end = start + timedelta(hours=20)
    Authorization.objects.update(access_expires_at=end)
    alarms: list[datetime] = []
    for minutes in range(0, 21 * 60, 5):
        now = start + timedelta(minutes=minutes)
        before = Notification.objects.count()
        tokens.refresh(now=now)
        if Notification.objects.count() > before:
            alarms.append(now)
        Notification.objects.update(seen_at=now)
    left = [(end - at).total_seconds() / 3600 for at in alarms]
    assert [round(hours) for hours in left] == [6, 1]
    assert all(hours > 0.9 for hours in left)
    assert mails() == 2
    row.refresh_from_db()
    assert row.refresh_alarm == 1
    levels = Notification.objects.order_by("pk").values_list("level", flat=True)
    assert list(levels) == ["warn", "bad"]


def test_a_first_failure_with_hours_left_is_no_alarm_yet(
    workspace: Workspace, silent_host: None
) -> None:
    factories.authorization(workspace)
    now = timezone.now()
    Authorization.objects.update(access_expires_at=now + timedelta(hours=5))
    tokens.refresh(now=now)
    assert unseen(workspace) == []
    tokens.refresh(now=now + timedelta(minutes=70))
    assert len(unseen(workspace)) == 1


def test_a_refresh_that_works_again_takes_the_alarm_away(connected: Connected) -> None:
    row = Authorization.objects.get()
    now = timezone.now()
    Authorization.objects.update(
        refresh_failures=9,
        refresh_error="TikTok is busy.",
        refresh_failing_since=now - timedelta(hours=5),
        access_expires_at=now + timedelta(hours=2),
        next_refresh_at=now,
    )
    endings.alarm(now=now)
    (text,) = unseen(connected.workspace)
    assert "ends in 2 h and cannot be renewed, after 9 tries: TikTok is busy." in text
    token = row.access_token
    Authorization.objects.update(next_refresh_at=now)
    row.refresh_from_db()
    assert tokens.renew(row.pk, token, now=now) != token
    assert unseen(connected.workspace) == []
