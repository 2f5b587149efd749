"""Whatever else third parties send: tokens, shops, products, scans, label links."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import RemoteError
from shipping.providers.base import Document
from shipping.providers.download import Source, fetch
from shipping.tracking.normalize import WORDS
from shipping.tracking.parse import READERS
from shops.tiktok_shop.auth import TokenHost, read_redirect, refresh_token
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.measures import product_measures
from shops.tiktok_shop.products import listed_skus, product_detail
from shops.tiktok_shop.shops import authorized_shops
from tests.contracts.tape import outcome
from tests.fuzz.anything import JSON, TEXT, bounded, every_awkward, is_storable, mutated

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _wire(document: Any) -> httpx.Client:
    def play(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=document)

    return httpx.Client(transport=httpx.MockTransport(play))


def _shop(document: Any) -> TikTokShopClient:
    return TikTokShopClient(
        "app",
        "secret",
        "https://open-api.tiktokglobalshop.com",
        _wire(document),
        "token",
        "cipher",
        clock=lambda: NOW,
        sleep=lambda seconds: None,
    )


def _data(data: Any) -> dict[str, Any]:
    return {"code": 0, "message": "Success", "request_id": "r1", "data": data}


def read_tokens(document: Any) -> None:
    host = TokenHost("https://auth.tiktok-shops.com", "app", "secret", _wire(document))
    grant = outcome(lambda: refresh_token(host, token="ROW_r", now=NOW))
    if not isinstance(grant, RemoteError):
        assert grant.access_token
        assert grant.refresh_token
        assert grant.access_expires_at.tzinfo
        assert is_storable([grant.open_id, grant.seller_name, grant.region])


def read_shops(document: Any) -> None:
    found = outcome(lambda: authorized_shops(_shop(document)))
    if not isinstance(found, RemoteError):
        for one in found:
            assert one.id
            assert one.cipher
            texts = [one.id, one.name, one.region, one.seller_type, one.code, one.cipher]
            assert is_storable(texts)


def read_product(document: Any) -> None:
    product = outcome(lambda: product_detail(_shop(document), product_id="1728001"))
    if isinstance(product, RemoteError):
        return
    for one in product_measures(product):
        assert one.weight_g is None or one.weight_g > 0
        assert is_storable([one.product_id, one.sku_id, one.seller_sku])
    for listed in listed_skus(product):
        assert is_storable([listed.sku_id, listed.seller_sku, listed.product_name, listed.sku_name])
        assert listed.stock is None or listed.stock >= 0


TOKENS = _data(
    {
        "access_token": "TTP_a",
        "access_token_expire_in": 1_795_600_000,
        "refresh_token": "TTP_r",
        "refresh_token_expire_in": 1_820_000_000,
        "open_id": "7010",
        "seller_name": "Glow",
        "seller_base_region": "US",
        "user_type": 0,
        "granted_scopes": ["seller.order.info"],
    }
)
SHOPS = _data(
    {
        "shops": [
            {
                "id": "7494",
                "name": "Glow",
                "region": "US",
                "seller_type": "LOCAL",
                "code": "USLC",
                "cipher": "ROW_c",
            }
        ]
    }
)
PRODUCT = _data(
    {
        "id": "1728001",
        "title": "Glow Serum",
        "package_weight": {"value": "0.2", "unit": "KILOGRAM"},
        "package_dimensions": {"length": "6", "width": "4", "height": "2", "unit": "INCH"},
        "skus": [
            {
                "id": "1729001",
                "seller_sku": "GLOW-30",
                "sku_weight": {"value": "0.1", "unit": "POUND"},
                "sales_attributes": [{"value_name": "30 ml"}],
                "inventory": [{"quantity": 5}],
            }
        ],
    }
)
READS: dict[str, tuple[Callable[[Any], None], Any]] = {
    "tokens": (read_tokens, TOKENS),
    "shops": (read_shops, SHOPS),
    "product": (read_product, PRODUCT),
}


@pytest.mark.parametrize("name", sorted(READS))
def test_no_awkward_value_breaks_a_reader_of_tiktoks_answers(name: str) -> None:
    check, whole = READS[name]
    for words, document in every_awkward(whole):
        try:
            check(document)
        except Exception as error:  # whatever it is, the place is what one wants to know
            raise AssertionError(words) from error


@bounded(200)
@given(
    st.sampled_from(sorted(READS)).flatmap(
        lambda name: st.tuples(st.just(name), mutated(READS[name][1], whole=True) | JSON)
    )
)
def test_any_json_is_read_or_an_error_of_ours(told: tuple[str, Any]) -> None:
    name, document = told
    check, _ = READS[name]
    check(document)


TRACKS = {
    "easypost": {
        "status": "in_transit",
        "updated_at": "2026-11-23T12:00:00Z",
        "tracking_details": [{"status": "in_transit", "datetime": "2026-11-23T12:00:00Z"}],
    },
    "shippo": {
        "tracking_status": {
            "status": "TRANSIT",
            "status_date": "2026-11-23T12:00:00Z",
            "substatus": {"code": "out_for_delivery"},
        },
        "tracking_history": [{"status": "TRANSIT", "status_date": "2026-11-23T12:00:00Z"}],
    },
}


@bounded(300)
@given(
    st.sampled_from(sorted(TRACKS)).flatmap(
        lambda name: st.tuples(st.just(name), mutated(TRACKS[name]))
    )
)
def test_any_scan_is_one_of_our_words_at_a_moment_or_none(told: tuple[str, Any]) -> None:
    name, document = told
    scan = READERS[name](document)
    assert scan.status in WORDS
    assert all(at is None or at.tzinfo for at in (scan.at, scan.first))


@pytest.mark.parametrize("name", sorted(TRACKS))
def test_no_awkward_value_breaks_the_reader_of_scans(name: str) -> None:
    for words, document in every_awkward(TRACKS[name]):
        assert READERS[name](document).status in WORDS, words


@bounded(200)
@given(st.dictionaries(st.sampled_from(["code", "state", "error", "shop_region"]) | TEXT, TEXT))
def test_the_way_back_from_tiktok_has_a_code_or_says_why_not(query: dict[str, str]) -> None:
    found = read_redirect(query)
    assert bool(found.code) != bool(found.refusal)


PLACES = Source.of("EasyPost", "https://api.easypost.com/v2", (r"([a-z0-9-]+\.)*easypost\.com",))
_HOSTS = st.sampled_from(
    [
        "files.easypost.com",
        "api.easypost.com",
        "easypost.com.evil.example",
        "evileasypost.com",
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "localhost",
        "0",
        "files.easypost.com@evil.example",
        "evil.example#.easypost.com",
        "evil.example\\.easypost.com",
        "FILES.EASYPOST.COM",
        "files.easypost.com.",
        "files。easypost。com",
    ]
)
_LINKS = st.builds(
    lambda scheme, host, rest: f"{scheme}{host}{rest}",
    st.sampled_from(["https://", "http://", "file://", "ftp://", "//", "", "HTTPS://", "https:/"]),
    _HOSTS | TEXT,
    st.sampled_from(["/a.pdf", ":80/a.pdf", ":8443/", "?x=1", "/../etc/passwd", ":٣"]) | TEXT,
)


@bounded(400)
@given(_LINKS)
def test_no_link_leads_the_server_anywhere_but_to_the_providers_own_hosts(link: str) -> None:
    asked: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, content=b"%PDF-1.4")

    client = httpx.Client(transport=httpx.MockTransport(answer))
    found = outcome(lambda: fetch(client, link, PLACES))
    assert isinstance(found, Document | RemoteError)
    for url in asked:
        assert url.scheme == "https"
        assert url.host.endswith(".easypost.com")
        assert url.port in (None, 443)
        assert not url.userinfo
