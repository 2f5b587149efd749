"""EasyPost's own Python SDK is a client of the sandbox and notices nothing."""

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import easypost
import pytest
from easypost.errors import InvalidRequestError, NotFoundError, UnauthorizedError
from pypdf import PdfReader

from sandbox.tracking_numbers import alphanumeric_check, fedex_check, mod10
from tests.sandbox.label_buyers import (
    DAY,
    HOME,
    STUDIO,
    easypost_client,
    easypost_session,
    easypost_shipment,
    fetched,
)
from tests.sandbox.running import Running, running


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=11) as started:
        yield started


@pytest.fixture
def client(house: Running) -> Iterator[easypost.EasyPostClient]:
    with easypost_client(house.url) as client:
        yield client


def rate_of(shipment: Any, carrier: str, service: str) -> Any:
    return next(one for one in shipment.rates if (one.carrier, one.service) == (carrier, service))


def test_a_shipment_is_rated_by_five_carriers_at_the_recorded_usps_prices(
    client: easypost.EasyPostClient,
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    prices = {(one.carrier, one.service): one.rate for one in shipment.rates}
    assert prices["USPS", "GroundAdvantage"] == "6.07"
    assert prices["USPS", "Priority"] == "7.42"
    assert prices["USPS", "Express"] == "34.15"
    assert {carrier for carrier, _ in prices} == {
        "USPS", "UPSDAP", "FedExDefault", "OnTracV3", "DhlEcs"
    }  # fmt: skip
    assert shipment.messages == []


def test_buying_charges_once_and_the_second_purchase_is_refused(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment(reference="order 1"))
    rate = rate_of(shipment, "UPSDAP", "Ground")
    bought = client.shipment.buy(shipment.id, rate=rate)
    with pytest.raises(InvalidRequestError) as refusal:
        client.shipment.buy(shipment.id, rate=rate)
    assert refusal.value.code == "SHIPMENT.POSTAGE.EXISTS"
    charges = [one for one in house.ledger()["easypost"] if one["ref"] == shipment.id]
    assert [one["amount"] for one in charges] == [rate.rate]
    assert bought.selected_rate.id == rate.id
    assert bought.tracking_code.startswith("1Z")
    assert alphanumeric_check(bought.tracking_code[2:17]) == bought.tracking_code[17]


def test_each_carrier_gives_numbers_in_its_own_form(client: easypost.EasyPostClient) -> None:
    wanted = {
        ("USPS", "GroundAdvantage"): lambda code: len(code) == 22 and mod10(code[:-1]) == code[-1],
        ("FedExDefault", "SMART_POST"): lambda code: fedex_check(code[:-1]) == code[-1],
        ("OnTracV3", "GRND"): lambda code: alphanumeric_check(code[:-1]) == code[-1],
        ("DhlEcs", "DHLParcelGround"): lambda code: mod10(code[:-1]) == code[-1],
    }
    for (carrier, service), fits in wanted.items():
        shipment = client.shipment.create(
            **easypost_shipment(), service=service, carrier=carrier,
            carrier_accounts=[rate_of_account(client, carrier)],
        )  # fmt: skip
        assert fits(shipment.tracking_code), (carrier, shipment.tracking_code)
        assert shipment.tracker.carrier == carrier


def rate_of_account(client: easypost.EasyPostClient, carrier: str) -> str:
    kinds = {"USPS": "Usps", "FedExDefault": "Fedex", "OnTracV3": "Ontrac", "DhlEcs": "Dhl"}
    accounts = client.carrier_account.all()
    return next(str(one.id) for one in accounts if one.type.startswith(kinds[carrier]))


def test_a_purchase_whose_answer_was_lost_is_found_by_asking_for_the_shipment(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    house.fault("reset_after_effect", provider="easypost", path="/v2/shipments/*/buy", times=1)
    with pytest.raises(easypost.errors.HttpError):
        client.shipment.buy(shipment.id, rate=shipment.lowest_rate())
    found = client.shipment.retrieve(shipment.id)
    assert found.tracking_code
    assert found.postage_label.label_url
    charges = [one for one in house.ledger()["easypost"] if one["ref"] == shipment.id]
    assert len(charges) == 1


def test_the_label_file_is_a_one_page_four_by_six_pdf_and_can_be_had_in_other_formats(
    client: easypost.EasyPostClient,
) -> None:
    made = easypost_shipment(options={"label_format": "PDF"})
    shipment = client.shipment.create(**made)
    bought = client.shipment.buy(shipment.id, rate=shipment.lowest_rate())
    assert bought.postage_label.label_file_type == "application/pdf"
    pdf = fetched(bought.postage_label.label_url)
    page = PdfReader(io.BytesIO(pdf), strict=True).pages[0]
    assert tuple(page.mediabox) == (0, 0, 288, 432)
    assert bought.tracking_code in page.extract_text()
    zpl = client.shipment.label(shipment.id, file_format="ZPL").postage_label.label_zpl_url
    assert fetched(zpl).startswith(b"^XA")
    png = fetched(bought.postage_label.label_url.replace(".pdf", ".png"))
    assert png.startswith(b"\x89PNG")


def test_a_refund_is_submitted_at_once_and_paid_back_when_the_carrier_has_decided(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    rate = rate_of(shipment, "USPS", "GroundAdvantage")
    client.shipment.buy(shipment.id, rate=rate)
    assert client.shipment.refund(shipment.id).refund_status == "submitted"
    with pytest.raises(InvalidRequestError) as refusal:
        client.shipment.refund(shipment.id)
    assert refusal.value.code == "SHIPMENT.REFUND.UNAVAILABLE"
    house.travel(16 * DAY)
    settled = client.shipment.retrieve(shipment.id)
    assert settled.refund_status == "refunded"
    assert all(fee.refunded for fee in settled.fees)
    assert settled.tracker.status == "pre_transit"
    mine = [one for one in house.ledger()["easypost"] if one["ref"] == shipment.id]
    assert [(one["kind"], one["amount"]) for one in mine] == [
        ("charge", "6.07"),
        ("refund", "6.07"),
    ]


def test_a_label_that_was_scanned_is_not_refunded_and_may_be_asked_for_again(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    client.shipment.buy(shipment.id, rate=rate_of(shipment, "UPSDAP", "Ground"))
    house.travel(2 * DAY)
    refunds = client.refund.create(
        carrier="UPSDAP", tracking_codes=[client.shipment.retrieve(shipment.id).tracking_code]
    )
    assert refunds[0].status == "submitted"
    house.travel(3 * DAY)
    assert client.shipment.retrieve(shipment.id).refund_status == "rejected"
    assert client.shipment.refund(shipment.id).refund_status == "submitted"


def test_a_tracker_moves_with_the_clock_until_the_parcel_is_delivered(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    bought = client.shipment.buy(shipment.id, rate=rate_of(shipment, "UPSDAP", "Ground"))
    seen = [bought.tracker.status]
    for _ in range(120):
        house.travel(3600)
        status = client.tracker.retrieve(bought.tracker.id).status
        if status != seen[-1]:
            seen.append(status)
    assert seen == ["unknown", "pre_transit", "in_transit", "out_for_delivery", "delivered"]
    tracker = client.tracker.create(tracking_code=bought.tracking_code)
    assert tracker.id == bought.tracker.id
    assert tracker.tracking_details[-1].tracking_location.city == HOME["city"].upper()


def test_addresses_are_verified_and_a_strict_check_refuses_one_that_does_not_exist(
    client: easypost.EasyPostClient,
) -> None:
    good = client.address.create(**STUDIO, verify=True)
    assert (good.street1, good.residential) == ("388 TOWNSEND ST APT 20", True)
    assert good.verifications.delivery.success is True
    with pytest.raises(InvalidRequestError) as refusal:
        client.address.create(**{**STUDIO, "state": "NY"}, verify_strict=True)
    assert refusal.value.code == "ADDRESS.VERIFY.FAILURE"
    assert client.address.retrieve(good.id).zip == good.zip


def test_a_scan_form_takes_bought_usps_labels_once(client: easypost.EasyPostClient) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    client.shipment.buy(shipment.id, rate=rate_of(shipment, "USPS", "Priority"))
    form = client.scan_form.create(shipments=[{"id": shipment.id}])
    assert form.status == "created"
    assert fetched(form.form_url).startswith(b"%PDF")
    with pytest.raises(InvalidRequestError):
        client.scan_form.create(shipments=[{"id": shipment.id}])


def test_rates_again_have_new_ids_and_the_old_ones_cannot_be_bought(
    client: easypost.EasyPostClient,
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    fresh = client.shipment.regenerate_rates(shipment.id)["rates"]
    assert not {one.id for one in fresh} & {one.id for one in shipment.rates}
    with pytest.raises(InvalidRequestError) as refusal:
        client.shipment.buy(shipment.id, rate=shipment.rates[0])
    assert refusal.value.code == "SHIPMENT.MISSING_RATE"


def test_a_rate_older_than_a_week_is_refused_and_costs_nothing(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    house.travel(8 * DAY)
    with pytest.raises(InvalidRequestError, match="expired"):
        client.shipment.buy(shipment.id, rate=shipment.rates[0])
    assert shipment.id not in {one["ref"] for one in house.ledger()["easypost"]}


def test_the_user_s_balance_is_what_the_wallet_has_left(
    house: Running, client: easypost.EasyPostClient
) -> None:
    wallet = house.state()["wallets"]["easypost"]
    me = client.user.retrieve_me()
    assert Decimal(me.balance) == Decimal(10_000) - Decimal(wallet["net"])


def test_a_wrong_key_and_an_unknown_id_raise_the_sdk_s_own_errors(
    house: Running, client: easypost.EasyPostClient
) -> None:
    with pytest.raises(NotFoundError):
        client.shipment.retrieve("shp_1")
    with (
        easypost_client(house.url, "EZTKsomebody-else") as stranger,
        pytest.raises(UnauthorizedError),
    ):
        stranger.shipment.retrieve("shp_1")


def test_a_shipment_of_test_mode_does_not_exist_in_production(
    house: Running, client: easypost.EasyPostClient
) -> None:
    shipment = client.shipment.create(**easypost_shipment())
    with easypost_client(house.url, "EZAKsandbox-tests") as live:
        assert live.shipment.create(**easypost_shipment()).mode == "production"
        with pytest.raises(NotFoundError):
            live.shipment.retrieve(shipment.id)


def test_lists_are_refused_beyond_five_in_a_second(house: Running) -> None:
    with easypost_session(house.url) as wire:
        codes = [wire.get("/v2/trackers", page_size=1).status_code for _ in range(8)]
    assert 429 in codes
    assert codes.count(200) <= 6
