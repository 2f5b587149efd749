"""Workspaces and their people: invitations work once, the last owner stays, everything is
audited."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import workspaces
from core.models import AuditEntry, Invitation, Membership, Role, User, Workspace
from core.workspaces import Refused
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace("Glow")


@pytest.fixture
def owner(glow: Workspace) -> User:
    return factories.member(glow, Role.OWNER)


def actions(of: Workspace) -> list[str]:
    return list(
        AuditEntry.objects.filter(workspace=of).order_by("pk").values_list("action", flat=True)
    )


def test_whoever_creates_a_workspace_owns_it() -> None:
    person = factories.user()
    made = workspaces.create(person, "Glow & Go", "America/Chicago")
    assert made.slug == "glow-go"
    assert Membership.objects.get(workspace=made).role == Role.OWNER
    assert actions(made) == ["workspace.created"]


def test_equal_names_get_slugs_of_their_own() -> None:
    person = factories.user()
    slugs = [
        workspaces.create(person, name, "UTC").slug for name in ("Glow", "Glow", "Admin", "光")
    ]
    assert slugs == ["glow", "glow-2", "admin-2", "workspace"]


def test_an_invitation_is_mailed_with_its_link(
    glow: Workspace, owner: User, mailoutbox: list, settings: object
) -> None:
    invitation = workspaces.invite(glow, " New@Example.com ", Role.PACKER, by=owner)
    workspaces.mail_invitation(invitation_id=invitation.pk)
    assert mailoutbox[0].to == ["new@example.com"]
    assert f"http://127.0.0.1:8000/invitations/{invitation.token}/" in mailoutbox[0].body
    assert actions(glow) == ["member.invited"]


def test_a_withdrawn_invitation_is_not_mailed(
    glow: Workspace, owner: User, mailoutbox: list
) -> None:
    invitation = workspaces.invite(glow, "new@example.com", Role.PACKER, by=owner)
    pk = invitation.pk
    workspaces.revoke(invitation, by=owner)
    workspaces.mail_invitation(invitation_id=pk)
    assert mailoutbox == []
    assert actions(glow) == ["member.invited", "member.invitation_revoked"]


def test_inviting_again_replaces_the_earlier_link(glow: Workspace, owner: User) -> None:
    first = workspaces.invite(glow, "new@example.com", Role.PACKER, by=owner)
    second = workspaces.invite(glow, "NEW@example.com", Role.VIEWER, by=owner)
    assert list(Invitation.objects.all()) == [second]
    assert "withdrawn" in workspaces.why_not(
        Invitation.objects.filter(pk=first.pk).first(), None, now=timezone.now()
    )


def test_a_member_is_not_invited_again(glow: Workspace, owner: User) -> None:
    with pytest.raises(Refused, match="already a member"):
        workspaces.invite(glow, owner.email.upper(), Role.PACKER, by=owner)


def test_the_link_makes_a_member_once(glow: Workspace, owner: User) -> None:
    invitation = workspaces.invite(glow, "new@example.com", Role.MANAGER, by=owner)
    person = factories.user("new@example.com")
    membership = workspaces.accept(invitation.token, person, now=timezone.now())
    assert (membership.workspace, membership.role) == (glow, Role.MANAGER)
    with pytest.raises(Refused, match="works once"):
        workspaces.accept(invitation.token, person, now=timezone.now())
    assert actions(glow) == ["member.invited", "member.joined"]


def test_a_link_for_another_address_says_which(glow: Workspace, owner: User) -> None:
    invitation = workspaces.invite(glow, "new@example.com", Role.PACKER, by=owner)
    stranger = factories.user("other@example.com")
    with pytest.raises(Refused, match="sent to new@example.com, and you are signed in as other@"):
        workspaces.accept(invitation.token, stranger, now=timezone.now())
    assert not Membership.objects.filter(user=stranger).exists()


def test_a_link_ends_after_seven_days(glow: Workspace, owner: User) -> None:
    invitation = workspaces.invite(glow, "new@example.com", Role.PACKER, by=owner)
    person = factories.user("new@example.com")
    late = timezone.now() + timedelta(days=7, minutes=1)
    with pytest.raises(Refused, match="expired"):
        workspaces.accept(invitation.token, person, now=late)


def test_a_made_up_token_is_refused(db: None) -> None:
    with pytest.raises(Refused, match="does not exist"):
        workspaces.accept("made-up", factories.user(), now=timezone.now())


def test_a_changed_role_is_written_down_with_before_and_after(glow: Workspace, owner: User) -> None:
    packer = factories.member(glow, Role.PACKER)
    membership = Membership.objects.get(user=packer)
    workspaces.change_role(membership, Role.MANAGER, by=owner)
    entry = AuditEntry.objects.get(workspace=glow)
    assert entry.subject == f"user:{packer.pk}"
    assert entry.detail == {"before": "packer", "after": "manager"}
    assert packer.email not in entry.summary


def test_the_last_owner_can_neither_step_down_nor_leave(glow: Workspace, owner: User) -> None:
    membership = Membership.objects.get(user=owner)
    with pytest.raises(Refused, match="needs an owner"):
        workspaces.change_role(membership, Role.VIEWER, by=owner)
    with pytest.raises(Refused, match="needs an owner"):
        workspaces.remove(membership, by=owner)
    membership.refresh_from_db()
    assert membership.role == Role.OWNER
    assert actions(glow) == []


def test_one_of_two_owners_may_go(glow: Workspace, owner: User) -> None:
    other = factories.member(glow, Role.OWNER)
    workspaces.remove(Membership.objects.get(user=owner), by=owner)
    assert list(Membership.objects.filter(workspace=glow).values_list("user", flat=True)) == [
        other.pk
    ]
    assert actions(glow) == ["member.left"]


def test_an_owner_of_another_workspace_does_not_count(glow: Workspace, owner: User) -> None:
    factories.member(factories.workspace("Other"), Role.OWNER)
    with pytest.raises(Refused):
        workspaces.remove(Membership.objects.get(user=owner), by=owner)


def test_someone_already_removed_is_said_to_be(glow: Workspace, owner: User) -> None:
    membership = Membership.objects.get(user=factories.member(glow, Role.PACKER))
    same = Membership.objects.get(pk=membership.pk)
    workspaces.remove(membership, by=owner)
    with pytest.raises(Refused, match="no longer a member"):
        workspaces.change_role(same, Role.VIEWER, by=owner)
