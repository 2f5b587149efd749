"""Order search and detail: the world's shape, paging, filters, and who may see an address."""

import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sandbox.people import CITIES
from tests.sandbox.running import Running, running
from tests.sandbox.tiktok_caller import SEARCH, Caller

Json = dict[str, Any]
CITY = {(state, postal) for _, _, state, postal in CITIES}


@pytest.mark.parametrize("field", ["create_time", "update_time"])
@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_paging_to_the_end_meets_every_order_once_and_in_order(
    shop: Caller, field: str, order: str
) -> None:
    pages = shop.pages(sort_field=field, sort_order=order, page_size="13")
    ids = [row["id"] for page in pages for row in page]
    assert len(ids) == len(set(ids)) == 120
    times = [row[field] for page in pages for row in page]
    assert times == sorted(times, reverse=order == "DESC")
    assert all(len(page) == 13 for page in pages[:-1])


def test_page_tokens_are_opaque_and_need_percent_encoding(shop: Caller) -> None:
    data = shop.ok("POST", SEARCH, {"page_size": "10"}, {})
    assert set("/+=") <= set(data["next_page_token"])
    assert data["total_count"] == 120


def test_a_page_token_is_refused_with_other_filters_or_when_called_in(
    sandbox: Running, shop: Caller
) -> None:
    token = shop.ok("POST", SEARCH, {"page_size": "10"}, {})["next_page_token"]
    query = {"page_size": "10", "page_token": token}
    assert shop.refused("POST", SEARCH, query, {"shipping_type": "SELLER"}) == 36009004
    assert (
        shop.refused("POST", SEARCH, {**query, "page_token": token[:-4] + "AA=="}, {}) == 36009004
    )
    sandbox.tiktok(invalidate_page_tokens=True)
    assert shop.refused("POST", SEARCH, query, {}) == 36009004


def test_filters_choose_by_status_lane_and_time(sandbox: Running, shop: Caller) -> None:
    def found(**body: Any) -> list[Json]:
        return [row for page in shop.pages(body) for row in page]

    ready = found(order_status="AWAITING_SHIPMENT")
    assert {row["status"] for row in ready} == {"AWAITING_SHIPMENT"}
    assert len(ready) == sandbox.state()["orders_by_status"]["AWAITING_SHIPMENT"]
    assert {row["shipping_type"] for row in found(shipping_type="TIKTOK")} == {"TIKTOK"}
    middle = sorted(row["create_time"] for row in found())[60]
    early, late = found(create_time_lt=middle), found(create_time_ge=middle)
    assert len(early) + len(late) == 120
    assert max(row["create_time"] for row in early) < middle
    assert found(update_time_ge=sandbox.state()["unix"] + 10) == []
    assert shop.refused("POST", SEARCH, {"page_size": "5"}, {"order_status": "TO_SHIP"}) == 36009004
    assert shop.refused("POST", SEARCH, {"page_size": "5"}, {"create_time_ge": "1"}) == 36009004


def test_detail_takes_fifty_ids_and_leaves_out_the_unknown(shop: Caller) -> None:
    ids = [row["id"] for page in shop.pages() for row in page]
    assert [row["id"] for row in shop.detail(*ids[:50])] == ids[:50]
    assert shop.detail("576000000000000000") == []
    query = {"ids": ",".join(ids[:51])}
    assert shop.refused("GET", "/order/202507/orders", query) == 36009004
    older = shop.ok("GET", "/order/202309/orders", {"ids": ids[0]})["orders"]
    assert older[0]["id"] == ids[0]
    assert "payment_method_code" in shop.order(ids[0])


def test_the_same_seed_makes_the_same_orders_and_another_seed_does_not() -> None:
    def ids(seed: int) -> list[str]:
        with running(orders=30, seed=seed) as sandbox:
            return [order["id"] for order in sandbox.orders()]

    first = ids(3)
    assert first == ids(3)
    assert not set(first) & set(ids(4))


def test_a_big_world_has_every_oddity_in_about_its_share() -> None:
    with running(orders=2000, seed=11) as sandbox:
        orders = sandbox.orders()
        statuses = Counter(order["status"] for order in orders)
        skus = {(line["product"], line["sku"]) for order in orders for line in order["lines"]}
    assert 0.82 < statuses["AWAITING_SHIPMENT"] / 2000 < 0.90
    assert 0.02 < statuses["ON_HOLD"] / 2000 < 0.06
    assert {"UNPAID", "CANCELLED", "IN_TRANSIT", "DELIVERED", "COMPLETED"} <= set(statuses)
    lanes = Counter(order["shipping_type"] for order in orders)
    assert 0.60 < lanes["SELLER"] / 2000 < 0.75
    assert 0.6 < sum(len(order["lines"]) == 1 for order in orders) / 2000 < 0.8
    assert 10 < sum(bool(order.get("cancel_asked")) for order in orders) < 60
    assert 15 < sum(order["sample"] for order in orders) < 80
    assert 15 < sum(order["fulfillment"] == "FULFILLMENT_BY_TIKTOK" for order in orders) < 80
    groups = Counter(order["group"] for order in orders if order.get("group"))
    assert sum(count == 2 for count in groups.values()) >= 10
    wrong = [o for o in orders if (o["address"]["state"], o["address"]["postal"]) not in CITY]
    bad = [o for o in orders if not o["address"]["line1"] or o in wrong]
    assert len(bad) == 3
    assert any(
        not name.isascii() for o in orders for name in (o["buyer"]["first"], o["buyer"]["last"])
    )
    assert len(skus) > 50


def test_ids_are_long_digits_and_money_and_times_have_the_documented_types(shop: Caller) -> None:
    for row in [row for page in shop.pages() for row in page]:
        assert re.fullmatch(r"\d{18}", row["id"])
        assert isinstance(row["create_time"], int)
        assert re.fullmatch(r"\d+\.\d\d", row["payment"]["total_amount"])
        goods = sum(float(line["sale_price"]) for line in row["line_items"])
        assert float(row["payment"]["sub_total"]) == pytest.approx(goods)
        assert all(re.fullmatch(r"\d{18,19}", line["sku_id"]) for line in row["line_items"])
        assert "quantity" not in row["line_items"][0]
        if row["status"] != "UNPAID":
            slas = [row[f"{name}_sla_time"] for name in ("rts", "tts", "cancel_order", "delivery")]
            assert slas == sorted(slas)
            assert row["create_time"] < row["paid_time"] < row["rts_sla_time"]


def test_nobody_sees_an_address_before_the_hold_is_over(sandbox: Running, shop: Caller) -> None:
    for status in ("UNPAID", "ON_HOLD"):
        order = shop.order(sandbox.new_order(status=status))
        assert order["status"] == status
        assert "recipient_address" not in order


def test_own_label_orders_show_the_whole_address(sandbox: Running, shop: Caller) -> None:
    address = shop.order(sandbox.new_order(shipping_type="SELLER"))["recipient_address"]
    assert "*" not in str(address)
    levels = {row["address_level"]: row for row in address["district_info"]}
    assert set(levels) == {"L0", "L1", "L2", "L3"}
    assert (levels["L1"]["iso_code"], address["postal_code"]) in CITY
    assert re.fullmatch(r"\(\+1\)\d{3}-555-01\d\d", address["phone_number"])


def test_tiktok_shipping_orders_hide_phone_and_street_but_not_the_town(
    sandbox: Running, shop: Caller
) -> None:
    address = shop.order(sandbox.new_order(shipping_type="TIKTOK"))["recipient_address"]
    assert "***" in address["phone_number"]
    assert "***" in address["address_line1"]
    assert "***" not in address["district_info"][3]["address_name"]
    assert address["postal_code"].isdigit()


def test_cancelled_and_platform_fulfilled_orders_hide_all_below_the_county(
    sandbox: Running, shop: Caller
) -> None:
    cancelled = sandbox.new_order(shipping_type="SELLER")
    sandbox.order(cancelled, "cancel")
    for order_id in (cancelled, sandbox.new_order(fulfillment_by_tiktok=True)):
        address = shop.order(order_id)["recipient_address"]
        assert address["postal_code"] == "***"
        names = {row["address_level"]: row["address_name"] for row in address["district_info"]}
        assert "***" in names["L3"]
        assert "***" not in names["L1"] + names["L2"]


def test_a_completed_order_is_masked_a_month_later(sandbox: Running, shop: Caller) -> None:
    order = sandbox.new_order(shipping_type="SELLER")
    sandbox.order(order, "status", status="DELIVERED")
    sandbox.order(order, "status", status="COMPLETED")
    assert "***" not in shop.order(order)["recipient_address"]["name"]
    sandbox.travel(31 * 86400)
    shop.access = Caller(sandbox).access
    assert "***" in shop.order(order)["recipient_address"]["name"]


def documented_fields(folder: str) -> dict[str, set[str]]:
    """Names by parent, as `orders[].x.y` paths list them for Get Order List."""
    text = Path(folder, "tiktok-shop", "data", "core_fields.md").read_text()
    block = text.split("## Get Order Detail", 1)[1].split("## ", 1)[0]
    block += text.split("## Get Order List", 1)[1].split("## ", 1)[0]
    known: dict[str, set[str]] = {}
    for path in re.findall(r"orders\[\]\.([\w.\[\]]+):", block):
        parent, _, name = path.replace("[]", "").rpartition(".")
        known.setdefault(parent, set()).add(name)
    return known


def undocumented(value: Any, parent: str, known: dict[str, set[str]]) -> set[str]:
    if isinstance(value, list):
        return {name for item in value for name in undocumented(item, parent, known)}
    if not isinstance(value, dict):
        return set()
    strange = {f"{parent}.{name}" for name in value if name not in known.get(parent, set())}
    for name, inner in value.items():
        strange |= undocumented(inner, f"{parent}.{name}".strip("."), known)
    return strange


def test_orders_hold_no_field_that_tiktok_does_not_document(shop: Caller) -> None:
    folder = os.environ.get("CREATORFLOW_FACTS")
    if not folder:
        pytest.skip("CREATORFLOW_FACTS names no facts folder")
    known = documented_fields(folder)
    assert "recipient_address" in known[""]
    rows = [row for page in shop.pages() for row in page]
    assert (
        undocumented([*rows, *shop.detail(*[row["id"] for row in rows[:50]])], "", known) == set()
    )
