"""How simulated parcels travel: late by weekday, lost, returned, never scanned, and by hand."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import easypost
import pytest

from sandbox import carriers
from sandbox.carriers import LATE, set_habits, take
from sandbox.journeys import journey
from sandbox.world import World
from tests.sandbox.ear import Ear
from tests.sandbox.label_buyers import (
    DAY,
    Wire,
    easypost_shipment,
    shippo_body,
)
from tests.sandbox.running import Running
from tests.sandbox.tiktok_caller import Caller

Json = dict[str, Any]
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)
HERE = {"city": "Austin", "state": "TX", "zip": "78701"}
BOX: Json = {
    "weight": {"value": "1.2", "unit": "POUND"},
    "dimension": {"length": "9", "width": "6", "height": "3", "unit": "INCH"},
}


def bought(seller: easypost.EasyPostClient) -> Any:
    shipment = seller.shipment.create(**easypost_shipment())
    return seller.shipment.buy(shipment.id, rate=shipment.rates[0])


def status(seller: easypost.EasyPostClient, shipment: Any) -> str:
    return str(seller.tracker.retrieve(shipment.tracker.id).status)


def act(sandbox: Running, number: str, do: str = "advance") -> Json:
    return sandbox.control("POST", "parcels", {"number": number, "do": do})


def way(**special: Any) -> list[str]:
    stops = journey(MONDAY, 3, "USPS", "94001", HERE, HERE, special)
    assert [stop.at for stop in stops] == sorted(stop.at for stop in stops)
    return [stop.status for stop in stops]


def test_each_fate_has_its_end() -> None:
    assert way()[-1] == "delivered"
    assert set(way(fate="never")) == {"pre_transit"}
    assert way(fate="lost")[-1] == "in_transit"
    assert way(fate="returned")[-1] == "return_to_sender"
    assert "delivered" not in way(fate="returned")


def test_a_fast_world_keeps_the_order_of_scans() -> None:
    usual = journey(MONDAY, 3, "USPS", "94001", HERE, HERE)
    fast = journey(MONDAY, 3, "USPS", "94001", HERE, HERE, {"pace": 240})
    assert [stop.status for stop in fast] == [stop.status for stop in usual]
    assert (fast[-1].at - MONDAY) * 240 == usual[-1].at - MONDAY


def test_a_late_parcel_is_scanned_and_delivered_later() -> None:
    late = timedelta(days=2)
    usual = journey(MONDAY, 3, "USPS", "94001", HERE, HERE)
    waited = journey(MONDAY, 3, "USPS", "94001", HERE, HERE, {"late": late.total_seconds()})
    assert waited[0].at == usual[0].at
    assert {b.at - a.at for a, b in zip(usual[2:], waited[2:], strict=True)} == {late}


def drawn(seed: int, **habits: Any) -> dict[str, Json]:
    world = World(seed)
    set_habits(world, habits)
    for number in range(2000):
        take(world, f"9400{number}", "USPS")
    return {f"9400{n}": carriers.parcel(world, f"9400{n}") for n in range(2000)}


def test_shares_are_drawn_from_the_seed() -> None:
    shares = {"never": 0.05, "lost": 0.02, "returned": 0.03}
    fates = Counter(one.get("fate", "") for one in drawn(7, **shares).values())
    for name, share in shares.items():
        assert abs(fates[name] / 2000 - share) < 0.015
    assert drawn(7, **shares) == drawn(7, **shares)
    assert drawn(7, **shares) != drawn(8, **shares)


def test_carriers_that_are_late_are_late_by_whole_days_and_not_always() -> None:
    late = [one.get("late", 0.0) for one in drawn(7, late=True).values()]
    assert {seconds % DAY for seconds in late} == {0}
    share = sum(seconds > 0 for seconds in late) / len(late)
    assert min(LATE["USPS"]) * 0.7 < share < max(LATE["USPS"]) * 1.3


def test_carriers_are_punctual_until_told_otherwise() -> None:
    assert set(map(str, drawn(7).values())) == {"{}"}
    with pytest.raises(KeyError):
        set_habits(World(), {"early": 1})


def test_a_parcel_moves_by_hand_and_is_told_of_once_a_scan(
    sandbox: Running, seller: easypost.EasyPostClient, ear: Ear
) -> None:
    seller.webhook.create(url=ear.url, webhook_secret="x")
    shipment = bought(seller)
    number = shipment.tracking_code
    sandbox.travel(5)
    act(sandbox, number)
    assert status(seller, shipment) == "in_transit"
    for _ in range(4):
        act(sandbox, number)
    assert status(seller, shipment) == "delivered"
    for _ in range(12):
        sandbox.travel(DAY)
    updates = [one for one in ear.events(8) if one["description"] == "tracker.updated"]
    counts = [len(one["result"]["tracking_details"]) for one in updates]
    assert len(updates) == 7  # the timers of the clock find nothing left to tell
    assert max(counts) == 7
    act(sandbox, number)  # nothing lies ahead, and nothing breaks
    assert status(seller, shipment) == "delivered"


def test_shippos_parcels_move_by_hand_as_well(sandbox: Running, wire: Wire) -> None:
    rates = wire.post("/shipments", shippo_body()).json()["rates"]
    usps = next(rate for rate in rates if rate["provider"] == "USPS")
    made = wire.post("/transactions", {"rate": usps["object_id"], "async": False}).json()
    sandbox.travel(5)
    number = made["tracking_number"]
    path = f"/tracks/usps/{number}"
    act(sandbox, number)
    assert wire.get(path).json()["tracking_status"]["status"] == "TRANSIT"
    act(sandbox, number, "returned")
    sandbox.travel(12 * DAY)
    track = wire.get(path).json()
    assert track["tracking_status"]["status"] == "RETURNED"
    assert "DELIVERED" not in [one["status"] for one in track["tracking_history"]]


def test_a_parcel_that_is_never_scanned_can_be_given_back(
    sandbox: Running, seller: easypost.EasyPostClient
) -> None:
    sandbox.control("POST", "carriers", {"never": 1})
    shipment = bought(seller)
    sandbox.travel(20 * DAY)
    assert status(seller, shipment) == "pre_transit"
    assert seller.shipment.refund(shipment.id).refund_status == "submitted"


def test_a_faster_world_has_its_parcels_there_in_minutes(
    sandbox: Running, seller: easypost.EasyPostClient, shop: Caller
) -> None:
    sandbox.control("POST", "carriers", {"pace": 240})
    shipment = bought(seller)
    order, _ = tiktok_label(sandbox, shop)
    sandbox.travel(10 * 60)
    assert status(seller, shipment) == "in_transit"
    assert shop.order(order)["status"] == "IN_TRANSIT"
    sandbox.travel(50 * 60)
    assert status(seller, shipment) == "delivered"
    assert shop.order(order)["status"] == "DELIVERED"


def test_what_is_no_parcel_and_no_word_is_refused(sandbox: Running) -> None:
    for wrong in ({"number": "nothing"}, {"do": "advance"}):
        assert sandbox.http.post("/_control/parcels", json=wrong).status_code == 400
    assert sandbox.http.post("/_control/carriers", json={"speed": 1}).status_code == 400
    assert sandbox.control("POST", "carriers", {"lost": 0.5})["lost"] == 0.5
    assert sandbox.state()["carriers"]["lost"] == 0.5


def tiktok_label(sandbox: Running, shop: Caller) -> tuple[str, str]:
    """An order with a label of TikTok's own, and its tracking number."""
    order = sandbox.new_order(shipping_type="TIKTOK", units=1, skus=1)
    body = {"ship_type": "1", "order_id": order, **BOX}
    package = shop.ok("POST", "/fulfillment/202512/packages", body=body)["package_id"]
    detail = shop.ok("GET", f"/fulfillment/202309/packages/{package}")
    return order, detail["tracking_number"]


def test_tiktok_tells_of_its_parcels_in_milliseconds_in_both_versions(
    sandbox: Running, shop: Caller
) -> None:
    order, number = tiktok_label(sandbox, shop)
    old = f"/fulfillment/202309/orders/{order}/tracking"
    (made,) = shop.ok("GET", old)["tracking"]
    assert set(made) == {"description", "update_time_millis", "action_code"}
    assert abs(made["update_time_millis"] / 1000 - sandbox.state()["unix"]) < 60
    sandbox.travel(DAY)
    sandbox.travel(4 * DAY)
    told = shop.ok("GET", old)["tracking"]
    assert [one["action_code"] for one in told] == [30901, 20101, 10101]
    newer = shop.ok("GET", f"/logistics/202604/orders/{order}/tracking")
    (parcel,) = newer["logistics_details"]
    assert parcel["newest_tracking_no"] == number
    assert {one["tracking_no"] for one in parcel["track_list"]} == {number}
    assert shop.refused("GET", "/fulfillment/202309/orders/1/tracking") == 21011001


def test_tiktoks_parcels_follow_the_hand_and_the_fate(sandbox: Running, shop: Caller) -> None:
    order, number = tiktok_label(sandbox, shop)
    act(sandbox, number)
    assert shop.order(order)["status"] == "IN_TRANSIT"
    act(sandbox, number, "returned")
    sandbox.travel(5 * DAY)
    path = f"/fulfillment/202309/orders/{order}/tracking"
    assert "being returned" in shop.ok("GET", path)["tracking"][0]["description"]
    assert shop.order(order)["status"] == "IN_TRANSIT"
    sandbox.control("POST", "carriers", {"never": 1})
    other, _ = tiktok_label(sandbox, shop)
    sandbox.travel(9 * DAY)
    (record,) = sandbox.orders(id=other)
    assert record["status"] == "AWAITING_COLLECTION"
