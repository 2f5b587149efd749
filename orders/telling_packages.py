"""Telling TikTok by package, many at once: in markets where an order has its package before it is
shipped."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from itertools import batched

from django.db.models import F
from django.utils import timezone

from core.errors import OutcomeUnknown, RemoteError
from core.states import LostRace
from orders import parts, telling
from orders.calls import BY_PACKAGE, ship_call
from orders.models import Dispatch
from orders.number_checks import Refused, check
from orders.packages import waiting_of
from orders.states import DISPATCH
from shops.clients import tiktok_client
from shops.models import Shop
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import PROVIDER
from shops.tiktok_shop.packages import MAX_BATCH, Shipped, ToShip, ship_packages

log = logging.getLogger(__name__)


def tell_those_by_package(dispatch_ids: Sequence[int]) -> tuple[list[int], list[tuple[int, str]]]:
    """Of these dispatches, tell those that are due and go by package, shop by shop; answers the
    ids that are left to be told one by one, and the state of each that was told."""
    rows = Dispatch.objects.filter(pk__in=dispatch_ids, state="due")
    by_shop: dict[int, list[int]] = defaultdict(list)
    for pk, shop_id in rows.values_list("pk", "order__shop_id"):
        by_shop[shop_id].append(pk)
    told: list[tuple[int, str]] = []
    for shop in Shop.objects.filter(pk__in=by_shop).select_related("authorization"):
        if ship_call(shop, "own") != BY_PACKAGE:
            continue
        for some in batched(by_shop[shop.pk], MAX_BATCH):
            told += _tell(shop, list(some))
    done = {pk for pk, _ in told}
    return [pk for pk in dispatch_ids if pk not in done], told


def tell(dispatch: Dispatch) -> None:
    """One dispatch that is due, by whichever call its market has."""
    if ship_call(dispatch.order.shop, "own") != BY_PACKAGE:
        telling.tell(dispatch)
        return
    _tell(dispatch.order.shop, [dispatch.pk])
    dispatch.refresh_from_db()


def _tell(shop: Shop, ids: list[int]) -> list[tuple[int, str]]:
    rows = Dispatch.objects.filter(pk__in=ids).select_related("order__shop")
    dispatches = list(rows.order_by("pk"))
    try:
        client = tiktok_client(shop)
        ready = _ready(client, dispatches)
    except RemoteError as error:  # reading only: nothing was told
        for dispatch in dispatches:
            if dispatch.state != "refused":
                telling.put_off(dispatch, error)
        return [(dispatch.pk, dispatch.state) for dispatch in dispatches]
    if ready:
        _ship(client, ready)
    return [(dispatch.pk, dispatch.state) for dispatch in dispatches]


def _ready(client: TikTokShopClient, dispatches: list[Dispatch]) -> list[tuple[Dispatch, ToShip]]:
    """Those whose number and package TikTok would take, with the intent on disk; the others are
    refused in words."""
    packages = waiting_of([dispatch.order for dispatch in dispatches])
    ready = []
    for dispatch in dispatches:
        try:
            waiting = packages.get(dispatch.order_id, "")
            if dispatch.part:
                waiting = parts.current(parts.view(dispatch.order, dispatch.part))["package"]
            package = _package(client, dispatch, waiting)
        except Refused as refusal:
            telling.refuse(dispatch, refusal.text, refusal.code)
            continue
        with suppress(LostRace):  # another process was first
            DISPATCH.move(
                dispatch,
                "telling",
                told_at=timezone.now(),
                provider_id=package.provider_id,
                package_id=package.package_id,
                attempts=F("attempts") + 1,
            )
            ready.append((dispatch, package))
    return ready


def _package(client: TikTokShopClient, dispatch: Dispatch, package_id: str) -> ToShip:
    number = dispatch.tracking_number
    provider_id = check(client, dispatch.order, number, dispatch.carrier, told_by=dispatch.pk)
    if not package_id:
        raise Refused("TikTok shows no package of this order that waits for a label.")
    return ToShip(package_id, number, provider_id)


def _ship(client: TikTokShopClient, ready: list[tuple[Dispatch, ToShip]]) -> None:
    try:
        # Orders in one box share a package, which is shipped once
        packages = {package.package_id: package for _, package in ready}
        shipped = ship_packages(client, list(packages.values()))
    except RemoteError as error:
        shipped = Shipped({package.package_id: error for _, package in ready})
    except Exception as error:  # whatever it was, the call may have arrived: only reading tells
        log.exception("batch of %s packages: outcome not known", len(ready))
        lost = OutcomeUnknown(
            "What came back could not be understood.", provider=PROVIDER, code=type(error).__name__
        )
        shipped = Shipped({package.package_id: lost for _, package in ready})
    for dispatch, package in ready:
        if refusal := shipped.refused.get(package.package_id):
            telling.settle_error(dispatch, refusal)
        else:
            telling.done(dispatch, package_id=package.package_id)
