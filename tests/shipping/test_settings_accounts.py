"""Label accounts on their page: tested on save, clear words, nothing lost."""

import pytest

from core.errors import NotAuthorized, Unavailable
from core.models import Role
from shipping import accounts
from shipping.models import LabelAccount
from shipping.providers.memory import Memory
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import PROVIDERS, World
from tests.shipping.labels.worlds import world as world

KEY = "shippo_test_0123456789"


@pytest.fixture
def shippo(world: World) -> Memory:
    provider = PROVIDERS[KEY] = Memory("shippo")
    return provider


def added(desk: Desk) -> LabelAccount:
    desk.post("account-add", {"provider": "shippo", "key": KEY, "name": "Second"})
    return LabelAccount.objects.get(provider="shippo")


def test_an_account_is_added_and_says_what_it_can_do(desk: Desk, shippo: Memory) -> None:
    response = desk.post("account-add", {"provider": "shippo", "key": f" {KEY} "})
    assert response.status_code == 303
    account = LabelAccount.objects.get(provider="shippo")
    assert (account.name, account.key, account.mode) == ("Shippo", KEY, "test")
    assert "test account" in desk.told(response)[-1]
    assert shippo.calls["check"] == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NotAuthorized("Wrong key.", provider="Shippo"), "Shippo does not accept this key"),
        (Unavailable("Shippo is down.", provider="Shippo"), "could not be tested: Shippo is down."),
    ],
)
def test_a_key_that_fails_comes_back_with_words_and_nothing_is_kept(
    desk: Desk, shippo: Memory, error: Exception, words: str
) -> None:
    shippo.fail("check", error)
    response = desk.post("account-add", {"provider": "shippo", "key": KEY}, part=True)
    assert response.status_code == 422
    assert words in text_of(response)
    assert not LabelAccount.objects.filter(provider="shippo").exists()


def test_an_unknown_provider_is_refused(desk: Desk) -> None:
    response = desk.post("account-add", {"provider": "tiktok", "key": KEY})
    assert response.status_code == 422
    assert LabelAccount.objects.count() == 1


def test_the_servers_own_key_is_offered_and_used_without_being_shown(
    desk: Desk,
    shippo: Memory,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.SHIPPO_API_KEY = KEY
    page = desk.get("settings").content.decode()
    assert "settings hold a key of Shippo" in page
    assert KEY not in page
    desk.post("account-add", {"provider": "shippo", "server": "1"})
    assert LabelAccount.objects.get(provider="shippo").key == KEY
    assert "settings hold a key of Shippo" not in desk.get("settings").content.decode()


def test_a_second_workspace_gets_none_of_the_servers_keys(
    desk: Desk,
    shippo: Memory,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.SHIPPO_API_KEY = KEY
    stranger = desk_of(factories.workspace())
    assert "settings hold a key" not in stranger.get("settings").content.decode()
    response = stranger.post("account-add", {"provider": "shippo", "server": "1"})
    assert response.status_code == 422
    assert not LabelAccount.objects.filter(provider="shippo").exists()
    assert shippo.calls["check"] == 0


def test_an_account_that_is_still_needed_stays_and_the_page_says_why(
    desk: Desk, shippo: Memory
) -> None:
    account = added(desk)
    factories.label(factories.order(account.workspace), account=account, state="unknown")
    response = desk.post("account-remove", account_id=account.pk)
    assert "Second cannot be removed yet" in desk.told(response)[-1]
    account.refresh_from_db()
    assert account.state == "active"


def test_the_servers_own_key_is_not_shown_when_it_is_refused(
    desk: Desk,
    shippo: Memory,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.SHIPPO_API_KEY = KEY
    shippo.fail("check", NotAuthorized("Wrong key.", provider="Shippo"))
    response = desk.post("account-add", {"provider": "shippo", "server": "1"})
    assert response.status_code == 422
    assert KEY not in response.content.decode()


def test_no_page_ever_shows_a_key(desk: Desk, shippo: Memory) -> None:
    account = added(desk)
    for name in ("account-key", "account-remove"):
        assert KEY not in desk.get(name, account_id=account.pk).content.decode()
    assert KEY not in desk.get("settings").content.decode()


def test_testing_an_account_says_that_it_works(desk: Desk, world: World) -> None:
    response = desk.post("account-check", account_id=world.account.pk)
    assert "Easypost works." in desk.told(response)[-1]


def test_testing_a_dead_key_pauses_the_account_and_the_page_says_why(
    desk: Desk, world: World
) -> None:
    world.provider.fail("check", NotAuthorized("The key was taken back.", provider="EasyPost"))
    desk.post("account-check", account_id=world.account.pk)
    world.account.refresh_from_db()
    assert world.account.state == "paused"
    words = text_of(desk.get("settings"))
    assert "The key was taken back." in words
    assert "Test again" in words
    desk.post("account-check", account_id=world.account.pk)
    world.account.refresh_from_db()
    assert world.account.state == "active"


def test_a_provider_that_is_down_pauses_nothing(desk: Desk, world: World) -> None:
    world.provider.fail("check", Unavailable("EasyPost is down.", provider="EasyPost"))
    response = desk.post("account-check", account_id=world.account.pk)
    assert "could not be tested" in desk.told(response)[-1]
    world.account.refresh_from_db()
    assert world.account.state == "active"


def test_a_key_that_cannot_be_read_any_more_asks_to_be_entered_again(
    desk: Desk, world: World
) -> None:
    LabelAccount.objects.update(key_sealed="gone.AAAA")
    response = desk.post("account-check", account_id=world.account.pk)
    assert "Enter it again" in desk.told(response)[-1]


def test_a_new_key_is_tested_first_and_the_old_one_stays_when_it_fails(
    desk: Desk, shippo: Memory
) -> None:
    account = added(desk)
    PROVIDERS["shippo_test_next"] = worse = Memory("shippo")
    worse.fail("check", NotAuthorized("Wrong key.", provider="Shippo"))
    new = {"key": "shippo_test_next"}
    response = desk.post("account-key", new, account_id=account.pk, part=True)
    assert response.status_code == 422
    assert "The old key stays." in text_of(response)
    account.refresh_from_db()
    assert account.key == KEY
    assert desk.post("account-key", new, account_id=account.pk).status_code == 303
    account.refresh_from_db()
    assert account.key == "shippo_test_next"


def test_an_account_is_removed_after_a_page_that_says_what_stays(
    desk: Desk, shippo: Memory
) -> None:
    account = added(desk)
    assert "the ledger stay" in text_of(desk.get("account-remove", account_id=account.pk))
    desk.post("account-remove", account_id=account.pk)
    account.refresh_from_db()
    assert (account.state, account.key_sealed) == ("removed", "")
    assert desk.post("account-check", account_id=account.pk).status_code == 404


def test_a_shops_own_account_has_no_key_to_change(desk: Desk, world: World) -> None:
    accounts.ensure_tiktok_accounts(world.workspace)
    own = LabelAccount.objects.get(provider="tiktok")
    assert desk.get("account-key", account_id=own.pk).status_code == 404
    assert desk.post("account-remove", account_id=own.pk).status_code == 404


def test_a_packer_may_not_add_an_account(world: World) -> None:
    packer = desk_of(world.workspace, Role.PACKER)
    assert packer.post("account-add", {"provider": "shippo", "key": KEY}).status_code == 403


def test_weights_the_missing_ones_first_then_the_others_page_by_page(
    desk: Desk, world: World
) -> None:
    for number in range(60):
        factories.sku(world.shop, seller_sku=f"K{number:02}")
    missing = [factories.sku(world.shop, seller_sku=f"M{n}", weight_g=None) for n in range(2)]
    first = desk.get("skus")
    shown = [sku.seller_sku for sku in first.context["skus"]]
    assert shown[:2] == [sku.seller_sku for sku in missing]
    assert len(shown) == 50
    second = desk.get("skus", f"?after={first.context['after']}")
    rest = [sku.seller_sku for sku in second.context["skus"]]
    assert len(set(shown) | set(rest)) == len(shown) + len(rest) == 65
    assert second.context["after"] == ""


def test_pages_of_missing_weights_go_on_where_they_ended(desk: Desk, world: World) -> None:
    for number in range(70):
        factories.sku(world.shop, seller_sku=f"M{number:02}", weight_g=None)
    first = desk.get("skus", "?missing=1")
    second = desk.get("skus", f"?missing=1&after={first.context['after']}")
    assert [len(page.context["skus"]) for page in (first, second)] == [50, 20]


@pytest.mark.parametrize("place", ["x", "m", "k-1", "m" + "9" * 40])
def test_a_place_that_is_none_is_the_beginning(desk: Desk, place: str) -> None:
    assert len(desk.get("skus", f"?after={place}").context["skus"]) == 3


def test_a_sku_is_found_by_its_words(desk: Desk, world: World) -> None:
    factories.sku(world.shop, seller_sku="LED-MIRROR", product_name="Mirror “Größe L”")
    shown = desk.get("skus", "?q=größe+led").context["skus"]
    assert [sku.seller_sku for sku in shown] == ["LED-MIRROR"]
    assert "No SKU matches" in text_of(desk.get("skus", "?q=nothing-like-it"))


def test_a_weight_is_entered_in_pounds_and_ounces_and_audited(desk: Desk, world: World) -> None:
    sku = factories.sku(world.shop, weight_g=None, measured_by="")
    data = {"pounds": "1", "ounces": "2", "length": "6", "width": "4", "height": "2"}
    assert desk.post("sku-edit", data, sku_id=sku.pk).status_code == 303
    sku.refresh_from_db()
    assert (sku.weight_g, sku.measured_by) == (510, "person")
    assert (sku.length_mm, sku.width_mm, sku.height_mm) == (152, 102, 51)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "weighs more than nothing"),
        ({"ounces": "0"}, "weighs more than nothing"),
        ({"pounds": "22046"}, "less than or equal to 150"),
        ({"ounces": "4", "length": "6"}, "all three sides"),
        ({"ounces": "heavy"}, "Enter a number"),
    ],
)
def test_a_weight_that_cannot_be_comes_back_with_words(
    desk: Desk, world: World, data: dict[str, str], words: str
) -> None:
    sku = factories.sku(world.shop, weight_g=None)
    response = desk.post("sku-edit", data, sku_id=sku.pk, part=True)
    assert response.status_code == 422
    assert words in text_of(response)
    sku.refresh_from_db()
    assert sku.weight_g is None
