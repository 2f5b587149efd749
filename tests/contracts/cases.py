# Longer than 300 lines: one table of answers per provider, to be read side by side.
"""What the contract suite has to know of each label provider: its answers, in its own shapes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import httpx

from core.money import Money
from shipping.providers.base import Address, Parcel, Provider, Rate, ShipmentSpec
from shipping.providers.easypost import EasyPost
from shipping.providers.shippo import Shippo
from shipping.providers.tiktok import TikTok
from shops.tiktok_shop.client import TikTokShopClient
from tests.contracts.tape import Tape

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
KEY = "label-0001"

SENDER = Address(
    name="Zoë Müller",
    company="Kreativstudio Ωmega",
    street1="388 Townsend St",
    street2="Apt 20",
    city="San Francisco",
    state="CA",
    postal_code="94107",
    country="US",
    phone="4155550100",
    email="shop@example.com",
)
RECIPIENT = Address(
    name="José Ñandú 陳",
    street1="179 N Harbor Dr",
    city="Redondo Beach",
    state="CA",
    postal_code="90277",
    country="US",
)
SPEC = ShipmentSpec(
    sender=SENDER,
    recipient=RECIPIENT,
    parcel=Parcel(weight_g=437, length_mm=254, width_mm=203, height_mm=102),
    reference="576461413038785752",
    tiktok_order_ids=("576461413038785752",),
)
FROM = {
    "name": "Zoë Müller",
    "company": "Kreativstudio Ωmega",
    "street1": "388 Townsend St",
    "street2": "Apt 20",
    "city": "San Francisco",
    "state": "CA",
    "zip": "94107",
    "country": "US",
    "phone": "4155550100",
    "email": "shop@example.com",
}
TO = {
    "name": "José Ñandú 陳",
    "street1": "179 N Harbor Dr",
    "city": "Redondo Beach",
    "state": "CA",
    "zip": "90277",
    "country": "US",
}


@dataclass
class Case(ABC):
    """One provider. Bodies are its answers; without a path in `needed` a purchase is no label."""

    slug: str
    quote_path: str
    quote_request: dict[str, Any]
    quote_body: dict[str, Any]
    expected_rates: tuple[Rate, ...]
    complaint: str
    buy_path: str
    buy_request: dict[str, Any]
    buy_body: dict[str, Any]
    needed: tuple[tuple[str, ...], ...]
    label_id: str
    tracking: str
    cost: Money
    find_answers: tuple[dict[str, Any], ...]
    nothing_answers: tuple[dict[str, Any], ...]
    refusal: tuple[int, dict[str, Any]]
    refusal_words: tuple[str, ...]
    forbidden: tuple[int, dict[str, Any]]
    limited: tuple[int, dict[str, Any]]
    headers: dict[str, str] = field(default_factory=dict)
    refund_path: str = ""  # where the state of a refund is read; empty: it takes nothing back
    refund_bodies: dict[str, dict[str, Any]] = field(
        default_factory=dict
    )  # by outcome, "" for none

    @property
    def rate(self) -> Rate:
        """The rate the suite buys."""
        return self.expected_rates[0]

    @abstractmethod
    def make(self, tape: Tape) -> Provider:
        """The real adapter on a taped wire, with a clock that stands still and no time to lose."""


class EasyPostCase(Case):
    def make(self, tape: Tape) -> Provider:
        return EasyPost("EZTKsecret", tape.client(), now=lambda: NOW, sleep=tape.pauses.append)


class ShippoCase(Case):
    def make(self, tape: Tape) -> Provider:
        return Shippo(
            "shippo_test_secret", tape.client(), now=lambda: NOW, sleep=tape.pauses.append
        )


class TikTokCase(Case):
    def make(self, tape: Tape) -> Provider:
        shop = TikTokShopClient(
            "app",
            "secret",
            "https://open-api.tiktokglobalshop.com",
            tape.client(),
            "token",
            "cipher",
            clock=lambda: NOW,
            sleep=tape.pauses.append,
        )
        return TikTok(
            shop,
            tape.client(),
            base_url="https://open-api.tiktokglobalshop.com",
            now=lambda: NOW,
            sleep=tape.pauses.append,
        )


def _rate(provider: str, refs: dict[str, str], **changes: Any) -> Rate:
    first = Rate(
        provider=provider,
        carrier="usps",
        service="",
        service_name="",
        price=Money.of("6.07", "USD"),
        delivery_days=3,
        guaranteed=False,
        expires_at=None,
        provider_ref=refs,
    )
    return replace(first, **changes)


def easypost() -> Case:
    """EasyPost: what is answered follows its recordings, with made-up ids."""
    ground = {
        "id": "rate_1",
        "object": "Rate",
        "carrier": "USPS",
        "service": "GroundAdvantage",
        "rate": "6.07",
        "currency": "USD",
        "delivery_days": 3,
        "est_delivery_days": 3,
        "delivery_date_guaranteed": False,
        "shipment_id": "shp_1",
    }
    express = ground | {
        "id": "rate_2",
        "carrier": "UPSDAP",
        "service": "NextDayAir",
        "rate": "34.15",
        "delivery_days": None,
        "est_delivery_days": 1,
        "delivery_date_guaranteed": True,
    }
    quoted = {
        "id": "shp_1",
        "object": "Shipment",
        "mode": "test",
        "messages": [
            {
                "carrier": "FedEx",
                "carrier_account_id": "ca_1",
                "type": "rate_error",
                "message": "Account number is not valid.",
            }
        ],
        "rates": [ground, express],
        "postage_label": None,
        "selected_rate": None,
        "tracking_code": None,
        "refund_status": None,
        "fees": [],
    }
    bought = quoted | {
        "tracking_code": "9400100208303109505657",
        "postage_label": {
            "label_url": "https://easypost-files.s3.us-west-2.amazonaws.com/files/a.pdf",
            "label_size": "4x6",
            "label_file_type": "application/pdf",
            "label_pdf_url": None,
            "label_zpl_url": None,
        },
        "selected_rate": ground,
        "fees": [
            {"type": "LabelFee", "amount": "0.05000", "charged": True, "refunded": False},
            {"type": "PostageFee", "amount": "6.07000", "charged": True, "refunded": False},
        ],
    }
    until = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
    first = _rate(
        "easypost",
        {"shipment_id": "shp_1", "rate_id": "rate_1"},
        service="GroundAdvantage",
        service_name="Ground Advantage",
        expires_at=until,
    )
    second = replace(
        first,
        carrier="ups",
        service="NextDayAir",
        service_name="Next Day Air",
        price=Money.of("34.15", "USD"),
        delivery_days=1,
        guaranteed=True,
        provider_ref={"shipment_id": "shp_1", "rate_id": "rate_2"},
    )
    refused = {
        "error": {
            "code": "SHIPMENT.INVALID_PARAMS",
            "message": "Unable to create shipment.",
            "errors": [{"field": "to_address.zip", "message": "is invalid", "suggestion": None}],
        }
    }
    return EasyPostCase(
        slug="easypost",
        headers={"authorization": "Bearer EZTKsecret", "content-type": "application/json"},
        quote_path="/v2/shipments",
        quote_request={
            "shipment": {
                "from_address": FROM,
                "to_address": TO,
                "parcel": {"length": 10.0, "width": 8.0, "height": 4.0, "weight": 15.4},
                "options": {"label_format": "PDF", "label_size": "4x6"},
                "reference": "576461413038785752",
            }
        },
        quote_body=quoted,
        expected_rates=(first, second),
        complaint="FedEx: Account number is not valid.",
        buy_path="/v2/shipments/shp_1/buy",
        buy_request={"rate": {"id": "rate_1"}},
        buy_body=bought,
        needed=(
            ("id",),
            ("tracking_code",),
            ("postage_label",),
            ("postage_label", "label_url"),
            ("selected_rate",),
            ("selected_rate", "rate"),
            ("selected_rate", "currency"),
        ),
        label_id="shp_1",
        tracking="9400100208303109505657",
        cost=Money.of("6.12", "USD"),
        find_answers=(bought,),
        nothing_answers=(quoted,),
        refusal=(422, refused),
        refusal_words=("Unable to create shipment", "recipient ZIP code: is invalid"),
        forbidden=(401, {"error": {"code": "APIKEY.INACTIVE", "message": "Inactive."}}),
        limited=(429, {"error": {"code": "RATE_LIMITED", "message": "Too many requests."}}),
        refund_path="/v2/shipments/shp_1",
        refund_bodies={
            "": bought | {"refund_status": None},
            "requested": bought | {"refund_status": "submitted"},
            "refunded": bought | {"refund_status": "refunded"},
            "refused": bought | {"refund_status": "rejected"},
        },
    )


def shippo() -> Case:
    """Shippo 2018-02-08: answers follow the recordings of January 2022, with made-up ids."""
    ground = {
        "object_id": "rate1",
        "shipment": "ship1",
        "attributes": ["CHEAPEST"],
        "amount": "6.07",
        "currency": "USD",
        "provider": "USPS",
        "servicelevel": {
            "name": "Ground Advantage",
            "token": "usps_ground_advantage",
            "terms": "",
            "parent_servicelevel": None,
        },
        "estimated_days": 3,
        "arrives_by": None,
        "messages": [],
        "zone": None,
    }
    air = ground | {
        "object_id": "rate2",
        "provider": "UPS",
        "amount": "34.15",
        "servicelevel": {"name": "Next Day Air®", "token": "ups_next_day_air"},
        "estimated_days": 1,
    }
    quoted = {
        "object_id": "ship1",
        "status": "SUCCESS",
        "rates": [ground, air],
        "messages": [
            {"source": "FedEx", "code": "", "text": "Account number is not valid."},
        ],
    }
    bought = {
        "object_state": "VALID",
        "status": "SUCCESS",
        "object_created": "2026-11-23T12:00:00.000Z",
        "object_id": "tx1",
        "rate": "rate1",
        "tracking_number": "9400100208303109505657",
        "tracking_status": "UNKNOWN",
        "label_url": "https://deliver.goshippo.com/tx1.pdf?Expires=1&Signature=a",
        "messages": [],
        "metadata": KEY,
        "test": True,
    }
    first = _rate(
        "shippo",
        {"shipment_id": "ship1", "rate_id": "rate1"},
        service="usps_ground_advantage",
        service_name="Ground Advantage",
        expires_at=datetime(2026, 11, 30, 12, 0, tzinfo=UTC),
    )
    second = replace(
        first,
        carrier="ups",
        service="ups_next_day_air",
        service_name="Next Day Air®",
        price=Money.of("34.15", "USD"),
        delivery_days=1,
        provider_ref={"shipment_id": "ship1", "rate_id": "rate2"},
    )
    return ShippoCase(
        slug="shippo",
        headers={
            "authorization": "ShippoToken shippo_test_secret",
            "shippo-api-version": "2018-02-08",
            "content-type": "application/json",
        },
        quote_path="/shipments",
        quote_request={
            "address_from": FROM,
            "address_to": TO,
            "parcels": [
                {
                    "length": "10.0",
                    "width": "8.0",
                    "height": "4.0",
                    "distance_unit": "in",
                    "weight": "15.4",
                    "mass_unit": "oz",
                }
            ],
            "metadata": "576461413038785752",
            "async": False,
        },
        quote_body=quoted,
        expected_rates=(first, second),
        complaint="FedEx: Account number is not valid.",
        buy_path="/transactions",
        buy_request={
            "rate": "rate1",
            "label_file_type": "PDF_4x6",
            "metadata": KEY,
            "async": False,
        },
        buy_body=bought,
        needed=(("object_id",), ("status",), ("tracking_number",), ("label_url",)),
        label_id="tx1",
        tracking="9400100208303109505657",
        cost=Money.of("6.07", "USD"),
        find_answers=({"next": None, "previous": None, "results": [bought]},),
        nothing_answers=({"next": None, "previous": None, "results": []},),
        refusal=(400, {"address_to": [{"zip": ["This ZIP code is not valid."]}]}),
        refusal_words=("recipient ZIP code: This ZIP code is not valid.",),
        forbidden=(401, {"detail": "Token does not exist"}),
        limited=(429, {"detail": "Request was throttled."}),
        refund_path="/transactions/tx1",
        refund_bodies={
            "": bought,
            "requested": bought | {"status": "REFUNDPENDING"},
            "refunded": bought | {"status": "REFUNDED"},
            "refused": bought | {"status": "REFUNDREJECTED"},
        },
    )


def _data(data: object) -> dict[str, Any]:
    return {"code": 0, "message": "Success", "request_id": "r1", "data": data}


def tiktok() -> Case:
    """TikTok: written from the documented field names."""
    order = "576461413038785752"
    ground = {
        "id": "7000000000000000001",
        "name": "UPS Ground",
        "price": "6.07",
        "currency": "USD",
        "earliest_delivery_days": 2,
        "latest_delivery_days": 3,
        "is_default": True,
        "shipping_provider_id": "8000000000000000001",
        "shipping_provider_name": "UPS",
    }
    unpriced = ground | {"id": "7000000000000000002", "price": None}
    quoted = _data({"order_id": order, "shipping_services": [ground, unpriced]})
    bought = _data(
        {
            "package_id": "1153000000000000001",
            "create_time": 1795435200,
            "shipping_service_info": ground,
        }
    )
    package = _data(
        {
            "package_id": "1153000000000000001",
            "package_status": "PROCESSING",
            "package_sub_status": "RTS_success",
            "shipping_type": "TIKTOK",
            "shipping_provider_id": "8000000000000000001",
            "shipping_provider_name": "UPS",
            "tracking_number": "1Z5R89390357567127",
        }
    )
    detail = {"id": order, "status": "AWAITING_SHIPMENT", "packages": [], "line_items": []}
    shipped = detail | {"packages": [{"id": "1153000000000000001"}]}
    rate = _rate(
        "tiktok",
        {
            "order_id": order,
            "service_id": "7000000000000000001",
            "shipping_provider_id": "8000000000000000001",
        },
        carrier="ups",
        service="7000000000000000001",
        service_name="UPS Ground",
        expires_at=datetime(2026, 11, 23, 13, 0, tzinfo=UTC),
    )
    weight = {"value": "437", "unit": "GRAM"}
    dimension = {"length": "25.4", "width": "20.3", "height": "10.2", "unit": "CM"}
    return TikTokCase(
        slug="tiktok",
        headers={"x-tts-access-token": "token", "content-type": "application/json"},
        quote_path=f"/fulfillment/202309/orders/{order}/shipping_services/query",
        quote_request={"weight": weight, "dimension": dimension},
        quote_body=quoted,
        expected_rates=(rate,),
        complaint="1 of TikTok Shop's services could not be read.",
        buy_path="/fulfillment/202512/packages",
        buy_request={
            "ship_type": "1",
            "order_id": order,
            "shipping_service_id": "7000000000000000001",
            "weight": weight,
            "dimension": dimension,
        },
        buy_body=bought,
        needed=(("code",), ("data",), ("data", "package_id")),
        label_id="1153000000000000001",
        tracking="",
        cost=Money.of("6.07", "USD"),
        find_answers=(_data({"orders": [shipped]}), package),
        nothing_answers=(_data({"orders": [detail]}),),
        refusal=(200, {"code": 21011037, "message": "no service", "request_id": "r1"}),
        refusal_words=("weight",),
        forbidden=(401, {"code": 105001, "message": "token invalid", "request_id": "r1"}),
        limited=(429, {"code": 36009002, "message": "too many", "request_id": "r1"}),
    )


CASES = (easypost, shippo, tiktok)


def answers(bodies: tuple[dict[str, Any], ...]) -> list[httpx.Response]:
    """One 200 for each body."""
    return [httpx.Response(200, json=body) for body in bodies]
