"""Shippo's own Python SDK is a client of the sandbox and decodes everything it answers."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import shippo
from pypdf import PdfReader
from shippo.models import components, errors, operations

from sandbox.tracking_numbers import mod10
from tests.sandbox.label_buyers import DAY, HOME, STUDIO, fetched, shippo_client, shippo_request
from tests.sandbox.running import Running, running

PDF = components.LabelFileTypeEnum.PDF_4X6
SUCCESS = components.TransactionStatusEnum.SUCCESS


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=13) as started:
        yield started


@pytest.fixture
def client(house: Running) -> Iterator[shippo.Shippo]:
    with shippo_client(house.url) as client:
        yield client


def rate_of(shipment: components.Shipment, token: str) -> components.Rate:
    return next(one for one in shipment.rates if one.servicelevel.token == token)


def buy(client: shippo.Shippo, rate: components.Rate, wait: bool = True) -> components.Transaction:
    request = components.TransactionCreateRequest(
        rate=rate.object_id, label_file_type=PDF, metadata="order 1", async_=not wait
    )
    return client.transactions.create(request)


def charges(house: Running, *refs: Any) -> list[str]:
    entries = house.ledger().get("shippo", [])
    return [one["amount"] for one in entries if one["kind"] == "charge" and one["ref"] in refs]


def test_a_shipment_is_rated_with_shippo_s_tokens_and_marks(client: shippo.Shippo) -> None:
    shipment = client.shipments.create(shippo_request())
    assert shipment.status == components.ShipmentStatus.SUCCESS
    tokens = {one.servicelevel.token for one in shipment.rates}
    assert tokens >= {
        "usps_ground_advantage", "usps_priority", "ups_ground", "ups_ground_saver",
        "fedex_home_delivery", "fedex_ground_economy", "ontrac_ground",
    }  # fmt: skip
    cheapest = min(shipment.rates, key=lambda one: Decimal(one.amount))
    assert components.Attributes.CHEAPEST in cheapest.attributes
    assert "may vary" in shipment.messages[0].text
    rate = client.rates.get(cheapest.object_id)
    assert (rate.amount, rate.shipment) == (cheapest.amount, shipment.object_id)


def test_a_purchase_that_waits_answers_with_the_label(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "usps_ground_advantage")
    bought = buy(client, rate)
    assert bought.status == SUCCESS
    number = bought.tracking_number
    assert mod10(number[:-1]) == number[-1]
    assert charges(house, bought.object_id) == [rate.amount]
    page = PdfReader(io.BytesIO(fetched(bought.label_url))).pages[0]
    assert tuple(page.mediabox) == (0, 0, 288, 432)
    assert bought.tracking_number in page.extract_text()


def test_a_purchase_that_does_not_wait_is_queued_first_and_complete_when_polled(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "ups_ground")
    queued = buy(client, rate, wait=False)
    assert queued.status == components.TransactionStatusEnum.QUEUED
    assert (queued.label_url, queued.tracking_number) == ("", "")
    house.travel(2)
    done = client.transactions.get(queued.object_id)
    assert done.status == SUCCESS
    assert done.tracking_number.startswith("1Z")
    assert charges(house, queued.object_id) == [rate.amount]


def test_buying_one_rate_twice_is_two_labels_and_two_charges(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "ups_ground")
    first, second = buy(client, rate), buy(client, rate)
    assert first.tracking_number != second.tracking_number
    assert charges(house, first.object_id, second.object_id) == [rate.amount, rate.amount]
    found = client.transactions.list(operations.ListTransactionsRequest(rate=rate.object_id))
    assert {one.object_id for one in found.results} == {first.object_id, second.object_id}


def test_a_purchase_whose_answer_was_lost_is_found_by_its_rate(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "ups_ground")
    house.fault("reset_after_effect", provider="shippo", method="POST", path="*/transactions*")
    with pytest.raises(OSError, match="onnection"):
        buy(client, rate)
    found = client.transactions.list(operations.ListTransactionsRequest(rate=rate.object_id))
    assert [one.status for one in found.results] == [SUCCESS]
    assert charges(house, found.results[0].object_id) == [rate.amount]


def test_a_refund_is_queued_pending_and_then_paid_back(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "ups_ground")
    bought = buy(client, rate)
    refund = client.refunds.create(transaction=bought.object_id)
    assert refund.status == components.RefundStatus.QUEUED
    waiting = client.transactions.get(bought.object_id)
    assert waiting.status == components.TransactionStatusEnum.REFUNDPENDING
    house.travel(120)
    assert client.refunds.get(refund.object_id).status == components.RefundStatus.PENDING
    house.travel(2 * DAY)
    assert client.refunds.get(refund.object_id).status == components.RefundStatus.SUCCESS
    settled = client.transactions.get(bought.object_id)
    assert settled.status == components.TransactionStatusEnum.REFUNDED
    entries = [one for one in house.ledger()["shippo"] if one["ref"] == bought.object_id]
    assert [one["kind"] for one in entries] == ["charge", "refund"]
    assert client.refunds.list().results[0].object_id == refund.object_id


def test_a_refund_of_a_scanned_label_ends_in_error(house: Running, client: shippo.Shippo) -> None:
    bought = buy(client, rate_of(client.shipments.create(shippo_request()), "ups_ground"))
    house.travel(2 * DAY)
    refund = client.refunds.create(transaction=bought.object_id)
    house.travel(3 * DAY)
    assert client.refunds.get(refund.object_id).status == components.RefundStatus.ERROR
    settled = client.transactions.get(bought.object_id)
    assert settled.status == components.TransactionStatusEnum.REFUNDREJECTED


def test_tracking_follows_the_clock(house: Running, client: shippo.Shippo) -> None:
    bought = buy(client, rate_of(client.shipments.create(shippo_request()), "ups_ground"))
    seen = []
    for _ in range(12):
        house.travel(DAY / 2)
        track = client.tracking_status.get(bought.tracking_number, "ups")
        status = track.tracking_status.status
        if status not in seen:
            seen.append(status)
    states = components.TrackingStatusEnum
    assert seen == [states.PRE_TRANSIT, states.TRANSIT, states.DELIVERED]
    assert track.tracking_status.location.city == HOME["city"]
    mock = client.tracking_status.create(carrier="shippo", tracking_number="SHIPPO_RETURNED")
    assert mock.tracking_status.status == states.RETURNED


def test_carrier_accounts_addresses_and_manifests_decode(client: shippo.Shippo) -> None:
    accounts = client.carrier_accounts.list(operations.ListCarrierAccountsRequest()).results
    assert [one.carrier for one in accounts] == ["usps", "ups", "fedex", "ontrac", "dhl_ecommerce"]
    address = client.addresses.create(components.AddressCreateRequest(**HOME, validate=True))
    assert address.validation_results.is_valid is True
    shipment = client.shipments.create(shippo_request())
    bought = buy(client, rate_of(shipment, "usps_priority"))
    manifest = client.manifests.create(
        components.ManifestCreateRequest(
            carrier_account=accounts[0].object_id,
            shipment_date=str(shipment.shipment_date),
            address_from=components.AddressCreateRequest(**STUDIO),
            transactions=[bought.object_id],
        )
    )
    assert manifest.status == components.ManifestStatus.SUCCESS
    assert fetched(manifest.documents[0]).startswith(b"%PDF")


def test_a_rate_older_than_seven_days_is_refused_and_costs_nothing(
    house: Running, client: shippo.Shippo
) -> None:
    rate = rate_of(client.shipments.create(shippo_request()), "ups_ground")
    before = len(house.ledger()["shippo"])
    house.travel(8 * DAY)
    with pytest.raises(errors.SDKError) as refusal:
        buy(client, rate)
    assert refusal.value.status_code == 400
    assert "older than 7 days" in refusal.value.body
    assert len(house.ledger()["shippo"]) == before
