"""Shippo's answers against the vendor's API description, where that file is at hand.

The description has no licence to be copied, so it is not part of this repository: set
CREATORFLOW_FACTS to a folder that holds `shipping/data/shippo/shippo-openapi-2018-02-08.yaml`.
It is stricter than real answers, which hold null where it says string: every type may be null.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS31Validator

from tests.sandbox.label_buyers import HOME, Wire, shippo_body, shippo_session
from tests.sandbox.running import Running, running

NAME = "shipping/data/shippo/shippo-openapi-2018-02-08.yaml"
DESCRIPTION = Path(os.environ.get("CREATORFLOW_FACTS", "/nowhere")) / NAME
pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason=f"needs {NAME} below the folder CREATORFLOW_FACTS"
)


def nullable(node: Any) -> Any:
    """The same schema with null allowed beside every type and in every enumeration."""
    if isinstance(node, list):
        return [nullable(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {key: nullable(value) for key, value in node.items()}
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    elif isinstance(out.get("type"), list):
        out["type"] = [*out["type"], "null"]
    if "oneOf" in out:  # null would fit several alternatives
        out["anyOf"] = out.pop("oneOf")
    if isinstance(out.get("enum"), list):
        out["enum"] = [*out["enum"], None]
    return out


@pytest.fixture(scope="module")
def description() -> Any:
    return nullable(yaml.safe_load(DESCRIPTION.read_text()))


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=15) as started:
        yield started


@pytest.fixture
def wire(house: Running) -> Iterator[Wire]:
    with shippo_session(house.url) as wire:
        yield wire


@pytest.fixture
def wrong(description: Any) -> Any:
    """A function from schema name and document to the list of complaints."""

    def complaints(name: str, document: Any) -> list[str]:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        errors = OAS31Validator(schema).iter_errors(document)
        return [f"{list(one.path)}: {one.message[:120]}" for one in errors]

    return complaints


def test_shipments_and_rates_fit(wire: Wire, wrong: Any) -> None:
    shipment = wire.post("/shipments", shippo_body()).json()
    assert wrong("Shipment", shipment) == []
    assert wrong("Rate", shipment["rates"][0]) == []
    assert wrong("ShipmentPaginatedList", wire.get("/shipments").json()) == []
    rates = wire.get(f"/shipments/{shipment['object_id']}/rates").json()
    assert wrong("RatePaginatedList", rates) == []


def test_transactions_and_refunds_fit(wire: Wire, wrong: Any) -> None:
    rate = wire.post("/shipments", shippo_body()).json()["rates"][0]["object_id"]
    queued = wire.post("/transactions", {"rate": rate}).json()
    bought = wire.post("/transactions", {"rate": rate, "async": False}).json()
    assert wrong("Transaction", queued) == []
    assert wrong("Transaction", bought) == []
    assert wrong("TransactionPaginatedList", wire.get("/transactions").json()) == []
    refund = wire.post("/refunds", {"transaction": bought["object_id"]}).json()
    assert wrong("Refund", refund) == []
    assert wrong("RefundPaginatedList", wire.get("/refunds").json()) == []


def test_tracks_fit_before_and_after_delivery(house: Running, wire: Wire, wrong: Any) -> None:
    rate = wire.post("/shipments", shippo_body()).json()["rates"][0]["object_id"]
    number = wire.post("/transactions", {"rate": rate, "async": False}).json()["tracking_number"]
    assert wrong("Track", wire.get(f"/tracks/usps/{number}").json()) == []
    house.travel(10 * 86_400)
    delivered = wire.get(f"/tracks/usps/{number}").json()
    assert delivered["tracking_status"]["status"] == "DELIVERED"
    assert wrong("Track", delivered) == []


def test_addresses_parcels_accounts_and_manifests_fit(wire: Wire, wrong: Any) -> None:
    address = wire.post("/addresses", {**HOME, "validate": True}).json()
    assert wrong("Address", address) == []
    assert wrong("AddressPaginatedList", wire.get("/addresses").json()) == []
    parcel = wire.post("/parcels", shippo_body()["parcels"][0]).json()
    assert wrong("Parcel", parcel) == []
    accounts = wire.get("/carrier_accounts").json()
    assert wrong("CarrierAccountPaginatedList", accounts) == []
    body = {
        "carrier_account": accounts["results"][0]["object_id"],
        "shipment_date": "2026-11-23T17:00:00Z",
        "address_from": HOME,
    }
    manifest = wire.post("/manifests", body).json()
    assert manifest["status"] == "ERROR"
    assert wrong("Manifest", manifest) == []


def test_the_check_itself_notices_a_wrong_answer(wire: Wire, wrong: Any) -> None:
    rate = wire.post("/shipments", shippo_body()).json()["rates"][0]
    assert wrong("Rate", {**rate, "amount": 6.07}) != []
    assert wrong("Rate", {key: rate[key] for key in rate if key != "provider"}) != []
