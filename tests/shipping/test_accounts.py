"""Label accounts: a key is tested before it is kept, and a refusal loses nothing."""

import threading

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from core.errors import NotAuthorized, Unavailable
from core.models import AuditEntry, Notification, User, Workspace
from shipping import accounts
from shipping.models import LabelAccount
from tests import factories
from tests.shipping.easypost_account import BAD, GOOD, OTHER, EasyPost
from tests.shipping.easypost_account import account as account
from tests.shipping.easypost_account import easypost as easypost
from tests.shipping.easypost_account import owner as owner
from tests.shipping.easypost_account import workspace as workspace


def pause(account: LabelAccount) -> None:
    accounts.pause(account, "The key was refused.")
    account.refresh_from_db()


def test_a_tested_key_is_kept_sealed_with_a_hint_and_on_record(
    account: LabelAccount, owner: User
) -> None:
    kept = LabelAccount.objects.get()
    assert (kept.name, kept.mode, kept.state, kept.key_hint) == (
        "EasyPost",
        "test",
        "active",
        "0000",
    )
    assert GOOD not in kept.key_sealed
    assert kept.key == GOOD
    assert kept.checked_at is not None
    entry = AuditEntry.objects.get(action="account.added")
    assert entry.actor == owner
    assert GOOD not in entry.summary


def test_a_refused_key_is_not_kept(easypost: EasyPost, workspace: Workspace, owner: User) -> None:
    with pytest.raises(accounts.BadKey, match="does not accept this key"):
        accounts.add(workspace, "easypost", BAD, user=owner)
    assert not LabelAccount.objects.exists()


@pytest.mark.parametrize("key", ["", "two words", "schlüssel", "x" * 301])
def test_what_cannot_be_a_key_is_not_even_asked_about(
    key: str, easypost: EasyPost, workspace: Workspace
) -> None:
    with pytest.raises(accounts.BadKey, match="Copy it again"):
        accounts.add(workspace, "easypost", key, user=None)


def test_an_unknown_provider_is_a_sentence(workspace: Workspace) -> None:
    with pytest.raises(accounts.BadKey, match="not known"):
        accounts.add(workspace, "stamps", GOOD, user=None)


def test_a_provider_that_is_down_says_so_and_nothing_is_kept(
    easypost: EasyPost, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    easypost.down = True
    with pytest.raises(Unavailable):
        accounts.add(workspace, "easypost", GOOD, user=None)
    assert not LabelAccount.objects.exists()


def test_one_key_is_one_account(account: LabelAccount, workspace: Workspace) -> None:
    with pytest.raises(accounts.BadKey, match="in use already, by EasyPost"):
        accounts.add(workspace, "easypost", GOOD, user=None)
    accounts.add(factories.workspace(), "easypost", GOOD, user=None)
    assert LabelAccount.objects.count() == 2


def test_a_new_key_takes_the_old_ones_place_and_wakes_a_paused_account(
    account: LabelAccount, owner: User
) -> None:
    pause(account)
    before = account.checked_at
    accounts.replace_key(account, OTHER, user=owner)
    account.refresh_from_db()
    assert (account.state, account.paused_because, account.key) == ("active", "", OTHER)
    assert account.checked_at > before
    assert not Notification.objects.filter(seen_at=None).exists()


def test_a_refused_new_key_leaves_the_old_one(account: LabelAccount) -> None:
    with pytest.raises(accounts.BadKey):
        accounts.replace_key(account, BAD, user=None)
    account.refresh_from_db()
    assert account.key == GOOD


def test_a_dead_key_pauses_its_account_and_tells_once(account: LabelAccount) -> None:
    accounts.pause(account, "The key was refused.")
    accounts.pause(LabelAccount.objects.get(), "The key was refused.")
    account.refresh_from_db()
    assert (account.state, account.paused_because) == ("paused", "The key was refused.")
    assert Notification.objects.count() == 1


def test_a_refusal_of_the_old_key_does_not_pause_an_account_with_a_new_one(
    account: LabelAccount,
) -> None:
    asked_with_old_key = LabelAccount.objects.get()
    accounts.replace_key(account, OTHER, user=None)
    accounts.pause(asked_with_old_key, "The key was refused.")
    assert LabelAccount.objects.get().state == "active"
    assert not Notification.objects.exists()


def test_a_paused_account_that_works_again_is_active(account: LabelAccount) -> None:
    pause(account)
    accounts.recheck(account, now=timezone.now())
    account.refresh_from_db()
    assert account.state == "active"
    assert not Notification.objects.filter(seen_at=None).exists()


def test_a_removed_account_forgets_its_key_and_keeps_its_labels(account: LabelAccount) -> None:
    label = factories.label(
        factories.order(account.workspace), account=account, file_key="aa/label.pdf"
    )
    pause(account)
    accounts.remove(account, user=None)
    account.refresh_from_db()
    assert (account.state, account.key_sealed) == ("removed", "")
    assert not LabelAccount.objects.of(account.workspace).exists()
    assert not Notification.objects.filter(seen_at=None).exists()
    label.refresh_from_db()
    assert label.account == account


def test_each_connected_shop_has_one_account_of_its_own(workspace: Workspace) -> None:
    shop = factories.shop(workspace)
    factories.shop(workspace, disconnected_at=timezone.now())
    accounts.welcome_shop(shop_id=shop.pk)
    accounts.ensure_tiktok_accounts(workspace)
    made = LabelAccount.objects.get()
    assert (made.provider, made.shop, made.state) == ("tiktok", shop, "active")
    assert made.mode == "live"


def test_a_shop_of_the_sandbox_has_a_test_account(workspace: Workspace, settings: Settings) -> None:
    settings.TIKTOK_SHOP_ENVIRONMENT = "sandbox"
    accounts.welcome_shop(shop_id=factories.shop(workspace).pk)
    assert LabelAccount.objects.get().mode == "test"


def test_pausing_and_resuming_are_on_record(account: LabelAccount, owner: User) -> None:
    pause(account)
    paused = AuditEntry.objects.get(action="account.paused")
    assert (paused.actor, paused.detail) == (None, {"reason": "The key was refused."})
    accounts.recheck(account, now=timezone.now(), user=owner)
    assert AuditEntry.objects.get(action="account.resumed").actor == owner
    accounts.recheck(account, now=timezone.now(), user=owner)
    assert AuditEntry.objects.filter(action="account.resumed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_double_click_adds_one_account(easypost: EasyPost) -> None:
    workspace = factories.workspace()
    easypost.gate = threading.Barrier(2)  # both keys are being tested before either is kept
    said: list[str] = []

    def click() -> None:
        try:
            said.append(accounts.add(workspace, "easypost", GOOD, user=None).name)
        except accounts.BadKey as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert sorted(said) == ["EasyPost", "This key is in use already, by EasyPost."]
    assert LabelAccount.objects.count() == 1


def test_a_key_that_cannot_be_read_is_not_in_the_way_of_entering_it_again(
    account: LabelAccount, workspace: Workspace
) -> None:
    LabelAccount.objects.update(key_sealed="gone.AAAA")
    accounts.add(workspace, "easypost", GOOD, user=None)
    assert LabelAccount.objects.count() == 2


def test_the_servers_keys_are_for_the_oldest_workspace_and_staff(
    workspace: Workspace, owner: User, settings: Settings
) -> None:
    settings.EASYPOST_API_KEY, settings.SHIPPO_API_KEY = GOOD, ""
    second = factories.workspace()
    assert accounts.server_keys(workspace, owner) == {"easypost": GOOD}
    assert accounts.server_keys(second, factories.member(second)) == {}
    assert accounts.server_keys(second, factories.user(is_staff=True)) == {"easypost": GOOD}


def test_a_shops_own_account_is_never_paused_the_shops_authorization_speaks_for_it(
    workspace: Workspace,
) -> None:
    accounts.welcome_shop(shop_id=factories.shop(workspace).pk)
    made = LabelAccount.objects.get()
    accounts.pause(made, "The shop is not connected.")
    made.refresh_from_db()
    assert made.state == "active"
    assert not Notification.objects.exists()


def test_a_disconnected_shops_account_cannot_be_asked(workspace: Workspace) -> None:
    shop = factories.shop(workspace)
    accounts.welcome_shop(shop_id=shop.pk)
    shop.disconnected_at = timezone.now()
    shop.save()
    with pytest.raises(NotAuthorized, match="not connected"):
        accounts.provider_for(LabelAccount.objects.get())


def test_a_provider_is_kept_for_its_key_and_made_anew_for_another(account: LabelAccount) -> None:
    first = accounts.provider_for(account)
    assert accounts.provider_for(LabelAccount.objects.get()) is first
    account.hold_key(OTHER)
    assert accounts.provider_for(account) is not first
