"""Shippo (API version 2018-02-08) on loopback: all its routes."""

from aiohttp import web

from sandbox.shippo_account import Account
from sandbox.shippo_addresses import Addresses
from sandbox.shippo_manifests import Manifests
from sandbox.shippo_refunds import Refunds, settle_refund
from sandbox.shippo_shipments import Shipments
from sandbox.shippo_tracks import Tracks
from sandbox.shippo_transactions import Transactions
from sandbox.shippo_webhooks import Webhooks, scan
from sandbox.world import World


def routes(world: World) -> list[web.RouteDef]:
    """Every Shippo path, with and without its last slash; refunds settle and parcels move by timers."""
    addresses = Addresses(world)
    shipments = Shipments(world, addresses)
    transactions = Transactions(world, shipments)
    world.timer_handlers["shippo.refund"] = lambda ref: settle_refund(world, ref)
    world.timer_handlers["shippo.ready"] = transactions.ready
    world.timer_handlers["shippo.scan"] = lambda ref: scan(world, ref)
    return [
        *shipments.routes(),
        *addresses.routes(),
        *transactions.routes(),
        *Refunds(world, transactions).routes(),
        *Tracks(world).routes(),
        *Account(world).routes(),
        *Manifests(world, addresses).routes(),
        *Webhooks(world).routes(),
    ]
