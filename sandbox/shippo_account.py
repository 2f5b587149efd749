"""Shippo's account side: carrier accounts."""

from aiohttp import web

from sandbox.price_data import SERVICES
from sandbox.shippo_shipments import CARRIERS, carrier_token
from sandbox.shippo_wire import (
    OWNER,
    Call,
    Json,
    account_id,
    answer,
    both,
    guarded,
    not_found,
    page,
)
from sandbox.world import World


class Account:
    """Carrier accounts: Shippo's own, one per carrier."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _account(self, carrier: str, test: bool) -> Json:
        levels = [
            {"name": service.shippo[2], "token": service.shippo[1],
             "supports_return_labels": carrier == "usps"}
            for service in SERVICES
            if carrier_token(service) == carrier
        ]  # fmt: skip
        return {
            "carrier": carrier,
            "object_id": account_id(self.world, carrier),
            "object_owner": OWNER,
            "account_id": f"shippo_{carrier}_account",
            "carrier_name": CARRIERS[carrier],
            "carrier_images": {},
            "active": True,
            "is_shippo_account": True,
            "metadata": "",
            "test": test,
            "service_levels": levels,
            "object_info": {"authentication": {"type": "default", "status": "connected"}},
        }

    @guarded
    async def accounts(self, call: Call) -> web.Response:
        """GET /carrier_accounts, by carrier if asked."""
        wanted = call.request.query.get("carrier")
        found = [self._account(one, call.test) for one in CARRIERS if wanted in (None, "", one)]
        return answer(page(call, found))

    @guarded
    async def account(self, call: Call) -> web.Response:
        """GET /carrier_accounts/{id}."""
        for carrier in CARRIERS:
            if account_id(self.world, carrier) == call.wanted:
                return answer(self._account(carrier, call.test))
        raise not_found()

    def routes(self) -> list[web.RouteDef]:
        """The paths of this part."""
        return [
            *both("GET", "/carrier_accounts", self.accounts),
            *both("GET", "/carrier_accounts/{id}", self.account),
        ]
