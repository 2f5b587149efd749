"""EasyPost's answers against its recordings, key by key, and its refusals word by word."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.label_buyers import (
    EASYPOST_KEY,
    HOME,
    STUDIO,
    Wire,
    easypost_session,
    easypost_shipment,
)
from tests.sandbox.running import Running, running

FIXTURES = Path(__file__).parents[1] / "fixtures" / "easypost"
OPTIONAL = {"street2", "email"}  # null or text, depending on what the sender gave
Json = dict[str, Any]


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=12) as started:
        yield started


@pytest.fixture
def wire(house: Running) -> Iterator[Wire]:
    with easypost_session(house.url) as wire:
        yield wire


def recorded(name: str, at: int) -> tuple[Json, Any]:
    """Request body and response body of one recorded call."""
    call = json.loads((FIXTURES / "recordings" / f"{name}.json").read_text())[at]
    return call["request"]["body"], call["response"]["body"]


def differences(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Where keys, their order or JSON types differ; the first entry of a list stands for all."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        found = [] if list(theirs) == list(ours) else [f"{path}: {list(theirs)} / {list(ours)}"]
        for key in theirs.keys() & ours.keys():
            found += differences(theirs[key], ours[key], f"{path}/{key}")
        return found
    if isinstance(theirs, list) and isinstance(ours, list):
        return differences(theirs[0], ours[0], f"{path}[]") if theirs and ours else []
    optional = path.rpartition("/")[2] in OPTIONAL and None in (theirs, ours)
    same = type(theirs) is type(ours) or optional
    return [] if same else [f"{path}: {theirs!r} / {ours!r}"]


def bought(wire: Wire, **changes: Any) -> Json:
    """A shipment bought as USPS Ground Advantage, as the buy call answered it."""
    shipment = wire.post("/v2/shipments", {"shipment": easypost_shipment(**changes)}).json()
    rate = next(one for one in shipment["rates"] if one["service"] == "GroundAdvantage")
    answer = wire.post(f"/v2/shipments/{shipment['id']}/buy", {"rate": {"id": rate["id"]}})
    assert answer.status_code == 200, answer.text
    result: Json = answer.json()
    return result


def test_created_and_bought_shipments_have_the_recorded_fields_order_and_types(wire: Wire) -> None:
    body, theirs = recorded("shipment_buy", 0)
    created = wire.post("/v2/shipments", body)
    assert created.status_code == 201
    assert differences(theirs, created.json()) == []
    shipment = created.json()
    assert created.headers["Location"] == f"/api/v2/shipments/{shipment['id']}"
    rate = next(one for one in shipment["rates"] if one["service"] == "GroundAdvantage")
    _, theirs = recorded("shipment_buy", 1)
    answer = wire.post(f"/v2/shipments/{shipment['id']}/buy", {"rate": {"id": rate["id"]}})
    assert differences(theirs, answer.json()) == []
    assert answer.json()["fees"] == theirs["fees"]
    assert answer.json()["usps_zone"] == theirs["usps_zone"]


def test_a_rate_carries_the_recorded_figures(wire: Wire) -> None:
    body, theirs = recorded("shipment_buy", 0)
    ours = wire.post("/v2/shipments", body).json()
    wanted = {one["service"]: one for one in theirs["rates"]}
    mine = {one["service"]: one for one in ours["rates"] if one["carrier"] == "USPS"}
    assert mine.keys() == wanted.keys()
    for service, rate in wanted.items():
        for name in ("rate", "list_rate", "retail_rate", "currency", "delivery_days"):
            assert mine[service][name] == rate[name], (service, name)


def test_a_refund_and_a_converted_label_look_as_recorded(house: Running, wire: Wire) -> None:
    body, theirs = recorded("shipment_refund", 0)
    body["shipment"]["carrier_accounts"] = [wire.get("/v2/carrier_accounts").json()[0]["id"]]
    created = wire.post("/v2/shipments", body)
    assert created.status_code == 201
    assert differences(theirs, created.json()) == []
    house.travel(5)
    path = f"/v2/shipments/{created.json()['id']}"
    _, theirs = recorded("shipment_refund", 1)
    ours = wire.post(f"{path}/refund").json()
    assert differences(theirs, ours) == []
    assert ours["refund_status"] == theirs["refund_status"] == "submitted"
    _, theirs = recorded("shipment_convert_label", 2)
    ours = wire.get(f"/v2/shipments/{bought(wire)['id']}/label", file_format="ZPL").json()
    assert differences(theirs["postage_label"], ours["postage_label"]) == []


def test_trackers_look_as_recorded_when_created_and_when_read(wire: Wire) -> None:
    body, theirs = recorded("tracker_create", 0)
    created = wire.post("/v2/trackers", body)
    assert created.status_code == 200
    assert differences(theirs, created.json()) == []
    assert created.json()["status"] == "pre_transit"
    _, theirs = recorded("tracker_retrieve", 1)
    ours = wire.get(f"/v2/trackers/{created.json()['id']}").json()
    assert differences(theirs, ours) == []


def test_test_mode_tracks_test_codes_only(wire: Wire) -> None:
    refused = wire.post("/v2/trackers", {"tracker": {"tracking_code": "1Z999AA10123456784"}})
    assert refused.status_code == 422
    assert refused.json()["error"]["message"].startswith("In test mode, only test tracking numbers")


@pytest.mark.parametrize(
    ("name", "at", "status"),
    [
        ("address_create_verify", 0, 201),
        ("address_create_verify", 1, 201),
        ("address_create_verify_strict", 0, 201),
    ],
)
def test_addresses_are_created_and_checked_as_recorded(
    wire: Wire, name: str, at: int, status: int
) -> None:
    body, theirs = recorded(name, at)
    answer = wire.post("/v2/addresses", body)
    assert answer.status_code == status
    ours = answer.json()
    assert differences(theirs, ours) == []
    for field in ("name", "company", "street1", "street2", "city", "state", "residential"):
        assert ours[field] == theirs[field]
    assert ours["verifications"].keys() == theirs["verifications"].keys()


def test_a_strict_check_of_a_bad_address_is_the_documented_422(wire: Wire) -> None:
    bad, _ = recorded("address_create_verify", 1)
    answer = wire.post("/v2/addresses", {"address": bad["address"], "verify_strict": True})
    documented = FIXTURES / "docs" / "addresses-verify-strict-param.json"
    assert answer.status_code == 422
    assert answer.json() == json.loads(documented.read_text())


def test_a_verified_copy_is_wrapped_as_recorded(wire: Wire) -> None:
    body, _ = recorded("address_verify", 0)
    created = wire.post("/v2/addresses", body).json()
    _, theirs = recorded("address_verify", 1)
    ours = wire.get(f"/v2/addresses/{created['id']}/verify").json()
    assert differences(theirs, ours) == []
    assert ours["address"]["id"] != created["id"]


def test_carrier_accounts_and_scan_forms_look_as_recorded(wire: Wire) -> None:
    _, theirs = recorded("carrier_account_all", 0)
    assert differences(theirs, wire.get("/v2/carrier_accounts").json()) == []
    _, theirs = recorded("scanform_retrieve", 1)
    shipment = bought(wire)
    made = wire.post("/v2/scan_forms", {"scan_form": {"shipment": [{"id": shipment["id"]}]}})
    assert differences(theirs, made.json()) == []
    assert made.json()["tracking_codes"] == [shipment["tracking_code"]]


def test_an_empty_shipment_is_the_recorded_422(wire: Wire) -> None:
    body, theirs = recorded("error", 0)
    answer = wire.post("/v2/shipments", body)
    assert (answer.status_code, answer.json()) == (422, theirs)


@pytest.mark.parametrize("parcel", [{"weight": 0}, {"weight": -3}, {"weight": "heavy"}, {}])
def test_a_parcel_without_a_weight_above_zero_is_a_422(wire: Wire, parcel: Json) -> None:
    shipment = easypost_shipment() | {"parcel": {"length": 10, "width": 8, "height": 4, **parcel}}
    answer = wire.post("/v2/shipments", {"shipment": shipment})
    assert answer.status_code == 422
    assert answer.json()["error"]["errors"][0]["field"] == "weight"


def test_a_parcel_too_heavy_for_every_carrier_has_messages_instead_of_rates(wire: Wire) -> None:
    heavy = wire.post("/v2/shipments", {"shipment": easypost_shipment(10_000 * 35.274)}).json()
    assert heavy["rates"] == []
    assert {one["carrier"] for one in heavy["messages"]} >= {"USPS", "UPSDAP", "FedExDefault"}
    assert {one["type"] for one in heavy["messages"]} == {"rate_error"}
    some = wire.post("/v2/shipments", {"shipment": easypost_shipment(80 * 16)}).json()
    assert {one["carrier"] for one in some["rates"]} == {"UPSDAP", "FedExDefault"}
    assert "exceeds the maximum of 70 lbs" in some["messages"][0]["message"]


def test_a_zip_of_another_state_has_no_rates_and_says_so(wire: Wire) -> None:
    wrong = easypost_shipment(to_address={**HOME, "state": "NY"})
    answer = wire.post("/v2/shipments", {"shipment": wrong}).json()
    assert answer["rates"] == []
    assert "90277 is invalid for NY" in answer["messages"][0]["message"]


def test_a_street_no_carrier_knows_has_rates_but_cannot_be_bought(
    house: Running, wire: Wire
) -> None:
    nowhere = easypost_shipment(to_address={**HOME, "street1": "1 Undeliverable St"})
    shipment = wire.post("/v2/shipments", {"shipment": nowhere}).json()
    path = f"/v2/shipments/{shipment['id']}/buy"
    refused = wire.post(path, {"rate": {"id": shipment["rates"][0]["id"]}})
    assert (refused.status_code, refused.json()["error"]["code"]) == (
        422,
        "SHIPMENT.POSTAGE.FAILURE",
    )
    assert shipment["id"] not in {one["ref"] for one in house.ledger().get("easypost", [])}


def test_insurance_is_charged_and_shown_and_nonsense_is_refused_before_money_moves(
    house: Running, wire: Wire
) -> None:
    shipment = wire.post("/v2/shipments", {"shipment": easypost_shipment()}).json()
    rate = shipment["rates"][0]
    path = f"/v2/shipments/{shipment['id']}/buy"
    refused = wire.post(path, {"rate": {"id": rate["id"]}, "insurance": "a lot"})
    assert refused.json()["error"]["code"] == "INSURANCE.PARAMETERS.INVALID"
    paid = wire.post(path, {"rate": {"id": rate["id"]}, "insurance": "100"}).json()
    assert paid["insurance"] == "100.00"
    assert [fee["amount"] for fee in paid["fees"]] == ["0.00000", "6.07000", "1.00000"]
    mine = [one for one in house.ledger()["easypost"] if one["ref"] == shipment["id"]]
    assert [one["amount"] for one in mine] == ["7.07"]


def test_basic_authentication_with_the_key_as_user_works_too(house: Running, wire: Wire) -> None:
    del wire.session.headers["Authorization"]
    assert wire.get("/v2/users").status_code == 401
    wire.session.auth = (EASYPOST_KEY, "")
    assert wire.get("/v2/users").status_code == 200
    wire.session.auth = ("EZAKsandbox-inactive", "")
    answer = wire.get("/v2/users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "APIKEY.INACTIVE")


def test_broken_bodies_and_unknown_paths_are_answered_in_easypost_s_shape(wire: Wire) -> None:
    broken = wire.session.post("/v2/shipments", content="{")
    assert (broken.status_code, broken.json()["error"]["code"]) == (400, "BAD_REQUEST")
    assert wire.get("/v2/nothing").json()["error"]["code"] == "NOT_FOUND"


def test_prices_grow_with_weight_and_distance_and_differ_between_home_and_office(
    wire: Wire,
) -> None:
    def price(service: str, **changes: Any) -> float:
        ounces = changes.pop("ounces", 32)
        made = wire.post("/v2/shipments", {"shipment": easypost_shipment(ounces, **changes)})
        rates = {one["service"]: float(one["rate"]) for one in made.json()["rates"]}
        return rates[service]

    far = {**HOME, "city": "New York", "state": "NY", "zip": "10001"}
    assert price("Ground") < price("Ground", ounces=320) < price("Ground", ounces=1600)
    assert price("GroundAdvantage") < price("GroundAdvantage", to_address=far)
    office = {**HOME, "company": "Sea Shells Inc"}
    assert price("Ground", to_address=office) < price("Ground")
    assert price("FEDEX_GROUND", to_address=office) < price("GROUND_HOME_DELIVERY")
    assert price("GroundAdvantage", from_address=STUDIO) == price("GroundAdvantage")


@pytest.mark.parametrize("state", [{}, {"state": None}, {"state": ""}])
def test_an_address_without_a_state_is_kept_not_verified_and_gets_no_rates(
    wire: Wire, state: Json
) -> None:
    home = {name: value for name, value in HOME.items() if name != "state"} | state
    kept = wire.post("/v2/addresses", {"address": home, "verify": True})
    assert kept.status_code == 201
    assert kept.json()["verifications"]["delivery"]["errors"][0]["code"] == "E.ADDRESS.NOT_FOUND"
    strict = wire.post("/v2/addresses/create_and_verify", {"address": home})
    assert (strict.status_code, strict.json()["error"]["code"]) == (422, "ADDRESS.VERIFY.FAILURE")
    body = {"shipment": easypost_shipment() | {"to_address": home}}
    shipment = wire.post("/v2/shipments", body)
    assert shipment.status_code == 201
    assert shipment.json()["rates"] == []
    assert shipment.json()["messages"][0]["message"] == "A state is required (destination)."
