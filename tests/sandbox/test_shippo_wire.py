"""Shippo's refusals and lesser paths: against recordings where there are some, by its words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.label_buyers import (
    DAY,
    HOME,
    SHIPPO_KEY,
    Wire,
    easypost_session,
    easypost_shipment,
    shippo_body,
    shippo_session,
)
from tests.sandbox.running import Running, running

FIXTURES = Path(__file__).parents[1] / "fixtures" / "shippo"
Json = dict[str, Any]


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=14) as started:
        yield started


@pytest.fixture
def wire(house: Running) -> Iterator[Wire]:
    with shippo_session(house.url) as wire:
        yield wire


def recorded(name: str, at: int) -> tuple[Json, int, Any]:
    """Request body, status and response body of one recorded call."""
    call = json.loads((FIXTURES / "recordings_2017" / f"{name}.json").read_text())[at]
    answer = call["response"]
    return call["request"]["body"], answer["status"]["code"], answer["body"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_paths_work_with_and_without_their_last_slash(wire: Wire, slash: str) -> None:
    made = wire.post(f"/shipments{slash}", shippo_body())
    assert made.status_code == 201
    shipment = made.json()
    rate = shipment["rates"][0]["object_id"]
    assert wire.get(f"/shipments/{shipment['object_id']}{slash}").json() == shipment
    assert wire.get(f"/rates/{rate}{slash}").json() == shipment["rates"][0]
    bought = wire.post(f"/transactions{slash}", {"rate": rate, "async": False}).json()
    listed = wire.get(f"/transactions{slash}", rate=rate).json()["results"]
    assert [one["object_id"] for one in listed] == [bought["object_id"]]
    assert wire.get(f"/carrier_accounts{slash}").status_code == 200


def test_missing_and_wrong_tokens_are_the_documented_401(house: Running, wire: Wire) -> None:
    wire.session.headers["Authorization"] = "ShippoToken shippo_test_somebody"
    answer = wire.get("/transactions")
    assert (answer.status_code, answer.json()) == (401, {"detail": "Token does not exist"})
    del wire.session.headers["Authorization"]
    answer = wire.get("/transactions")
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Authentication credentials were not provided."}


def test_another_api_version_is_refused(wire: Wire) -> None:
    wire.session.headers["SHIPPO-API-VERSION"] = "2017-03-29"
    assert wire.get("/transactions").status_code == 400


@pytest.mark.parametrize("path", ["/shipments/x", "/rates/x", "/transactions/x", "/refunds/x"])
def test_unknown_ids_are_a_404_with_a_detail(wire: Wire, path: str) -> None:
    answer = wire.get(path)
    assert (answer.status_code, answer.json()) == (404, {"detail": "Not found."})


def test_missing_fields_are_named_as_recorded(wire: Wire) -> None:
    _, status, theirs = recorded("shipment_invalid_create", 0)
    answer = wire.post("/shipments", {"address_from": HOME})
    assert answer.status_code == status
    assert answer.json() == {name: theirs[name] for name in ("parcels", "address_to")}
    body, status, theirs = recorded("transaction_invalid_create", 0)
    answer = wire.post("/transactions", body)
    assert (answer.status_code, answer.json()) == (status, theirs)
    body, status, theirs = recorded("parcel_invalid_create", 0)
    answer = wire.post("/parcels", body)
    assert answer.status_code == status
    assert theirs.items() <= answer.json().items()


def test_tracks_of_unknown_carriers_and_numbers_are_answered_as_recorded(wire: Wire) -> None:
    body, status, theirs = recorded("track_invalid_create", 0)
    answer = wire.post("/tracks", body)
    assert (answer.status_code, answer.json()) == (status, theirs)
    _, status, theirs = recorded("track_invalid_get_status", 0)
    answer = wire.get("/tracks/EXAMPLE_OF_INVALID_CARRIER/9205590164917337534322")
    assert (answer.status_code, answer.json()) == (status, theirs)
    assert wire.get("/tracks/usps/EXAMPLE_OF_INVALID_TRACKING_NUMBER").status_code == 404
    strange = wire.post("/tracks", {"carrier": "ups", "tracking_number": "1ZUNKNOWN"}).json()
    assert (strange["tracking_status"], strange["tracking_history"]) == (None, [])


@pytest.mark.parametrize("name", ["address_validate", "address_invalid_validate"])
def test_an_address_is_validated_as_recorded(wire: Wire, name: str) -> None:
    body, status, _ = recorded(name, 0)
    made = wire.post("/addresses", body)
    assert made.status_code == status
    _, _, theirs = recorded(name, 1)
    ours = wire.get(f"/addresses/{made.json()['object_id']}/validate").json()
    assert theirs.keys() <= ours.keys()
    for field in ("name", "city", "state", "is_complete"):
        assert ours[field] == theirs[field], field
    verdict, recorded_verdict = ours["validation_results"], theirs["validation_results"]
    assert verdict["is_valid"] == recorded_verdict["is_valid"]
    for mine, wanted in zip(verdict["messages"], recorded_verdict["messages"], strict=True):
        assert wanted.items() <= mine.items()


@pytest.mark.parametrize("weight", ["0", "-1", "heavy", ""])
def test_a_weight_that_is_not_above_zero_is_a_400_on_its_parcel(wire: Wire, weight: str) -> None:
    answer = wire.post("/shipments", shippo_body(weight))
    assert answer.status_code == 400
    assert "weight" in answer.json()["parcels"][0]


def test_a_parcel_too_heavy_for_every_carrier_succeeds_with_messages_only(wire: Wire) -> None:
    answer = wire.post("/shipments", shippo_body("22046.2")).json()
    assert (answer["status"], answer["rates"]) == ("SUCCESS", [])
    assert {one["source"] for one in answer["messages"]} >= {"USPS", "UPS", "FedEx"}


def test_a_zip_of_another_state_has_no_rates_and_says_so(wire: Wire) -> None:
    answer = wire.post("/shipments", shippo_body(address_to={**HOME, "state": "NY"})).json()
    assert answer["rates"] == []
    assert "90277 is invalid for NY" in answer["messages"][0]["text"]


def test_a_purchase_the_carrier_refuses_is_a_201_that_says_error_and_costs_nothing(
    house: Running, wire: Wire
) -> None:
    nowhere = {**HOME, "street1": "1 Undeliverable St"}
    rate = wire.post("/shipments", shippo_body(address_to=nowhere)).json()["rates"][0]
    answer = wire.post("/transactions", {"rate": rate["object_id"], "async": False})
    assert answer.status_code == 201
    refused = answer.json()
    assert (refused["status"], refused["label_url"], refused["tracking_number"]) == (
        "ERROR",
        "",
        "",
    )
    assert "could not find" in refused["messages"][0]["text"]
    refs = {one["ref"] for one in house.ledger().get("shippo", [])}
    assert refused["object_id"] not in refs
    again = wire.post("/refunds", {"transaction": refused["object_id"]})
    assert again.status_code == 400


def test_an_asynchronous_shipment_has_its_rates_a_second_later(house: Running, wire: Wire) -> None:
    queued = wire.post("/shipments", shippo_body(**{"async": True})).json()
    assert (queued["status"], queued["rates"]) == ("QUEUED", [])
    house.travel(2)
    ready = wire.get(f"/shipments/{queued['object_id']}").json()
    assert ready["status"] == "SUCCESS"
    listed = wire.get(f"/shipments/{queued['object_id']}/rates").json()["results"]
    assert listed == ready["rates"]


def test_a_label_can_be_bought_in_one_call_and_then_answers_with_a_short_rate(
    house: Running, wire: Wire
) -> None:
    accounts = wire.get("/carrier_accounts", carrier="ups").json()["results"]
    body = {
        "shipment": shippo_body(),
        "carrier_account": accounts[0]["object_id"],
        "servicelevel_token": "ups_ground",
        "label_file_type": "ZPLII",
        "async": False,
    }
    bought = wire.post("/transactions", body).json()
    assert bought["rate"]["servicelevel_token"] == "ups_ground"
    assert wire.get(bought["label_url"]).text.startswith("^XA")
    mine = [one for one in house.ledger()["shippo"] if one["ref"] == bought["object_id"]]
    assert [one["amount"] for one in mine] == [bought["rate"]["amount"]]


def test_label_links_are_signed_and_expire(house: Running, wire: Wire) -> None:
    rate = wire.post("/shipments", shippo_body()).json()["rates"][0]["object_id"]
    link = wire.post("/transactions", {"rate": rate, "async": False}).json()["label_url"]
    del wire.session.headers["Authorization"]
    assert wire.get(link).content.startswith(b"%PDF")
    assert wire.get(link.partition("?")[0]).status_code == 403
    house.travel(366 * DAY)
    late = wire.get(link)
    assert (late.status_code, "expired" in late.text) == (403, True)
    house.travel(-366 * DAY)


def test_lists_are_paged_newest_first(wire: Wire) -> None:
    made = [wire.post("/addresses", HOME).json()["object_id"] for _ in range(3)]
    first = wire.get("/addresses", results=2).json()
    assert [one["object_id"] for one in first["results"]] == [made[2], made[1]]
    assert first["previous"] is None
    second = wire.get(first["next"]).json()
    assert second["results"][0]["object_id"] == made[0]


def test_form_bodies_are_read_like_json(wire: Wire) -> None:
    rate = wire.post("/shipments", shippo_body()).json()["rates"][0]["object_id"]
    form = {"rate": rate, "async": "false", "label_file_type": "PNG"}
    answer = wire.session.post("/transactions/", data=form)
    assert (answer.status_code, answer.json()["status"]) == (201, "SUCCESS")


def test_live_and_test_tokens_see_different_objects(house: Running, wire: Wire) -> None:
    shipment = wire.post("/shipments", shippo_body()).json()
    rate = shipment["rates"][0]["object_id"]
    with Wire(house.url, "ShippoToken " + SHIPPO_KEY.replace("test", "live", 1)) as live:
        assert live.get(f"/shipments/{shipment['object_id']}").status_code == 404
        assert "not found" in live.post("/transactions", {"rate": rate}).json()["rate"][0]


def test_easypost_and_shippo_ask_different_prices_for_the_same_parcel(
    house: Running, wire: Wire
) -> None:
    body = {"shipment": easypost_shipment()}
    with easypost_session(house.url) as other:
        rated = other.post("/v2/shipments", body).json()["rates"]
    easypost = {one["service"]: float(one["rate"]) for one in rated}
    rates = wire.post("/shipments", shippo_body()).json()["rates"]
    shippo = {one["servicelevel"]["token"]: float(one["amount"]) for one in rates}
    assert shippo["ups_ground"] < easypost["Ground"]
    assert shippo["usps_ground_advantage"] > easypost["GroundAdvantage"]


@pytest.mark.parametrize("state", [{}, {"state": None}, {"state": ""}])
def test_an_address_without_a_state_is_kept_invalid_and_gets_no_rates(
    wire: Wire, state: Json
) -> None:
    body = shippo_body()
    home = {name: value for name, value in body["address_to"].items() if name != "state"} | state
    kept = wire.post("/addresses", home | {"validate": True})
    assert kept.status_code == 201
    assert kept.json()["is_complete"] is False
    assert kept.json()["validation_results"]["is_valid"] is False
    shipment = wire.post("/shipments", body | {"address_to": home})
    assert shipment.status_code == 201
    assert shipment.json()["rates"] == []
    assert "A state is required (destination)." in [m["text"] for m in shipment.json()["messages"]]
