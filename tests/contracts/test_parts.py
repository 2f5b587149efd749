"""Part of an order as a parcel of its own: TikTok's adapter against the simulated TikTok, in a market
where labels are bought and in one where packages are arranged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
from django.utils import timezone

from core.errors import OutcomeUnknown, Rejected
from shipping.providers.base import BoughtLabel, Rate, ShipmentSpec, Unsupported
from shipping.providers.tiktok import TikTok
from shops.tiktok_shop.auth import TokenHost, exchange_code
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.combining import split
from shops.tiktok_shop.orders import order_detail
from shops.tiktok_shop.shops import authorized_shops
from tests.contracts.cases import KEY, SPEC
from tests.sandbox.running import Running, running

APP, SECRET = "sandboxapp", "sandbox-app-secret-0123456789abcdef"
BUY = {"US": "/fulfillment/*/packages", "TH": "/fulfillment/*/packages/*/ship"}


@dataclass
class Market:
    """An order of three lines, to be shipped in two parcels, and the adapter it is shipped with."""

    sandbox: Running
    region: str
    client: TikTokShopClient
    provider: TikTok
    order: str
    lines: list[str]
    specs: tuple[ShipmentSpec, ShipmentSpec]

    def quoted(self, part: int) -> Rate:
        """The first rate for the parcel."""
        return self.provider.quote(self.specs[part]).rates[0]

    def bought(self, part: int, rate: Rate) -> BoughtLabel:
        """The parcel's label, the answer of its purchase having arrived."""
        return self.provider.buy(self.specs[part], rate, key=KEY)

    def lost(self, part: int, rate: Rate) -> None:
        """The same, with the answer lost after the effect."""
        rule = {"method": "POST", "path": BUY[self.region], "times": 1}
        self.sandbox.fault("reset_after_effect", **rule)
        with pytest.raises(OutcomeUnknown):
            self.bought(part, rate)
        self.sandbox.clear_faults()

    def package_of(self, line: str) -> str:
        """The package TikTok shows for a line; "" for none."""
        (order,) = order_detail(self.client, order_ids=[self.order])
        return next(
            item.get("package_id", "") for item in order["line_items"] if item["id"] == line
        )


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running(orders=5, seed=7, settings={"document_delay": 0}) as started:
        yield started


@pytest.fixture(params=["US", "TH"])
def market(request: pytest.FixtureRequest, sandbox: Running) -> Iterator[Market]:
    region: str = request.param
    with httpx.Client() as plain:
        order = sandbox.new_order(shipping_type="TIKTOK", units=3, skus=1)
        host = TokenHost(sandbox.url, APP, SECRET, plain)
        grant = exchange_code(host, code=sandbox.code(), now=timezone.now())
        asking = TikTokShopClient(APP, SECRET, sandbox.url, plain, grant.access_token)
        cipher = authorized_shops(asking)[0].cipher
        client = TikTokShopClient(APP, SECRET, sandbox.url, plain, grant.access_token, cipher)
        sandbox.tiktok(shop_region=region)
        (shown,) = order_detail(client, order_ids=[order])
        lines = [item["id"] for item in shown["line_items"]]
        groups, names = (lines[:1], lines[1:]), ("", "")
        if region != "US":
            first, second = split(client, order_id=order, groups=groups)
            names = (first, second)
        whole = replace(SPEC, reference=order, tiktok_order_ids=(order,))
        one, two = (
            replace(whole, tiktok_lines=tuple(group), tiktok_package=name)
            for group, name in zip(groups, names, strict=True)
        )
        provider = TikTok(client, plain, base_url=sandbox.url, by_package=region != "US")
        yield Market(sandbox, region, client, provider, order, lines, (one, two))
        sandbox.clear_faults()
        sandbox.tiktok(shop_region="US")


def test_each_part_is_quoted_bought_found_and_printed_by_itself(market: Market) -> None:
    labels = []
    for part in (0, 1):
        rate = market.quoted(part)
        assert market.provider.find(rate, key=KEY) is None
        labels.append(market.bought(part, rate))
        found = market.provider.find(rate, key=KEY)
        assert found is not None
        assert found.provider_label_id == labels[part].provider_label_id
        assert "duplicates" not in found.extra
        document = market.provider.document(labels[part])
        assert document.content.startswith(b"%PDF")
        assert document.tracking_number
    first, second = (label.provider_label_id for label in labels)
    assert first != second
    assert [market.package_of(line) for line in market.lines] == [first, second, second]


@pytest.mark.parametrize("lost", [0, 1])
def test_a_lost_answer_about_one_part_is_never_taken_for_the_other(
    market: Market, lost: int
) -> None:
    other = 1 - lost
    rates = [market.quoted(0), market.quoted(1)]
    known = market.bought(other, rates[other])
    assert market.provider.find(rates[lost], key=KEY) is None  # nothing was sent for it yet
    market.lost(lost, rates[lost])
    found = market.provider.find(rates[lost], key=KEY)
    assert found is not None
    assert found.provider_label_id != known.provider_label_id
    assert found.provider_label_id == market.package_of(market.specs[lost].tiktok_lines[0])
    again = market.provider.find(rates[other], key=KEY)
    assert again is not None
    assert again.provider_label_id == known.provider_label_id


def test_a_part_is_not_bought_twice(market: Market) -> None:
    rate = market.quoted(0)
    label = market.bought(0, rate)
    before = market.sandbox.state()["wallets"].get("tiktok")
    with pytest.raises(OutcomeUnknown):
        market.bought(0, rate)
    assert market.sandbox.state()["wallets"].get("tiktok") == before
    found = market.provider.find(rate, key=KEY)
    assert found is not None
    assert found.provider_label_id == label.provider_label_id


def test_a_rate_for_one_part_does_not_buy_the_other(market: Market) -> None:
    rate = market.quoted(0)
    with pytest.raises(Unsupported, match="other order lines|another package"):
        market.bought(1, rate)
    assert market.provider.find(rate, key=KEY) is None
    assert market.provider.find(market.quoted(1), key=KEY) is None


def test_several_orders_and_some_lines_of_one_do_not_go_together(market: Market) -> None:
    both = replace(market.specs[0], tiktok_order_ids=(market.order, "576000000000000000"))
    with pytest.raises(Unsupported, match="not both"):
        market.provider.quote(both)
    with pytest.raises(Unsupported, match="not both"):
        market.provider.buy(both, market.quoted(0), key=KEY)


def test_once_a_part_is_shipped_the_order_is_not_bought_as_a_whole(market: Market) -> None:
    whole = replace(market.specs[0], tiktok_lines=(), tiktok_package="")
    market.bought(0, market.quoted(0))
    with pytest.raises(Rejected, match="[Ss]everal packages"):
        market.provider.quote(whole)


@pytest.mark.parametrize("market", ["TH"], indirect=True)
def test_a_package_is_arranged_only_where_it_is_the_parts_own(market: Market) -> None:
    for wrong, words in (
        ({"tiktok_package": ""}, "not split there yet"),
        ({"tiktok_package": "1153000000000000001"}, "no longer shows"),
        ({"tiktok_lines": (market.lines[1],)}, "other order lines"),
        ({"tiktok_lines": tuple(market.lines[:2])}, "other order lines"),
    ):
        with pytest.raises(Rejected, match=words):
            market.provider.quote(replace(market.specs[0], **wrong))
