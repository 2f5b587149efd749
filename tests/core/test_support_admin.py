"""Support staff look at rows; nothing secret is shown and the audit trail stays as it is."""

import pytest
from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.test import Client

from core.models import AuditEntry
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(factories.user(is_staff=True, is_superuser=True))
    return client


def test_every_list_and_row_of_core_opens(staff: Client) -> None:
    glow = factories.workspace()
    factories.member(glow)
    rows = [glow, factories.audit_entry(glow), factories.notification(glow), factories.batch(glow)]
    rows += [factories.invitation(glow), glow.memberships.get(), glow.memberships.get().user]
    for row in rows:
        place = f"/admin/core/{row._meta.model_name}/"
        assert staff.get(place).status_code == 200, place
        assert staff.get(f"{place}{row.pk}/change/").status_code == 200, place


def test_the_token_of_an_invitation_is_not_shown(staff: Client) -> None:
    invitation = factories.invitation(factories.workspace())
    html = staff.get(f"/admin/core/invitation/{invitation.pk}/change/").content.decode()
    assert invitation.email in html
    assert invitation.token not in html


def test_audit_entries_can_be_neither_changed_nor_deleted(staff: Client) -> None:
    entry = factories.audit_entry(factories.workspace())
    place = f"/admin/core/auditentry/{entry.pk}/"
    assert staff.post(f"{place}change/", {"summary": "Nothing"}).status_code == 403
    assert staff.post(f"{place}delete/", {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get().summary == entry.summary


def test_every_model_of_core_is_there_for_support() -> None:
    from django.apps import apps

    missing = [
        m.__name__
        for m in apps.get_app_config("core").get_models()
        if m not in admin.site._registry
    ]
    assert missing == ["BatchItem"]  # shown inside its batch


def test_the_admin_signs_in_like_everybody_else(client: Client) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "words",
    [
        "UPDATE {} SET summary = 'Nothing'",
        "UPDATE {} SET summary = 'Nothing', actor_id = NULL",
        "DELETE FROM {}",
    ],
)
def test_the_database_itself_keeps_the_audit_trail(words: str) -> None:
    entry = factories.audit_entry(factories.workspace())
    statement = words.format(AuditEntry._meta.db_table)
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEntry.objects.get().summary == entry.summary


def test_what_a_deleted_person_did_stays() -> None:
    person = factories.user()
    entry = factories.audit_entry(factories.workspace(), actor=person)
    person.delete()
    entry.refresh_from_db()
    assert entry.actor is None


def test_every_model_can_be_looked_at_and_only_accounts_of_people_changed(staff: Client) -> None:
    changed = []
    for model, site in admin.site._registry.items():
        if model._meta.app_label not in ("core", "shops", "orders", "shipping"):
            continue
        place = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert staff.get(place).status_code == 200, place
        assert staff.get(f"{place}add/").status_code == 403, place
        request = staff.get(place).wsgi_request
        if site.has_change_permission(request):
            changed.append(model.__name__)
    assert changed == ["User"]
