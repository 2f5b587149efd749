"""Every recording of EasyPost and Shippo read by our adapters: as a value or as our error."""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from core.errors import OutcomeUnknown, Rejected, RemoteError
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import Quotes, Rate, VoidOutcome
from shipping.providers.carriers import detect_carrier
from shipping.providers.easypost import EasyPost
from shipping.providers.easypost import parse as easypost
from shipping.providers.shippo import Shippo
from shipping.providers.shippo import parse as shippo
from tests.contracts.cases import SPEC
from tests.contracts.tape import Tape, outcome
from tests.shipping.providers.recordings import Exchange, exchanges

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EASYPOST = list(exchanges("easypost"))
SHIPPO = list(exchanges("shippo"))


def _rate(provider: str, shipment: str = "shp_none", rate: str = "rate_none") -> Rate:
    return Rate(
        provider=provider,
        carrier="usps",
        service="x",
        service_name="x",
        price=Money.of("1.00", "USD"),
        delivery_days=None,
        guaranteed=False,
        expires_at=None,
        provider_ref={"shipment_id": shipment, "rate_id": rate},
    )


def _is(exchange: Exchange, method: str, path: str) -> bool:
    return exchange.method == method and bool(re.fullmatch(path, exchange.path))


def test_the_recordings_are_here() -> None:
    assert len({exchange.recording for exchange in EASYPOST}) >= 75
    assert {exchange.recording for exchange in SHIPPO} == {
        "order_create",
        "order_invalid_create",
        "order_invalid_retrieve",
        "order_list_all",
        "order_list_page_size",
        "order_retrieve",
        "pickup_create",
    }


def test_every_shipment_easypost_made_is_read_as_rates() -> None:
    read = [
        easypost.parse_quotes(exchange.answer, now=NOW)
        for exchange in EASYPOST
        if _is(exchange, "POST", "/v2/shipments") and exchange.status == 201
    ]
    assert len(read) >= 25
    rated = [quotes for quotes in read if quotes.rates]
    assert len(rated) >= 20
    for quotes in rated:
        assert {rate.carrier for rate in quotes.rates} <= {"usps", "ups", "fedex", "dhl_express"}
        assert all(rate.price.currency == "USD" and rate.price.amount > 0 for rate in quotes.rates)
        assert all(rate.service_name for rate in quotes.rates)


def test_every_purchase_easypost_answered_is_read_as_a_label() -> None:
    bought = [exchange for exchange in EASYPOST if _is(exchange, "POST", "/v2/shipments/[^/]+/buy")]
    assert len(bought) >= 3
    for exchange in bought:
        label = easypost.parse_label(exchange.answer, _rate("easypost", exchange.answer["id"]))
        assert label.tracking_number == exchange.answer["tracking_code"]
        assert detect_carrier(label.tracking_number) == label.carrier == "usps"
        assert label.cost.amount == fields.decimal(exchange.answer["selected_rate"], "rate")
        assert label.label_url.endswith((".png", ".pdf"))


def test_every_shipment_easypost_showed_again_is_found_or_known_to_be_unpaid() -> None:
    seen: Counter[bool] = Counter()
    for exchange in EASYPOST:
        if exchange.status >= 300 or not re.match(r"/v2/shipments(/shp_\w+)?$", exchange.path):
            continue
        shipments = exchange.answer.get("shipments", [exchange.answer])
        for shipment in shipments:
            label = easypost.parse_found(shipment, _rate("easypost", shipment["id"]))
            assert (label is not None) == bool(shipment["postage_label"])
            seen[label is not None] += 1
    assert seen[True] >= 10
    assert seen[False] >= 10


def test_every_refund_easypost_answered_is_under_way() -> None:
    refunds = [
        easypost.parse_void(exchange.answer)
        for exchange in EASYPOST
        if _is(exchange, "POST", "/v2/shipments/[^/]+/refund")
    ]
    assert refunds
    assert {refund.outcome for refund in refunds} == {VoidOutcome.REQUESTED}


def test_the_carrier_accounts_easypost_listed_are_named() -> None:
    (listed,) = [
        exchange.answer
        for exchange in EASYPOST
        if _is(exchange, "GET", "/v2/carrier_accounts") and isinstance(exchange.answer, list)
    ]
    assert easypost.parse_carriers(listed) == ("USPS",)


def test_every_refusal_easypost_answered_is_in_words() -> None:
    refused = [exchange for exchange in EASYPOST if exchange.status >= 400]
    assert refused
    for exchange in refused:
        refusal = easypost.read_refusal(exchange.answer)
        assert refusal is not None
        assert refusal.message
    missing = easypost.read_refusal(
        next(exchange for exchange in refused if exchange.recording == "error").answer
    )
    assert missing is not None
    assert missing.message == "Missing required parameter (shipment: cannot be blank)."


@pytest.mark.parametrize("exchange", EASYPOST, ids=lambda exchange: exchange.name)
def test_whatever_easypost_answers_a_call_of_ours_ends_in_a_value_or_our_error(
    exchange: Exchange,
) -> None:
    tape = Tape(httpx.Response(exchange.status, json=exchange.answer))
    provider = EasyPost("EZTKx", tape.client(), now=lambda: NOW, sleep=tape.pauses.append)
    rate = _rate("easypost")
    _clean(lambda: provider.quote(SPEC))
    _clean(lambda: provider.find(rate, key="k"))
    _clean(provider.check)
    tape.requests.clear()
    error = _clean(lambda: provider.buy(SPEC, rate, key="k"))
    assert isinstance(error, OutcomeUnknown | Rejected)  # never a label: it is another shipment
    assert len(tape.requests) == 1


def test_the_shipment_and_the_purchase_shippo_recorded_are_read() -> None:
    made = next(exchange for exchange in SHIPPO if exchange.path == "/shipments/")
    quotes = shippo.parse_quotes(made.answer, now=NOW)
    assert len(quotes.rates) == len(made.answer["rates"])
    assert quotes.rates[1].service_name == "Priority Mail"
    assert quotes.rates[1].price == Money.of("12.44", "USD")
    assert quotes.messages[0].startswith("DHL Express: Shippo's DHL Express master account")

    bought = next(exchange for exchange in SHIPPO if exchange.path == "/transactions/")
    rate = next(
        rate for rate in quotes.rates if rate.provider_ref["rate_id"] == bought.request["rate"]
    )
    label = shippo.parse_label(bought.answer, rate)
    assert label.tracking_number == "92108901755477000000000018"
    assert label.cost == Money.of("12.44", "USD")
    assert label.label_url.startswith("https://deliver.goshippo.com/")


def test_every_refusal_shippo_answered_is_in_words() -> None:
    words = {}
    for exchange in SHIPPO:
        if exchange.status >= 400:
            refusal = shippo.read_refusal(exchange.answer)
            words[exchange.name] = refusal.message if refusal else ""
    assert words["order_invalid_create: POST /orders/"].count("This field is required.") == 4
    assert words["order_invalid_retrieve: GET /orders/EXAMPLE_OF_INVALID_ID"] == ""  # a web page
    assert "e-mail: This field is required." in words["pickup_create: POST /pickups/"]


@pytest.mark.parametrize("exchange", SHIPPO, ids=lambda exchange: exchange.name)
def test_whatever_shippo_answers_a_call_of_ours_ends_in_a_value_or_our_error(
    exchange: Exchange,
) -> None:
    tape = Tape(httpx.Response(exchange.status, json=exchange.answer))
    provider = Shippo("shippo_test_x", tape.client(), now=lambda: NOW, sleep=tape.pauses.append)
    rate = _rate("shippo", "ship1", "rate1")
    quotes = _clean(lambda: provider.quote(SPEC))
    assert isinstance(quotes, Quotes | RemoteError)
    _clean(lambda: provider.find(rate, key="k"))
    _clean(provider.check)
    tape.requests.clear()
    error = _clean(lambda: provider.buy(SPEC, rate, key="k"))
    assert isinstance(error, OutcomeUnknown | Rejected)
    assert len(tape.requests) == 1


def _clean(call: Any) -> Any:
    """The value of a call, or the RemoteError it raised; anything else breaks the test."""
    found = outcome(call)
    assert not isinstance(found, RemoteError) or found.message
    return found
