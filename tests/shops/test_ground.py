"""What shops stand on: the journal, the pooled wire, rotated secrets, warehouses and carriers."""

from datetime import timedelta
from io import StringIO

import httpx
import pytest
from django.apps import apps
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from core import vault
from core.http import Call
from core.management.commands.rotate_secrets import sealed_columns
from shipping.models import LabelAccount
from shops import journal, wire
from shops.logistics import read_warehouses
from shops.models import ApiCall, Authorization, Warehouse
from tests import factories
from tests.shops.sandboxed import Connected

SECOND = "second:" + "B" * 43 + "="


def call(status: int | None = 200, seconds: float = 0.1, url: str = "https://t.example/a") -> Call:
    return Call("GET", url, status, seconds, "" if status else "ReadTimeout")


@pytest.mark.django_db(transaction=True)
def test_failures_and_slow_calls_are_kept_and_few_of_the_others() -> None:
    journal.flush()
    ApiCall.objects.all().delete()
    workspace = factories.workspace()
    keep = journal.note("TikTok Shop", workspace.pk)
    for _ in range(60):
        keep(call())
    keep(call(seconds=4))
    keep(call(status=None, url="https://t.example/b?app_secret=hush&x=1"))
    journal.flush()
    rows = ApiCall.objects.all()
    assert rows.filter(status=200).count() == 4
    failed = rows.get(status=None)
    assert (failed.path, failed.error, failed.workspace) == ("/b", "ReadTimeout", workspace)
    rows.update(at=timezone.now() - timedelta(days=20))
    assert journal.trim(now=timezone.now()) == 5


def test_the_client_is_kept_open_and_shared() -> None:
    with wire.use_transport(httpx.MockTransport(lambda request: httpx.Response(204))):
        client = wire.http_client()
        assert wire.http_client() is client
        assert client.get("https://t.example").status_code == 204
    assert wire.http_client() is not client
    wire.forget()


@pytest.mark.django_db
def test_every_secret_is_sealed_again_with_the_new_key(settings: Settings) -> None:
    workspace = factories.workspace()
    authorization, account = factories.authorization(workspace), factories.account(workspace)
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = f"{SECOND},{old}"
    first, second = StringIO(), StringIO()
    call_command("rotate_secrets", stdout=first)
    call_command("rotate_secrets", stdout=second)
    assert (
        "shops.Authorization: 2 sealed again, 0 current already, 0 unreadable" in first.getvalue()
    )
    assert "shipping.LabelAccount: 1 sealed again" in first.getvalue()
    assert "shops.Authorization: 0 sealed again, 2 current already" in second.getvalue()
    settings.VAULT_KEYS = SECOND
    authorization = Authorization.objects.get(pk=authorization.pk)
    assert (authorization.access_token, authorization.refresh_token) == ("access", "refresh")
    assert LabelAccount.objects.get(pk=account.pk).key == "EZTK-test"
    assert vault.key_id_of(authorization.access_token_sealed) == "second"


@pytest.mark.django_db
def test_a_secret_nobody_can_read_is_left_alone_and_counted(settings: Settings) -> None:
    row = factories.authorization(factories.workspace())
    Authorization.objects.update(access_token_sealed="lost.abcd")
    settings.VAULT_KEYS = f"{SECOND},{settings.VAULT_KEYS}"
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("rotate_secrets", stdout=told, stderr=StringIO())
    assert "1 sealed again, 0 current already, 1 unreadable" in told.getvalue()
    row.refresh_from_db()
    assert row.access_token_sealed == "lost.abcd"


def test_no_sealed_column_is_forgotten_by_the_rotation() -> None:
    declared = {(model, name) for model, columns in sealed_columns() for name in columns}
    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.name.endswith("_sealed")
    }
    assert declared == named


def test_warehouses_follow_tiktoks_list(connected: Connected) -> None:
    Warehouse.objects.create(
        shop=connected.shop, tiktok_id="gone", name="x", kind="x", effect_status="x"
    )
    count = read_warehouses(shop_id=connected.shop.pk)
    rows = Warehouse.objects.filter(shop=connected.shop)
    assert rows.count() == count > 0
    assert rows.filter(kind="SALES_WAREHOUSE").exists()
    assert not rows.filter(tiktok_id="gone").exists()


def test_each_provider_has_connections_of_its_own() -> None:
    """One that hangs holds what is its own, and nobody waits for a connection of another."""
    with wire.use_transport(httpx.MockTransport(lambda request: httpx.Response(204))):
        assert wire.http_client("shippo") is not wire.http_client("easypost")
        assert wire.http_client("shippo") is wire.http_client("shippo")
        token_host = wire.token_host()
        assert token_host.http is not wire.http_client()
    wire.forget()
