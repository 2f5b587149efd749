"""`manage.py upgrade_check`: what stops an upgrade, and what is only said."""

import io
from collections import namedtuple
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, migrations
from django.utils import timezone
from pytest_django import Settings

from core import upgrades
from core.models import Heartbeat
from core.version import BUILD, VERSION
from shipping import upgrades as shipping_upgrades
from tests import factories

pytestmark = pytest.mark.django_db


def checked() -> tuple[int, str]:
    """The exit code and all that was said."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("upgrade_check", stdout=out, stderr=err)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue() + err.getvalue()
    return 0, out.getvalue() + err.getvalue()


def test_a_database_in_order_can_be_taken_over() -> None:
    factories.shop(factories.workspace())
    Heartbeat.objects.create(process="host:1", version=VERSION, build=BUILD)
    assert checked() == (0, f"Version {VERSION} (build {BUILD}) can take over.\n")


def test_pending_migrations_are_listed_and_do_not_stop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'shipping'")
    code, told = checked()
    assert code == 0
    assert "shipping.0003_ledger_only_grows" in told


def test_what_cannot_be_taken_back_is_named() -> None:
    class Forgets(migrations.Migration):
        operations = [migrations.RunSQL("DELETE FROM orders_order")]

    class Keeps(migrations.Migration):
        operations = [migrations.RunSQL("SELECT 1", migrations.RunSQL.noop)]

    assert not upgrades._is_reversible(Forgets("0009_forgets", "orders"))
    assert upgrades._is_reversible(Keeps("0010_keeps", "orders"))


def test_a_database_of_newer_code_stops() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('orders', '9999_x', now())"
        )
    code, told = checked()
    assert code == 1
    assert "! The database was migrated by newer code: orders.9999_x." in told


def test_a_missing_vault_key_stops(settings: Settings) -> None:
    factories.account(factories.workspace())
    settings.VAULT_KEYS = "fresh:" + "B" * 43 + "="
    code, told = checked()
    assert code == 1
    assert "VAULT_KEYS lacks test" in told


def test_a_worker_that_runs_other_code_stops_until_it_has_ended() -> None:
    row = Heartbeat.objects.create(process="host-2:77", version="0.0.9", build="older")
    code, told = checked()
    assert code == 1
    assert "host-2:77 runs version 0.0.9, build older" in told
    row.seen_at = timezone.now() - timedelta(minutes=10)
    row.save()
    assert checked()[0] == 0


def test_a_full_disk_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10, 9, 1))
    assert [finding.stops for finding in upgrades.disk_space()] == [True]


def test_a_purchase_under_way_stops_and_an_unknown_one_is_said() -> None:
    of = factories.workspace()
    factories.label(factories.order(of), state="unknown", settled_at=None)
    assert [finding.stops for finding in shipping_upgrades.purchases()] == [False]
    factories.label(factories.order(of), state="buying", settled_at=None)
    code, told = checked()
    assert code == 1
    assert "! 1 labels are being bought now" in told
    assert "- 1 purchases have no known outcome" in told


def test_a_running_batch_is_said() -> None:
    factories.batch(factories.workspace())
    code, told = checked()
    assert code == 0
    assert "1 batches are running" in told


def test_a_table_that_only_the_new_code_has_is_no_trouble() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE core_heartbeat")
    code, told = checked()
    assert code == 0
    assert "core.upgrades.workers could not look: not migrated yet" in told
