from datetime import UTC, datetime

import pytest

from core.errors import OutcomeUnknown, Rejected
from shops.tiktok_shop.errors import NotNow
from shops.tiktok_shop.packages import (
    Slot,
    ToShip,
    handover_slots,
    package_detail,
    read_info,
    search_packages,
    ship_package,
    ship_packages,
)
from tests.shops.tiktok_shop.wire import NOW, Wire, ok

SOON = datetime(2026, 11, 24, 9, tzinfo=UTC)
LATER = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_package_is_read_and_packages_are_searched() -> None:
    wire = Wire(ok({"package_id": "77", "package_status": "TO FULFILL"}))
    assert package_detail(wire.client(), package_id="77")["package_status"] == "TO FULFILL"
    assert wire.asked == ("GET", "/fulfillment/202309/packages/77")

    wire = Wire(ok({"packages": [{"id": "77"}]}))
    (page,) = search_packages(wire.client(), updated_since=NOW, status="PROCESSING")
    assert page.items == [{"id": "77"}]
    assert wire.query()["page_size"] == "50"
    assert wire.body() == {
        "update_time_ge": int(NOW.timestamp()),
        "package_status": "PROCESSING",
    }


def test_search_and_detail_are_read_into_the_same_value() -> None:
    brief = {"id": "77", "orders": [{"id": "5"}, {"id": "6"}], "status": "PROCESSING"}
    detail = {
        "package_id": "77",
        "orders": [{"id": "5"}],
        "package_status": "TO FULFILL",
        "package_sub_status": "RTSING",
        "order_line_item_ids": ["1", 2, None, "1"],
        "create_time": int(NOW.timestamp()),
    }
    assert read_info(brief).order_ids == ("5", "6")
    info = read_info(detail)
    assert (info.status, info.sub_status, info.line_ids) == ("TO_FULFILL", "RTSING", ("1", "2"))
    assert info.created_at == NOW


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": "../x"}, {"id": True}])
def test_a_package_without_a_usable_id_is_none(data: dict[str, object]) -> None:
    assert read_info(data) is None


def test_a_package_is_shipped_with_our_own_number_in_a_couriers_time() -> None:
    wire = Wire(ok({}))
    slot = Slot(SOON, LATER, available=True)
    ship_package(wire.client(), ToShip("77", "JX1", "661", "PICKUP", slot))
    assert wire.asked == ("POST", "/fulfillment/202309/packages/77/ship")
    assert wire.body() == {
        "handover_method": "PICKUP",
        "pickup_slot": {"start_time": 1795510800, "end_time": 1795521600},
        "self_shipment": {"tracking_number": "JX1", "shipping_provider_id": "661"},
    }


def test_a_batch_says_package_by_package_what_was_refused() -> None:
    errors = [
        {"code": 21008099, "message": "shipped", "detail": {"package_id": "2"}},
        {"code": 21022026, "message": "later", "detail": {"package_id": "3"}},
    ]
    wire = Wire(ok({"errors": errors}))
    shipped = ship_packages(wire.client(), [ToShip("1"), ToShip("2"), ToShip("3")])
    assert wire.body() == {"packages": [{"id": "1"}, {"id": "2"}, {"id": "3"}]}
    assert set(shipped.refused) == {"2", "3"}
    assert isinstance(shipped.refused["2"], Rejected)
    assert str(shipped.refused["2"].message) == "This order is already shipped."
    assert isinstance(shipped.refused["3"], NotNow)


@pytest.mark.parametrize(
    "errors", ["all of them", [{"code": 1}], [{"detail": {"package_id": "9"}}]]
)
def test_a_refusal_that_names_no_package_leaves_the_outcome_unknown(errors: object) -> None:
    with pytest.raises(OutcomeUnknown):
        ship_packages(Wire(ok({"errors": errors})).client(), [ToShip("1")])


@pytest.mark.parametrize("count", [0, 51])
def test_a_batch_is_1_to_50_packages(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 50"):
        ship_packages(Wire(ok({})).client(), [ToShip(str(n)) for n in range(count)])


def test_times_for_a_courier_are_read_in_tiktoks_own_spelling() -> None:
    slots = [
        {"start_time": 1795510800, "end_time": 1795521600, "avaliable": True},
        {"start_time": 1795510800, "end_time": 1795521600, "available": False},
        {"start_time": "soon", "end_time": 1795521600},
    ]
    found = handover_slots(
        Wire(ok({"can_pickup": True, "can_drop_off": False, "pickup_slots": slots})).client(),
        package_id="77",
    )
    assert (found.pickup, found.drop_off) == (True, False)
    assert found.slots == (Slot(SOON, LATER, available=True), Slot(SOON, LATER, available=False))
