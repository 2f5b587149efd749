"""People are told once per cause, and owners are mailed."""

import pytest
from django_q.models import OrmQ

from core.models import Notification, Role, Workspace
from core.notifications import mail_owners, notify, settle
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


def test_owners_are_mailed_and_nobody_else(glow: Workspace, mailoutbox: list) -> None:
    owners = {factories.member(glow, Role.OWNER).email for _ in range(2)}
    factories.member(glow, Role.MANAGER)
    factories.member(factories.workspace("Other"), Role.OWNER)
    mail_owners(workspace_id=glow.pk, subject="A shop", body="It is gone.")
    assert set(mailoutbox[0].to) == owners
    assert mailoutbox[0].subject == "CreatorFlow: A shop"
    assert mailoutbox[0].body == "It is gone."


def test_a_line_break_in_what_happened_does_not_break_the_mail(
    glow: Workspace, mailoutbox: list
) -> None:
    factories.member(glow, Role.OWNER)
    mail_owners(workspace_id=glow.pk, subject="Two\nlines", body="Two\nlines")
    assert mailoutbox[0].subject == "CreatorFlow: Two lines"


def test_a_workspace_without_owners_mails_nobody(glow: Workspace, mailoutbox: list) -> None:
    mail_owners(workspace_id=glow.pk, subject="A shop", body="It is gone.")
    assert mailoutbox == []
