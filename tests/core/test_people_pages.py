"""Sign-up to a workspace, the team page, notifications, the audit trail, pages for what goes
wrong."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry, Invitation, Membership, Notification, Role, User, Workspace
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace("Glow")


@pytest.fixture
def as_owner(client: Client, glow: Workspace) -> Client:
    client.force_login(factories.member(glow, Role.OWNER))
    return client


def test_signing_up_leads_to_a_new_workspace_and_its_plan(client: Client) -> None:
    fields = {"email": "me@example.com", "password1": "quiet-otter-19"}
    response = client.post("/accounts/signup/", fields, follow=True)
    assert response.redirect_chain[-1][0] == "/new-workspace/"
    response = client.post(
        "/new-workspace/", {"name": " Glow  & Go ", "time_zone": "UTC"}, follow=True
    )
    assert response.redirect_chain[-1][0] == "/w/glow-go/"
    assert Workspace.objects.get().name == "Glow & Go"
    assert "Connect your TikTok Shop" in response.content.decode()


def test_a_workspace_needs_a_name_and_a_known_zone(client: Client) -> None:
    client.force_login(factories.user())
    response = client.post("/new-workspace/", {"name": "  ", "time_zone": "Moon/Base"})
    assert response.status_code == 422
    assert not Workspace.objects.exists()


def test_signing_in_by_code_works_with_the_mailed_code(client: Client, mailoutbox: list) -> None:
    factories.user("me@example.com")
    client.post("/accounts/login/code/", {"email": "me@example.com"})
    code = re.search(r"^[A-Z0-9-]{6,}$", mailoutbox[0].body, re.MULTILINE)
    assert code
    response = client.post("/accounts/login/code/confirm/", {"code": code[0]}, follow=True)
    assert response.redirect_chain[-1][0] == "/new-workspace/"


def test_a_password_is_reset_by_the_mailed_link(client: Client, mailoutbox: list) -> None:
    person = factories.user("me@example.com", "an-old-otter-1")
    client.post("/accounts/password/reset/", {"email": "me@example.com"})
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mailoutbox[0].body)
    assert link
    form = client.get(link[1], follow=True)
    address = form.redirect_chain[-1][0]
    new = "a-quiet-otter-7"
    client.post(address, {"password1": new, "password2": new})
    person.refresh_from_db()
    assert person.check_password(new)


def test_wrong_passwords_are_slowed_down(client: Client) -> None:
    factories.user("slow@example.com", "a-slow-otter-2")
    wrong = {"login": "slow@example.com", "password": "wrong"}
    shown = [client.post("/accounts/login/", wrong).content.decode() for _ in range(7)]
    assert "Too many failed" in shown[-1]
    assert "Too many failed" not in shown[0]


def test_home_remembers_the_workspace_used_last(client: Client, glow: Workspace) -> None:
    person = factories.member(glow)
    other = factories.workspace("Other")
    factories.member(other, who=person)
    client.force_login(person)
    assert client.get("/")["Location"] == f"/w/{glow.slug}/"
    client.get(f"/switch/{other.slug}/")
    assert client.get("/")["Location"] == f"/w/{other.slug}/"
    assert client.get(f"/switch/{factories.workspace().slug}/").status_code == 404


def test_an_owner_invites_and_the_person_joins_through_sign_up(
    as_owner: Client, glow: Workspace
) -> None:
    as_owner.post(f"/w/{glow.slug}/team/invite/", {"email": "new@example.com", "role": "packer"})
    invitation = Invitation.objects.get()
    visitor = Client()
    path = f"/invitations/{invitation.token}/"
    assert "Sign up as new@example.com" in visitor.get(path).content.decode()
    fields = {"email": "new@example.com", "password1": "quiet-otter-19", "next": path}
    response = visitor.post("/accounts/signup/", fields)
    assert response["Location"] == path
    response = visitor.post(f"{path}accept/", follow=True)
    assert response.redirect_chain[-1][0] == f"/w/{glow.slug}/"
    assert Membership.objects.get(user__email="new@example.com").role == Role.PACKER
    again = visitor.get(path)
    assert again.status_code == 410
    assert "Each link works once" in again.content.decode()


def test_an_invited_person_with_an_account_is_asked_to_sign_in(
    client: Client, glow: Workspace
) -> None:
    factories.user("new@example.com")
    invitation = factories.invitation(glow)
    page = client.get(f"/invitations/{invitation.token}/").content.decode()
    assert "Sign in as new@example.com" in page
    assert client.post(f"/invitations/{invitation.token}/accept/").status_code == 302
    assert not Membership.objects.exists()


def test_inviting_a_member_is_refused_beside_the_field(as_owner: Client, glow: Workspace) -> None:
    email = User.objects.get().email
    response = as_owner.post(f"/w/{glow.slug}/team/invite/", {"email": email, "role": "packer"})
    assert response.status_code == 422
    assert "already a member" in response.content.decode()
    assert "data-open-now" in response.content.decode()


def test_roles_change_in_place_and_the_last_owner_is_told_why_not(
    as_owner: Client, glow: Workspace
) -> None:
    packer = Membership.objects.get(user=factories.member(glow, Role.PACKER))
    url = f"/w/{glow.slug}/team/{packer.pk}/role/"
    response = as_owner.post(url, {"role": "manager"}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "is now manager" in response["HX-Trigger"]
    packer.refresh_from_db()
    assert packer.role == Role.MANAGER
    own = Membership.objects.get(workspace=glow, role=Role.OWNER)
    response = as_owner.post(f"/w/{glow.slug}/team/{own.pk}/role/", {"role": "viewer"})
    assert response.status_code == 422
    assert "needs an owner" in response.content.decode()


def test_an_unknown_role_changes_nothing(as_owner: Client, glow: Workspace) -> None:
    own = Membership.objects.get()
    response = as_owner.post(f"/w/{glow.slug}/team/{own.pk}/role/", {"role": "emperor"})
    assert response.status_code == 422
    own.refresh_from_db()
    assert own.role == Role.OWNER


def test_removing_and_leaving(as_owner: Client, glow: Workspace) -> None:
    packer = factories.member(glow, Role.PACKER)
    viewer = factories.member(glow, Role.VIEWER)
    pk = Membership.objects.get(user=packer).pk
    as_owner.post(f"/w/{glow.slug}/team/{pk}/remove/")
    leaver = Client()
    leaver.force_login(viewer)
    leaver.post(f"/w/{glow.slug}/team/leave/")
    assert list(Membership.objects.filter(workspace=glow).values_list("role", flat=True)) == [
        "owner"
    ]
    response = as_owner.post(f"/w/{glow.slug}/team/leave/", follow=True)
    assert "needs an owner" in response.content.decode()


def test_a_withdrawn_invitation_stops_working(as_owner: Client, glow: Workspace) -> None:
    invitation = factories.invitation(glow)
    as_owner.post(f"/w/{glow.slug}/team/invitations/{invitation.pk}/revoke/")
    assert Client().get(f"/invitations/{invitation.token}/").status_code == 410


def test_the_workspace_is_renamed_and_an_empty_name_refused(
    as_owner: Client, glow: Workspace
) -> None:
    url = f"/w/{glow.slug}/team/workspace/"
    as_owner.post(url, {"name": "Shine", "time_zone": "America/Chicago"})
    glow.refresh_from_db()
    assert (glow.name, glow.time_zone) == ("Shine", "America/Chicago")
    assert AuditEntry.objects.get().detail["before"]["name"] == "Glow"
    assert as_owner.post(url, {"name": "", "time_zone": "UTC"}).status_code == 422


def test_a_viewer_sees_the_team_and_can_change_nothing(client: Client, glow: Workspace) -> None:
    client.force_login(factories.member(glow, Role.VIEWER))
    html = client.get(f"/w/{glow.slug}/team/").content.decode()
    assert "Members" in html
    assert "<select" not in html
    assert "Invite somebody" not in html


def test_notifications_are_marked_seen_one_by_one_or_all(as_owner: Client, glow: Workspace) -> None:
    first, _ = factories.notification(glow), factories.notification(glow)
    elsewhere = factories.notification(factories.workspace())
    url = f"/w/{glow.slug}/notifications/seen/"
    as_owner.post(url, {"id": first.pk})
    assert Notification.objects.filter(workspace=glow, seen_at=None).count() == 1
    as_owner.post(url)
    assert not Notification.objects.filter(workspace=glow, seen_at=None).exists()
    elsewhere.refresh_from_db()
    assert elsewhere.seen_at is None


def test_the_audit_trail_pages_without_gaps_or_repeats(as_owner: Client, glow: Workspace) -> None:
    at = timezone.now()
    for number in range(120):
        factories.audit_entry(glow, summary=f"Entry-{number:03}.", at=at)
    seen: list[str] = []
    query = ""
    while True:
        html = as_owner.get(f"/w/{glow.slug}/audit/{query}").content.decode()
        seen += re.findall(r"Entry-\d{3}", html)
        more = re.search(r"\?before=\d+", html)
        if not more:
            break
        query = more[0]
    assert seen == [f"Entry-{number:03}" for number in reversed(range(120))]


def test_the_audit_trail_shows_one_subject_with_the_persons_name(
    as_owner: Client, glow: Workspace
) -> None:
    person = factories.user("named@example.com")
    factories.audit_entry(glow, subject=f"user:{person.pk}", summary="Changed a role")
    factories.audit_entry(glow, subject="order:7", summary="Bought something")
    html = as_owner.get(f"/w/{glow.slug}/audit/?subject=user:{person.pk}").content.decode()
    assert "named@example.com" in html
    assert "Bought something" not in html


@pytest.mark.parametrize("before", ["x", "99999999999999999999999", "-1", "0"])
def test_a_made_up_place_in_the_trail_is_no_error(
    as_owner: Client, glow: Workspace, before: str
) -> None:
    assert as_owner.get(f"/w/{glow.slug}/audit/?before={before}").status_code == 200


def test_refusals_and_missing_pages_are_words(client: Client, glow: Workspace) -> None:
    client.force_login(factories.member(glow, Role.PACKER))
    refused = client.get(f"/w/{glow.slug}/audit/")
    assert refused.status_code == 403
    assert "As packer you cannot change shops" in refused.content.decode()
    missing = client.get("/w/nobody/")
    assert missing.status_code == 404
    assert "not a member of" in missing.content.decode()


def test_the_page_for_our_own_mistakes_needs_nothing(client: Client) -> None:
    from django.test import RequestFactory

    from core.pages import server_error

    response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert b"Labels are safe" in response.content


def test_a_form_from_before_signing_in_is_explained(glow: Workspace) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(factories.member(glow))
    response = strict.post(f"/w/{glow.slug}/team/leave/")
    assert response.status_code == 403
    assert "out of date" in response.content.decode()


def test_no_page_has_inline_styles_or_handlers(as_owner: Client, glow: Workspace) -> None:
    factories.audit_entry(glow)
    factories.invitation(glow)
    for path in ("team/", "audit/", "notifications/", ""):
        response = as_owner.get(f"/w/{glow.slug}/{path}")
        html = response.content.decode()
        assert not re.search(r"\sstyle=|\son[a-z]+=\"", html), path
        assert "style-src 'self'" in response["Content-Security-Policy"]
