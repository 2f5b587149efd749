"""EasyPost v2 on loopback: all its routes, and the label files both label providers serve."""

from aiohttp import web

from sandbox import label_files
from sandbox.easypost_account import Account
from sandbox.easypost_addresses import Addresses
from sandbox.easypost_purchases import settle_refund
from sandbox.easypost_scan_forms import ScanForms
from sandbox.easypost_shipments import Shipments
from sandbox.easypost_trackers import Trackers
from sandbox.easypost_webhooks import Webhooks, scan
from sandbox.easypost_wire import ROOT, Call, ListLimit, guarded, not_found
from sandbox.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Every /v2 path, and /files/labels; refunds settle and parcels move by timers of the world."""
    limit = ListLimit()
    addresses = Addresses(world, limit)
    world.timer_handlers["easypost.refund"] = lambda ref: settle_refund(world, ref)
    world.timer_handlers["easypost.scan"] = lambda ref: scan(world, ref)
    return [
        *Shipments(world, addresses, limit).routes(),
        *addresses.routes(),
        *Trackers(world, limit).routes(),
        *Account(world, limit).routes(),
        *ScanForms(world, limit).routes(),
        *Webhooks(world).routes(),
        web.route("*", f"{ROOT}/{{rest:.*}}", Elsewhere().answer),
        *label_files.routes(world),
    ]


class Elsewhere:
    """What EasyPost says on paths the sandbox does not have."""

    @guarded
    async def answer(self, call: Call) -> web.Response:
        """The 404 for an unknown path."""
        raise not_found()
