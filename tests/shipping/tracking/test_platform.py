"""Parcels with TikTok's own labels, asked about at TikTok."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from shipping.models import Label
from shipping.tracking.poll import poll_due
from shops.clients import use_transport
from tests import factories

pytestmark = pytest.mark.django_db


class Shop(httpx.BaseTransport):
    """TikTok's tracking of every order; the paths that were asked are kept."""

    def __init__(self, *entries: dict[str, Any]) -> None:
        self.entries = entries
        self.asked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        body = {"code": 0, "message": "Success", "data": {"tracking": list(self.entries)}}
        return httpx.Response(200, content=json.dumps(body))


def label(**fields: Any) -> Label:
    workspace = factories.workspace()
    shop = factories.shop(workspace)
    now = timezone.now()
    fields = {"settled_at": now - timedelta(days=1), "next_poll_at": now} | fields
    return factories.label(
        factories.order(workspace, shop=shop, lane="platform"),
        provider="tiktok",
        account=factories.account(workspace, provider="tiktok", shop=shop),
        **fields,
    )


@pytest.fixture(autouse=True)
def app(settings: Settings) -> None:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "app", "secret"


def test_tiktok_is_asked_about_the_order_and_its_milliseconds_are_read() -> None:
    mine = label(extra={"order_id": "5769001"})
    at = timezone.now().replace(microsecond=0) - timedelta(hours=5)
    picked = {"description": "Picked up by the carrier", "action_code": 1}
    there = Shop(picked | {"update_time_millis": int(at.timestamp()) * 1000})
    with use_transport(there):
        assert poll_due() == 1
    row = Label.objects.get(pk=mine.pk)
    assert there.asked == ["/fulfillment/202309/orders/5769001/tracking"]
    assert (row.tracking_status, row.first_scan_at) == ("in_transit", at)
    assert row.tracking_events.get().source == "tiktok"


def test_without_a_number_yet_the_order_is_enough() -> None:
    mine = label(tracking_number="")
    there = Shop()
    with use_transport(there):
        assert poll_due() == 1
    assert there.asked == [f"/fulfillment/202309/orders/{mine.order.tiktok_id}/tracking"]
    assert Label.objects.get(pk=mine.pk).tracking_status == "unknown"


def test_a_shop_that_is_not_connected_is_asked_nothing() -> None:
    mine = label()
    shop = mine.order.shop
    shop.disconnected_at = timezone.now()
    shop.save()
    there = Shop()
    with use_transport(there):
        assert poll_due() == 0
    assert there.asked == []
    row = Label.objects.get(pk=mine.pk)
    assert row.next_poll_at is not None
    assert row.next_poll_at > timezone.now() + timedelta(hours=20)


class Both(httpx.BaseTransport):
    """TikTok's newer tracking, which names parcels; the older one mixes them."""

    def __init__(self, at: int, *, newer: bool = True) -> None:
        self.newer = newer
        said = {"description": "Picked up by the carrier", "action_code": 1}
        self.event = said | {"update_time_millis": at}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "/202604/" not in request.url.path:
            return self._answer({"tracking": [self.event]})
        if not self.newer:
            return httpx.Response(200, content=json.dumps({"code": 36009009, "message": "gone"}))
        mine = {"newest_tracking_no": "ONE", "track_list": [self.event]}
        other = {"newest_tracking_no": "TWO", "track_list": []}
        return self._answer({"logistics_details": [mine, other]})

    def _answer(self, data: dict[str, Any]) -> httpx.Response:
        body = {"code": 0, "message": "Success", "data": data}
        return httpx.Response(200, content=json.dumps(body))


@pytest.mark.parametrize("newer", [True, False])
def test_the_scan_of_one_parcel_is_not_taken_for_anothers(newer: bool) -> None:
    first = label(tracking_number="ONE", part=1)
    second = factories.label(
        first.order, provider="tiktok", account=first.account, tracking_number="TWO", part=2,
        settled_at=first.settled_at, next_poll_at=first.next_poll_at,
    )  # fmt: skip
    at = timezone.now().replace(microsecond=0) - timedelta(hours=5)
    with use_transport(Both(int(at.timestamp()) * 1000, newer=newer)):
        assert poll_due() == 2
    scanned = Label.objects.get(pk=first.pk).first_scan_at
    assert scanned == (at if newer else None)
    assert Label.objects.get(pk=second.pk).first_scan_at is None
