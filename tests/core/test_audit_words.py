"""The audit trail in words a person understands, with the code that support asks for."""

import pytest
from django.test import Client
from django.utils import timezone

from core.audit_words import action_words, subjects_of
from core.models import AuditEntry, Batch, Workspace
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace(slug="desk")


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("label.bought", "Label bought"),
        ("order.hold", "Hold of an order"),
        ("account.key_replaced", "Key of a label account replaced"),
        ("something.new_here", "Something new here"),
    ],
)
def test_an_action_is_read_as_words(action, words) -> None:
    assert action_words(action) == words


def test_subjects_have_todays_names_and_their_pages(desk) -> None:
    order = factories.order(desk, tiktok_id="576900000000000231")
    shop = order.shop
    account, box = factories.account(desk, name="Our EasyPost"), factories.preset(desk)
    batch = Batch.objects.create(workspace=desk, kind="buy", created_at=timezone.now())
    person = factories.member(desk)
    for subject in (
        f"order:{order.pk}", f"shop:{shop.pk}", f"account:{account.pk}", f"parcel:{box.pk}",
        f"batch:{batch.pk}", f"user:{person.pk}",
    ):  # fmt: skip
        factories.audit_entry(desk, subject=subject)
    found = subjects_of(desk, AuditEntry.objects.all())
    assert found[f"order:{order.pk}"].words == "Order 5769…231"
    assert found[f"order:{order.pk}"].url == f"/w/desk/orders/{order.pk}/"
    assert found[f"shop:{shop.pk}"].words == shop.name
    assert found[f"account:{account.pk}"].words == "Our EasyPost"
    assert found[f"parcel:{box.pk}"].words == "Box “Small box”"
    assert found[f"batch:{batch.pk}"].url == f"/w/desk/batches/{batch.public_id}/"
    assert found[f"user:{person.pk}"].words == str(person)


def test_rules_and_presets_lead_to_where_they_are_written(desk) -> None:
    rule, preset = factories.rule(desk, name="Heavy"), factories.quick(desk, key=4)
    factories.rule_set(desk, number=3)
    override = factories.override(desk)
    told = f"policy:{override.market}:{override.key}"
    for subject in (f"rule:{rule.pk}", "ruleset:3", f"preset:{preset.pk}", told, "rule:999999"):
        factories.audit_entry(desk, subject=subject)
    found = subjects_of(desk, AuditEntry.objects.all())
    assert found[f"rule:{rule.pk}"].words == "Rule “Heavy”"
    assert found[f"rule:{rule.pk}"].url == f"/w/desk/settings/rules/{rule.pk}/"
    assert found["ruleset:3"].url == "/w/desk/settings/rules/"
    assert found[f"preset:{preset.pk}"].words == "Preset 4 “Fragile”"
    assert found[f"preset:{preset.pk}"].url == f"/w/desk/settings/presets/{preset.pk}/"
    assert "regular order" in found[told].words
    assert found[told].url == "/w/desk/rules/?market=US"
    assert found["rule:999999"].url == ""


def test_what_is_gone_foreign_or_strange_is_named_by_its_kind_and_leads_nowhere(desk) -> None:
    foreign = factories.order(factories.workspace())
    for subject in (
        f"order:{foreign.pk}", "account:x", "orders:1200", "webhooks", "order:9" + "9" * 30
    ):  # fmt: skip
        factories.audit_entry(desk, subject=subject)
    found = subjects_of(desk, AuditEntry.objects.filter(workspace=desk))
    assert all(subject.url == "" for subject in found.values())
    assert found[f"order:{foreign.pk}"].words == "Order"
    assert found["account:x"].words == "Label account"
    assert found["orders:1200"].words == "1,200 orders"
    assert found["webhooks"].words == "Events from outside"


def test_the_page_says_what_was_done_links_what_it_is_about_and_keeps_the_code(
    desk, client: Client
) -> None:
    client.force_login(factories.member(desk))
    order = factories.order(desk, tiktok_id="576900000000000231")
    factories.audit_entry(
        desk, action="label.bought", subject=f"order:{order.pk}", summary="UPS Ground, $7.10"
    )
    page = client.get("/w/desk/audit/").content.decode()
    for words in (
        "<strong>Label bought</strong>", "UPS Ground, $7.10", "label.bought · order:",
        f'<a href="/w/desk/orders/{order.pk}/">Order 5769…231</a>',
    ):  # fmt: skip
        assert words in page, words
    about = client.get(f"/w/desk/audit/?subject=order:{order.pk}").content.decode()
    assert f'Everything about <a href="/w/desk/orders/{order.pk}/">Order 5769…231</a>' in about
