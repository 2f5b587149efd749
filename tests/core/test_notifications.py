"""People are told once per cause, and owners are mailed."""

from collections.abc import Sequence
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import ClassVar

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from core.models import Notification, Role, Workspace
from core.notifications import mail_due, mail_owners, notify, settle
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace("Glow")


def mails_queued() -> int:
    return sum(1 for row in OrmQ.objects.all() if "mail_owners" in row.task["args"][0])


def test_a_cause_is_told_and_mailed_once_until_it_is_gone(glow: Workspace) -> None:
    assert notify(glow, "shop:1:lost", "The shop is gone.", mail=True)
    assert not notify(glow, "shop:1:lost", "The shop is gone, still.", mail=True)
    assert Notification.objects.get().text == "The shop is gone."
    assert mails_queued() == 1
    settle(glow, "shop:1:lost")
    assert notify(glow, "shop:1:lost", "Gone again.", mail=True)
    assert mails_queued() == 2


def test_causes_of_other_workspaces_do_not_count(glow: Workspace) -> None:
    assert notify(glow, "shop:1:lost", "Gone.")
    assert notify(factories.workspace("Other"), "shop:1:lost", "Gone.")
    settle(glow, "shop:1:lost")
    assert Notification.objects.get(seen_at=None).workspace.name == "Other"


def test_what_need_not_be_mailed_is_not(glow: Workspace) -> None:
    notify(glow, "sheet:1", "Ready.")
    assert mails_queued() == 0


def test_a_text_longer_than_its_column_is_cut(glow: Workspace) -> None:
    assert notify(glow, "c" * 500, "t" * 500)
    row = Notification.objects.get()
    assert (len(row.cause), len(row.text)) == (120, 300)
    assert not notify(glow, "c" * 500, "again")
    settle(glow, "c" * 500)
    assert notify(glow, "c" * 500, "again")


def told(of: Workspace, text: str = "It is gone.") -> Notification:
    """Something that the owners are to be mailed."""
    notify(of, "shop:1:lost", text, mail=True)
    return Notification.objects.get(cause="shop:1:lost", seen_at=None)


def hours_pass(row: Notification, hours: float) -> None:
    """The notification, and the next try of its mail, are so much older."""
    row.refresh_from_db()
    row.created_at -= timedelta(hours=hours)
    if row.mail_due_at:
        row.mail_due_at -= timedelta(hours=hours)
    row.save()


def wait_for_next_try(row: Notification) -> timedelta:
    row.refresh_from_db()
    assert row.mail_due_at is not None
    return row.mail_due_at - timezone.now()


class Postbox(BaseEmailBackend):
    """A mail server that takes mail for everybody, except the `absent`."""

    absent: ClassVar[set[str]] = set()
    taken: ClassVar[list[str]] = []

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if not self.absent.isdisjoint(message.to):
                raise SMTPServerDisconnected("Connection unexpectedly closed")
            self.taken.extend(message.to)
        return len(messages)


@pytest.fixture
def postbox(settings: Settings) -> type[Postbox]:
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Postbox"}}
    Postbox.absent, Postbox.taken = set(), []
    return Postbox


def test_owners_are_mailed_each_on_their_own_and_nobody_else(
    glow: Workspace, mailoutbox: list
) -> None:
    owners = {factories.member(glow, Role.OWNER).email for _ in range(2)}
    factories.member(glow, Role.MANAGER)
    factories.member(factories.workspace("Other"), Role.OWNER)
    row = told(glow)
    assert mail_owners(notification_id=row.pk)
    assert [len(message.to) for message in mailoutbox] == [1, 1]
    assert {message.to[0] for message in mailoutbox} == owners
    assert mailoutbox[0].subject == "CreatorFlow: It is gone."
    assert mailoutbox[0].body == "It is gone."
    assert not mail_owners(notification_id=row.pk)  # also when the queue brings it twice
    assert len(mailoutbox) == 2


def test_a_line_break_in_what_happened_does_not_break_the_mail(
    glow: Workspace, mailoutbox: list
) -> None:
    factories.member(glow, Role.OWNER)
    mail_owners(notification_id=told(glow, "Two\nlines").pk)
    assert mailoutbox[0].subject == "CreatorFlow: Two lines"


def test_a_workspace_without_owners_mails_nobody(glow: Workspace, mailoutbox: list) -> None:
    row = told(glow)
    mail_owners(notification_id=row.pk)
    row.refresh_from_db()
    assert (mailoutbox, row.mail_due_at) == ([], None)


def test_a_mail_that_failed_is_tried_again_for_whom_it_failed_until_it_is_sent(
    glow: Workspace, postbox: type[Postbox]
) -> None:
    ann, bob = (factories.member(glow, Role.OWNER).email for _ in range(2))
    postbox.absent = {ann}
    row = told(glow)
    mail_owners(notification_id=row.pk)
    assert postbox.taken == [bob]
    OrmQ.objects.all().delete()
    assert mail_due() == 0  # not yet
    hours_pass(row, 1)
    assert (mail_due(), mails_queued()) == (1, 1)
    postbox.absent = set()
    mail_owners(notification_id=row.pk)
    row.refresh_from_db()
    assert (postbox.taken, row.mail_due_at) == ([bob, ann], None)


def test_a_mail_waits_longer_with_every_try_and_is_given_up_after_a_day(
    glow: Workspace, postbox: type[Postbox], caplog: pytest.LogCaptureFixture
) -> None:
    postbox.absent = {factories.member(glow, Role.OWNER).email}
    row = told(glow)
    waits = []
    for hours in (0, 0.5, 1, 22):
        hours_pass(row, hours)
        mail_owners(notification_id=row.pk)
        waits.append(wait_for_next_try(row))
    assert waits == sorted(waits)
    assert waits[0] > timedelta(seconds=50)
    assert waits[-1] < timedelta(hours=2, minutes=1)
    hours_pass(row, 3)
    mail_owners(notification_id=row.pk)
    row.refresh_from_db()
    assert row.mail_due_at is None
    assert f"notification {row.pk} could not be mailed to 1 owners in a day" in caplog.text


def test_a_mail_whose_wake_up_was_lost_is_found_by_the_sweep(glow: Workspace) -> None:
    told(glow)
    OrmQ.objects.all().delete()
    assert (mail_due(), mails_queued()) == (1, 1)


def test_what_is_settled_before_it_could_be_mailed_is_not_mailed(
    glow: Workspace, mailoutbox: list
) -> None:
    factories.member(glow, Role.OWNER)
    row = told(glow)
    settle(glow, "shop:1:lost")
    assert not mail_owners(notification_id=row.pk)
    assert mailoutbox == []
