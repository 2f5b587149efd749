"""What a label account's call passes: the provider's published rates, then the account's circuit."""

from uuid import uuid4

import httpx
import pytest
from pytest_django import Settings

from core import breaker
from core.errors import CircuitOpen, RateLimited, Unavailable
from core.models import Circuit, RateLimit
from shipping import accounts, gates
from shipping.models import LabelAccount
from shops.clients import use_transport
from tests import factories

pytestmark = pytest.mark.django_db

ACCOUNT = uuid4()


def request(method: str, url: str, *, safe: bool = True) -> httpx.Request:
    return httpx.Request(method, url, extensions={"safe": safe})


def limits(provider: str, *urls: str, test: bool = False) -> list[tuple[str, float]]:
    """The kind of each call and how many of it a second, in calls a minute for reading's sake."""
    limit_for = {"shippo": gates._shippo, "easypost": gates._easypost}[provider]
    found = [limit_for(request(*url.split(" ", 1)), test) for url in urls]
    return [(limit.kind, round(60 * limit.per_second, 1)) for limit in found]


SHIPPO = (
    "POST https://api.goshippo.com/shipments",
    "POST https://api.goshippo.com/transactions",
    "GET https://api.goshippo.com/transactions/abc",
    "GET https://api.goshippo.com/transactions?rate=abc",
    "GET https://api.goshippo.com/carrier_accounts",
)


def test_shippos_published_limits_are_kept_by_kind_with_room_for_a_burst() -> None:
    assert limits("shippo", *SHIPPO) == [
        ("write", 480), ("write", 480), ("read", 3840), ("list", 48), ("list", 48),
    ]  # fmt: skip
    for per_minute, published in ((480, 500), (3840, 4000), (48, 50)):
        assert per_minute + gates._limiter(per_minute / 60, 1.0).burst <= published


def test_a_test_key_gets_the_tenth_that_shippo_gives_it() -> None:
    assert limits("shippo", *SHIPPO[:3], test=True) == [
        ("write", 48), ("write", 48), ("read", 384),
    ]  # fmt: skip


def test_easyposts_lists_are_asked_five_times_a_second_and_nothing_else_is_held_back() -> None:
    found = limits(
        "easypost",
        "GET https://api.easypost.com/v2/shipments?page_size=1",
        "GET https://api.easypost.com/v2/carrier_accounts",
        "GET https://api.easypost.com/v2/shipments/shp_1",
        "POST https://api.easypost.com/v2/shipments",
        "POST https://api.easypost.com/v2/shipments/shp_1/buy",
    )
    assert found == [("list", 300), ("list", 300), ("call", 6000), ("call", 6000), ("call", 6000)]


def test_each_account_has_a_line_of_its_own(settings: Settings) -> None:
    settings.SHIPPO_RATE_PER_SECOND = 1000
    for account in (ACCOUNT, uuid4()):
        gate = gates.account_gate(account, "shippo", "Shippo", test=False)
        with gate(request("POST", SHIPPO[0].split()[1])):
            pass
    assert RateLimit.objects.count() == 2


def test_too_many_makes_everybody_wait_as_long_as_the_provider_says() -> None:
    gate = gates.account_gate(ACCOUNT, "easypost", "EasyPost", test=False)
    buy = request("POST", "https://api.easypost.com/v2/shipments/shp_1/buy", safe=False)
    with pytest.raises(RateLimited), gate(buy):
        raise RateLimited("Slow down.", provider="EasyPost", retry_after=120)
    with pytest.raises(RateLimited) as refused, gate(buy):
        pytest.fail("was sent")
    assert refused.value.retry_after is not None
    assert 90 < refused.value.retry_after <= 121
    assert not breaker.is_open(gates.circuit_of(ACCOUNT, "easypost"))


def test_who_is_turned_away_takes_no_turn() -> None:
    gate = gates.account_gate(ACCOUNT, "easypost", "EasyPost", test=False)
    ask = request("GET", "https://api.easypost.com/v2/shipments/shp_1")
    for _ in range(breaker.LIMIT):
        with pytest.raises(Unavailable), gate(ask):
            raise Unavailable("Away.", provider="EasyPost")
    before = RateLimit.objects.get().next_at
    with pytest.raises(CircuitOpen), gate(ask):
        pytest.fail("was sent")
    assert RateLimit.objects.get().next_at == before


def test_an_accounts_calls_go_through_its_gate_and_its_files_through_another() -> None:
    workspace = factories.workspace()
    account = factories.account(workspace)
    answers = [httpx.Response(503) for _ in range(9)]
    with use_transport(httpx.MockTransport(lambda request: answers.pop())):
        provider = accounts.provider_for(account)
        for _ in range(2):
            with pytest.raises(Unavailable):
                provider.check()
        assert breaker.is_open(accounts.circuit_of(account))
        left = len(answers)
        with pytest.raises(CircuitOpen):
            provider.check()
        assert len(answers) == left
    assert [row.key for row in Circuit.objects.all()] == [f"easypost:account:{account.pk}"]


def test_a_shops_own_account_is_called_over_the_shops_circuit() -> None:
    workspace = factories.workspace()
    shop = factories.shop(workspace)
    account = LabelAccount.objects.create(
        workspace=workspace, provider="tiktok", shop=shop, name="TikTok Shipping"
    )
    assert accounts.circuit_of(account) == f"tiktok:shop:{shop.pk}"
