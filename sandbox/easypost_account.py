"""EasyPost's account side: user, carrier accounts, refund lists, single rates."""

from decimal import Decimal
from typing import Any

from aiohttp import web

from sandbox.easypost_documents import rate_json, refund_json
from sandbox.easypost_purchases import request_refund
from sandbox.easypost_webhooks import owner_id
from sandbox.easypost_wire import (
    ROOT,
    Call,
    Json,
    ListLimit,
    Problem,
    account_id,
    answer,
    guarded,
    not_found,
    page,
    required,
    table,
)
from sandbox.world import World

ACCOUNTS = (
    ("USPS", "UspsAccount", "USPS", "USPS Account"),
    ("UPSDAP", "UpsDapAccount", "UPS DAP", "UPS Account"),
    ("FedExDefault", "FedexDefaultAccount", "FedEx Default", "FedEx Account"),
    ("OnTracV3", "OntracV3Account", "OnTrac V3", "OnTrac Account"),
    ("DhlEcs", "DhlEcsAccount", "DHL eCommerce Solutions", "DHL eCommerce Account"),
)
OPENED = "2025-01-02T03:01:34Z"
FIRST_BALANCE = Decimal("10000.00000")


class Account:
    """The endpoints that are about the account or span several shipments."""

    def __init__(self, world: World, limit: ListLimit) -> None:
        self.world = world
        self.limit = limit

    @guarded
    async def user(self, call: Call) -> web.Response:
        """GET /users: who the key belongs to, and the balance left."""
        spent = Decimal(self.world.wallet("easypost")["net"])
        return answer(
            {
                "id": owner_id(self.world),
                "object": "User",
                "parent_id": None,
                "name": "Sandbox Creator",
                "phone_number": None,
                "verified": True,
                "created_at": OPENED,
                "balance": f"{FIRST_BALANCE - spent:.5f}",
                "recharge_amount": "100.00",
                "secondary_recharge_amount": "100.00",
                "recharge_threshold": "0.00",
                "has_billing_method": True,
                "cc_fee_rate": "0.0375",
                "default_insurance_amount": "0.00",
                "insurance_fee_rate": "0.01",
                "insurance_fee_minimum": "0.50",
                "children": [],
            }
        )

    @guarded
    async def carrier_accounts(self, call: Call) -> web.Response:
        """GET /carrier_accounts: a bare list, as recorded."""
        return answer([self._account(*entry) for entry in ACCOUNTS])

    @guarded
    async def carrier_account(self, call: Call) -> web.Response:
        """GET /carrier_accounts/{id}."""
        for entry in ACCOUNTS:
            if account_id(self.world, entry[0]) == call.request.match_info["id"]:
                return answer(self._account(*entry))
        raise not_found()

    def _account(self, carrier: str, kind_name: str, readable: str, description: str) -> Json:
        return {
            "id": account_id(self.world, carrier),
            "object": "CarrierAccount",
            "type": kind_name,
            "clone": False,
            "created_at": OPENED,
            "updated_at": OPENED,
            "description": description,
            "reference": None,
            "billing_type": "easypost",
            "readable": readable,
            "logo": None,
            "fields": [],
            "credentials": {},
            "test_credentials": {},
        }

    @guarded
    async def rate(self, call: Call) -> web.Response:
        """GET /rates/{id}."""
        wanted = call.request.match_info["id"]
        for shipment in reversed(table(self.world, "shipments").values()):
            for rate in shipment["rates"] if shipment["mode"] == call.mode else ():
                if rate[0] == wanted:
                    return answer(rate_json(self.world, shipment, rate))
        raise not_found()

    def _by_code(self, code: Any, mode: str) -> Json:
        shipment_id = table(self.world, "codes").get(str(code))
        shipment = table(self.world, "shipments").get(shipment_id) if shipment_id else None
        if shipment is None or shipment["mode"] != mode:
            words = f"The tracking code {code} was not found."
            raise Problem(422, "REFUND.TRACKING_CODE.NOT_FOUND", words)
        kept: Json = shipment
        return kept

    @guarded
    async def refund_many(self, call: Call) -> web.Response:
        """POST /refunds with a list of tracking codes: a list of refunds."""
        given = call.part("refund")
        codes = given.get("tracking_codes")
        if not codes:
            raise required("tracking_codes")
        wanted = [codes] if isinstance(codes, str) else codes
        shipments = [self._by_code(code, call.mode) for code in wanted]
        for shipment in shipments:
            request_refund(self.world, shipment)
        return answer([refund_json(self.world, shipment) for shipment in shipments], 201)

    @guarded
    async def refunds(self, call: Call) -> web.Response:
        """GET /refunds."""
        self.limit.check()
        mine = [
            refund_json(self.world, shipment)
            for shipment in table(self.world, "shipments").values()
            if shipment.get("refund") and shipment["mode"] == call.mode
        ]
        items, more = page(call, mine)
        return answer({"refunds": items, "has_more": more})

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            web.get(f"{ROOT}/users", self.user),
            web.get(f"{ROOT}/carrier_accounts", self.carrier_accounts),
            web.get(f"{ROOT}/carrier_accounts/{{id}}", self.carrier_account),
            web.get(f"{ROOT}/rates/{{id}}", self.rate),
            web.post(f"{ROOT}/refunds", self.refund_many),
            web.get(f"{ROOT}/refunds", self.refunds),
        ]
