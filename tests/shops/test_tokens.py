"""Access tokens: refreshed once, kept sealed, lost with words."""

import threading
from datetime import timedelta

import httpx
import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from core import vault
from core.errors import NotAuthorized, Unavailable
from core.models import AuditEntry, Notification
from shops import tokens
from shops.clients import tiktok_client
from shops.models import Authorization, Shop
from shops.tiktok_shop.shops import authorized_shops
from tests import factories
from tests.shops.sandboxed import Connected
from tests.shops.token_host import Host, ask, ending
from tests.shops.token_host import host as host


@pytest.mark.django_db
def test_a_good_token_is_handed_out_without_asking_tiktok(host: Host) -> None:
    assert ask(factories.authorization(factories.workspace())) == "access"
    assert host.asked == 0


@pytest.mark.django_db
def test_an_ending_token_is_exchanged_and_both_new_ones_are_kept(host: Host) -> None:
    row = ending(factories.workspace(), seconds=30)
    assert ask(row) == "access-1"
    row.refresh_from_db()
    assert (row.access_token, row.refresh_token) == ("access-1", "refresh-1")
    assert row.access_expires_at > timezone.now() + timedelta(days=6)
    assert row.scopes == ["seller.order.info"]
    assert "refresh-1" not in row.refresh_token_sealed


@pytest.mark.django_db(transaction=True)
def test_racing_processes_make_one_exchange(host: Host) -> None:
    row = ending(factories.workspace(), seconds=-5)
    found: list[str] = []
    gate = threading.Barrier(8)

    def race() -> None:
        try:
            gate.wait()
            found.append(ask(row))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["access-1"] * 8
    assert host.asked == 1


@pytest.mark.django_db
def test_a_dead_refresh_token_is_told_to_people_once(host: Host) -> None:
    workspace = factories.workspace()
    factories.member(workspace)
    row = ending(workspace, seconds=-5)
    host.good = "another"
    for _ in range(2):
        with pytest.raises(NotAuthorized):
            ask(row)
    assert host.asked == 1
    row.refresh_from_db()
    assert row.state == "lost"
    notice = Notification.objects.get(workspace=workspace)
    assert notice.level == "bad"
    assert AuditEntry.objects.filter(action="authorization.lost").count() == 1
    assert mail.outbox == []  # the mail is a job of its own


@pytest.mark.django_db
def test_trouble_at_the_token_host_leaves_a_token_that_still_works_in_use(host: Host) -> None:
    host.failing = lambda: httpx.Response(503, text="busy")
    still_good, over = ending(factories.workspace(), seconds=60), None
    assert ask(still_good) == "access"
    over = ending(factories.workspace(), seconds=-60)
    with pytest.raises(Unavailable):
        ask(over)
    over.refresh_from_db()
    assert (over.state, over.refresh_token) == ("active", "refresh")


@pytest.mark.django_db
def test_tokens_moved_to_another_row_cannot_be_read() -> None:
    workspace = factories.workspace()
    one, two = factories.authorization(workspace), factories.authorization(workspace)
    two.access_token_sealed = one.access_token_sealed
    with pytest.raises(vault.VaultError):
        _ = two.access_token


def test_a_token_tiktok_calls_expired_is_refreshed_once_and_the_call_repeated(
    connected: Connected,
) -> None:
    connected.sandbox.control("POST", "tiktok", {"expire_tokens": True})
    before = Authorization.objects.get().access_token
    assert authorized_shops(tiktok_client(connected.shop))
    assert Authorization.objects.get().access_token != before


def test_a_seller_who_removed_us_is_noted_by_any_call(connected: Connected) -> None:
    connected.sandbox.control("POST", "tiktok", {"deauthorize": True})
    with pytest.raises(NotAuthorized):
        authorized_shops(tiktok_client(connected.shop))
    assert Authorization.objects.get().state == "lost"
    with pytest.raises(NotAuthorized, match="removed"):
        authorized_shops(tiktok_client(connected.shop))


@pytest.mark.django_db
def test_a_late_refusal_of_an_old_token_does_not_undo_a_new_connection() -> None:
    row = factories.authorization(factories.workspace())
    tokens.refused(row.pk, "an older token", "The seller removed CreatorFlow.")
    row.refresh_from_db()
    assert row.state == "active"


@pytest.mark.django_db
def test_a_disconnected_shop_cannot_be_called() -> None:
    shop = factories.shop(factories.workspace())
    Shop.objects.update(disconnected_at=timezone.now())
    shop.refresh_from_db()
    with pytest.raises(NotAuthorized, match="not connected"):
        tiktok_client(shop)


@pytest.mark.django_db
def test_calls_of_a_shop_share_one_limit_whoever_makes_them(settings: Settings) -> None:
    settings.TIKTOK_SHOP_APP_KEY = "key"
    shop = factories.shop(factories.workspace())
    client = tiktok_client(shop)
    assert client.limit_key == f"tiktok:key:{shop.tiktok_id}"
    assert client.limit_key == tiktok_client(shop).limit_key


def unreadable(row: Authorization) -> None:
    Authorization.objects.filter(pk=row.pk).update(
        access_token_sealed="gone.AAAA", refresh_token_sealed="gone.AAAA"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("left", [{"days": 5}, {"seconds": 30}], ids=["good", "ending"])
def test_tokens_that_cannot_be_read_ask_the_seller_to_reconnect(
    host: Host, left: dict[str, float]
) -> None:
    row = ending(factories.workspace(), **left)
    unreadable(row)
    for _ in range(2):
        with pytest.raises(NotAuthorized, match="Reconnect the shop"):
            ask(row)
    row.refresh_from_db()
    assert row.state == "lost"
    assert "Reconnect the shop" in Notification.objects.get().text
    assert host.asked == 0


@pytest.mark.django_db
def test_one_unreadable_row_does_not_stop_the_refresh_of_the_others(host: Host) -> None:
    broken, whole = (ending(factories.workspace(), hours=1) for _ in range(2))
    if broken.pk > whole.pk:
        broken, whole = whole, broken
    unreadable(broken)
    assert tokens.refresh_due() == 1
    broken.refresh_from_db()
    whole.refresh_from_db()
    assert (broken.state, whole.access_token) == ("lost", "access-1")


@pytest.mark.django_db
def test_a_refused_call_with_an_unreadable_row_ends_in_words(host: Host) -> None:
    row = factories.authorization(factories.workspace())
    unreadable(row)
    with pytest.raises(NotAuthorized, match="Reconnect"):
        tokens.refused(row.pk, "access", "The seller removed CreatorFlow.")
    row.refresh_from_db()
    assert row.state == "lost"
