"""What the label tests send: two addresses, a parcel, and the official SDKs as clients."""

import contextlib
from collections.abc import Iterator
from typing import Any

import easypost
import httpx
import shippo
from shippo.models import components

Json = dict[str, Any]
EASYPOST_KEY = "EZTKsandbox-tests"
SHIPPO_KEY = "shippo_test_sandbox_tests"
HOME: Json = {
    "name": "Elizabeth Swan",
    "street1": "179 N Harbor Dr",
    "city": "Redondo Beach",
    "state": "CA",
    "zip": "90277",
    "country": "US",
    "phone": "5555555555",
}
STUDIO: Json = {
    "name": "Jack Sparrow",
    "street1": "388 Townsend St",
    "street2": "Apt 20",
    "city": "San Francisco",
    "state": "CA",
    "zip": "94107",
    "country": "US",
    "phone": "5555555555",
}
INCHES: Json = {"length": 10, "width": 8, "height": 4}
DAY = 86_400.0


@contextlib.contextmanager
def easypost_client(url: str, key: str = EASYPOST_KEY) -> Iterator[easypost.EasyPostClient]:
    """EasyPost's SDK, pointed at the sandbox; its connections are closed at the end."""
    client = easypost.EasyPostClient(key, api_base=f"{url}/v2")
    yield client
    client._requests_session.close()


def easypost_shipment(ounces: float = 15.4, **changes: Any) -> Json:
    """Arguments of the SDK's shipment.create."""
    parcel = {**INCHES, "weight": ounces}
    return {"from_address": STUDIO, "to_address": HOME, "parcel": parcel, **changes}


def easypost_session(url: str) -> "Wire":
    """A bare HTTP session with EasyPost's key."""
    return Wire(url, f"Bearer {EASYPOST_KEY}")


@contextlib.contextmanager
def shippo_client(url: str) -> Iterator[shippo.Shippo]:
    """Shippo's SDK, pointed at the sandbox; its connections are closed at the end."""
    client = shippo.Shippo(
        api_key_header=SHIPPO_KEY, shippo_api_version="2018-02-08", server_url=url
    )
    yield client
    client.sdk_configuration.client.close()


def shippo_session(url: str) -> "Wire":
    """A bare HTTP session with Shippo's token."""
    return Wire(url, f"ShippoToken {SHIPPO_KEY}")


def shippo_body(pounds: str = "0.9625", **changes: Any) -> Json:
    """The JSON body of POST /shipments."""
    parcel = {"length": "10", "width": "8", "height": "4", "distance_unit": "in"}
    parcel |= {"weight": pounds, "mass_unit": "lb"}
    body = {"address_from": STUDIO, "address_to": HOME, "parcels": [parcel], "async": False}
    return {**body, **changes}


def shippo_request(pounds: str = "0.9625") -> components.ShipmentCreateRequest:
    """The SDK's request for the same shipment."""
    return components.ShipmentCreateRequest(
        address_from=components.AddressCreateRequest(**STUDIO),
        address_to=components.AddressCreateRequest(**HOME),
        parcels=[
            components.ParcelCreateRequest(
                length="10",
                width="8",
                height="4",
                distance_unit=components.DistanceUnitEnum.IN,
                weight=pounds,
                mass_unit=components.WeightUnitEnum.LB,
            )
        ],
        async_=False,
    )


class Wire:
    """A plain HTTP client with a base address and a key; without one it fetches files."""

    def __init__(self, url: str, authorization: str = "") -> None:
        self.url = url
        headers = {"Authorization": authorization} if authorization else {}
        self.session = httpx.Client(base_url=url, headers=headers, timeout=10, trust_env=False)

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()

    def post(self, path: str, body: Json | None = None) -> httpx.Response:
        """POST a JSON body."""
        return self.session.post(path, json=body or {})

    def get(self, path: str, **query: Any) -> httpx.Response:
        """GET with a query; `path` may be a whole address."""
        return self.session.get(path, params=query or None)


def fetched(url: str) -> bytes:
    """The bytes of a public file."""
    return httpx.get(url, timeout=10, trust_env=False).content
