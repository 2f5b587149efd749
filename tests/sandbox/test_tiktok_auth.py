"""Authorize page and token host."""

from urllib.parse import parse_qs, urlsplit

from tests.sandbox.running import Running, running
from tests.sandbox.tiktok_caller import SEARCH, Caller

SERVICE = "7300000000000000001"
REDIRECT = "https://desk.example/shops/callback?from=tiktok"


def agreed(sandbox: Running, decision: str, **form: str) -> dict[str, list[str]]:
    sandbox.tiktok(redirect_url=REDIRECT)
    answer = sandbox.http.post("/open/authorize", data={"decision": decision, **form})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(REDIRECT + "&")
    return parse_qs(urlsplit(answer.headers["location"]).query)


def test_the_authorize_page_names_the_seller_and_keeps_the_state(sandbox: Running) -> None:
    query = {"service_id": SERVICE, "state": 'a"b'}
    page = sandbox.http.get("/open/authorize", params=query)
    assert page.status_code == 200
    assert "Glow &amp; Gather" in page.text
    assert 'value="a&quot;b"' in page.text
    older = sandbox.http.get("/oauth/authorize", params={"app_key": "sandboxapp", "state": "s"})
    assert older.status_code == 200
    assert sandbox.http.get("/open/authorize", params={"service_id": "1"}).status_code == 400


def test_agreeing_sends_back_a_code_with_more_parameters_around_it(sandbox: Running) -> None:
    answer = agreed(sandbox, "authorize", state="s1")
    assert answer["code"][0].startswith("TTP_")
    assert answer["state"] == ["s1"]
    assert answer["app_key"] == ["sandboxapp"]
    assert {"locale", "shop_region"} <= set(answer)


def test_cancelling_sends_back_the_word_null(sandbox: Running) -> None:
    answer = agreed(sandbox, "cancel", state="s2")
    assert answer["code"] == ["null"]
    assert answer["error"] == ["auth_denied"]
    assert answer["state"] == ["s2"]


def test_an_install_from_the_app_store_comes_back_without_state(sandbox: Running) -> None:
    assert "state" not in agreed(sandbox, "authorize")


def test_a_code_works_once_and_for_half_an_hour(sandbox: Running, shop: Caller) -> None:
    code = sandbox.code()
    asked = {"auth_code": code, "grant_type": "authorized_code"}
    assert shop.token("get", **asked)["code"] == 0
    assert shop.token("get", **asked)["code"] == 36004004
    late = {"auth_code": sandbox.code(), "grant_type": "authorized_code"}
    sandbox.travel(31 * 60)
    assert shop.token("get", **late)["code"] == 36004004
    wrong = {"auth_code": sandbox.code(), "grant_type": "authorization_code"}
    assert shop.token("get", **wrong)["code"] == 36004004


def test_expiry_is_an_absolute_moment_seven_days_ahead(sandbox: Running, shop: Caller) -> None:
    ahead = shop.granted["access_token_expire_in"] - sandbox.state()["unix"]
    assert 7 * 86400 - 5 <= ahead <= 7 * 86400
    assert shop.granted["user_type"] == 0
    assert "seller.order.info" in shop.granted["granted_scopes"]


def test_refreshing_rotates_both_tokens_and_the_older_access_token_lives_on(
    shop: Caller,
) -> None:
    asked = {"refresh_token": shop.granted["refresh_token"], "grant_type": "refresh_token"}
    renewed = shop.token("refresh", **asked)["data"]
    assert renewed["access_token"] != shop.access
    assert renewed["refresh_token"] != asked["refresh_token"]
    assert shop.token("refresh", **asked)["code"] == 36004001
    assert shop.call("POST", SEARCH, {"page_size": "1"}, {}).json()["code"] == 0
    shop.access = renewed["access_token"]
    assert shop.call("POST", SEARCH, {"page_size": "1"}, {}).json()["code"] == 0


def test_a_wrong_app_secret_gets_nothing(sandbox: Running) -> None:
    query = {"app_key": "sandboxapp", "app_secret": "guess", "auth_code": sandbox.code()}
    answer = sandbox.http.get("/api/v2/token/get", params=query).json()
    assert answer["code"] == 36009004
    assert answer["data"] is None


def test_a_creators_account_says_so_in_user_type(sandbox: Running) -> None:
    assert Caller(sandbox, user_type=1).granted["user_type"] == 1


def test_one_sellers_token_does_not_open_the_other_sellers_shop() -> None:
    with running(orders=40, shops=2) as sandbox:
        sellers = [shop["seller"] for shop in sandbox.state()["shops"]]
        first, second = (Caller(sandbox, seller=seller) for seller in sellers)
        assert first.shop["name"] != second.shop["name"]
        code = first.refused("POST", SEARCH, {"page_size": "1"}, {}, cipher=second.shop["cipher"])
        assert code == 101000
        theirs = sandbox.orders(shop=second.shop["id"])[0]["id"]
        assert first.refused("GET", "/order/202507/orders", {"ids": theirs}) == 21008111
