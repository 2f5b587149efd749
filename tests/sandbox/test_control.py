"""Control API, time travel, and the state file."""

import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import httpx

from sandbox.world import World
from tests.sandbox.running import Running, running
from tests.sandbox.tiktok_caller import SEARCH, Caller


def test_holds_end_after_an_hour_of_world_time(sandbox: Running, shop: Caller) -> None:
    held = {order["id"] for order in sandbox.orders(status="ON_HOLD")}
    assert held
    sandbox.travel(3700)
    assert sandbox.orders(status="ON_HOLD") == []
    assert {row["status"] for row in shop.detail(*held)} == {"AWAITING_SHIPMENT"}
    assert all("recipient_address" in row for row in shop.detail(*held))


def test_an_order_can_be_held_released_and_cancelled_by_hand(
    sandbox: Running, shop: Caller
) -> None:
    order = sandbox.new_order()
    sandbox.order(order, "hold")
    assert shop.order(order)["is_on_hold_order"] is True
    sandbox.order(order, "release")
    assert shop.order(order)["status"] == "AWAITING_SHIPMENT"
    sandbox.order(order, "cancel", reason="Changed my mind", who="SELLER")
    cancelled = shop.order(order)
    assert cancelled["status"] == "CANCELLED"
    assert cancelled["cancellation_initiator"] == "SELLER"
    assert cancelled["cancel_reason"] == "Changed my mind"


def test_an_undocumented_status_needs_insisting(sandbox: Running, shop: Caller) -> None:
    order = sandbox.new_order()
    answer = sandbox.http.post(f"/_control/orders/{order}/status", json={"status": "TELEPORTED"})
    assert answer.status_code == 400
    sandbox.order(order, "status", status="TELEPORTED", unknown=True)
    assert shop.order(order)["status"] == "TELEPORTED"


def test_new_orders_arrive_at_the_end_of_an_incremental_sync(
    sandbox: Running, shop: Caller
) -> None:
    since = sandbox.state()["unix"]
    ids = sandbox.control("POST", "orders", {"count": 3, "units": 2, "skus": 1})["ids"]
    query = {"page_size": "50", "sort_field": "update_time", "sort_order": "ASC"}
    data = shop.ok("POST", SEARCH, query, {"update_time_ge": since})
    assert {row["id"] for row in data["orders"]} >= set(ids)
    assert all(len(row["line_items"]) == 2 for row in shop.detail(*ids))


def test_a_seller_sku_and_a_bad_address_can_be_ordered(sandbox: Running, shop: Caller) -> None:
    order = sandbox.new_order(seller_sku="TK-CAB-5", shipping_type="SELLER", bad_address=1)
    row = shop.order(order)
    assert {line["seller_sku"] for line in row["line_items"]} == {"TK-CAB-5"}
    assert row["recipient_address"]["address_line1"] == ""
    missing = sandbox.http.post("/_control/orders", json={"seller_sku": "NOPE"})
    assert missing.status_code == 400


def test_the_state_counts_calls_per_path(sandbox: Running, shop: Caller) -> None:
    shop.order(sandbox.orders()[0]["id"])
    calls = sandbox.state()["calls"]
    assert calls["GET /order/202507/orders"] == 1
    assert calls["GET /api/v2/token/get"] == 1


def test_the_page_shows_the_world_and_its_forms_work(sandbox: Running) -> None:
    page = sandbox.http.get("/_control/")
    assert page.headers["content-type"].startswith("text/html")
    assert "AWAITING_SHIPMENT" in page.text
    answer = sandbox.http.post("/_control/travel", data={"seconds": "3600"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/_control/")
    assert sandbox.state()["travelled_seconds"] == 3600
    sandbox.http.post("/_control/orders", data={"count": "2"})
    assert sandbox.state()["orders"] == 122


def test_wrong_control_calls_say_what_is_wrong(sandbox: Running) -> None:
    assert sandbox.http.post("/_control/tiktok", json={"colour": 1}).status_code == 400
    assert sandbox.http.post("/_control/orders/1/cancel").status_code == 400
    assert sandbox.http.post("/_control/travel", content=b"[1]").status_code == 400


def test_a_reset_makes_a_new_world_but_keeps_the_shop_connected(
    sandbox: Running, shop: Caller
) -> None:
    old = {order["id"] for order in sandbox.orders()}
    sandbox.travel(50)
    state = sandbox.control("POST", "reset", {"orders": 30, "seed": 99})
    assert (state["orders"], state["travelled_seconds"]) == (30, 0)
    pages = shop.pages()
    assert not old & {row["id"] for page in pages for row in page}
    assert sum(len(page) for page in pages) == 30


def test_wallets_add_up_to_the_cent() -> None:
    world = World(1)
    world.charge("easypost", Decimal("0.10"), "USD", "shp_1", "label")
    world.charge("easypost", Decimal("0.20"), "USD", "shp_2", "label")
    world.refund("easypost", Decimal("0.10"), "USD", "shp_1", "void")
    wallet = world.wallet("easypost")
    assert (wallet["charged"], wallet["refunded"], wallet["net"]) == ("0.30", "0.10", "0.20")
    assert (wallet["charges"], wallet["refunds"]) == (2, 1)


def test_names_and_numbers_of_a_world_never_repeat() -> None:
    world = World(5)
    numbers = {world.new_number("576", 18) for _ in range(5000)}
    names = {world.new_id("shp_") for _ in range(5000)}
    assert len(numbers) == len(names) == 5000
    assert all(len(number) == 18 for number in numbers)


def test_a_saved_world_goes_on_where_it_stopped(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "world.json"
    with running(orders=60, seed=2, state=state) as sandbox:
        shop = Caller(sandbox)
        order = sandbox.new_order(shipping_type="SELLER")
        shop.mark(order, "1Z999AA10123456784", shop.carrier("UPS"))
        sandbox.travel(7200)
        before = [row for page in shop.pages() for row in page]
    with running(orders=5, seed=3, state=state) as sandbox:
        shop.sandbox, shop.http = sandbox, sandbox.http
        assert [row for page in shop.pages() for row in page] == before
        assert sandbox.state()["travelled_seconds"] == 7200
        assert shop.mark(order, "1Z999AA10123456784", shop.carrier("UPS"))["code"] == 21011006
        fresh = sandbox.new_order()
        assert fresh not in {row["id"] for row in before}


def test_a_change_reaches_the_state_file_while_the_sandbox_runs(tmp_path: Path) -> None:
    state = tmp_path / "world.json"
    with running(orders=20, state=state) as sandbox:
        order = sandbox.new_order()
        end = time.monotonic() + 8
        while time.monotonic() < end:
            if state.exists() and order in state.read_text():
                break
            time.sleep(0.1)
        assert order in json.loads(state.read_text())["sections"]["tiktok"]["orders"]


def test_the_command_writes_a_ready_file_and_stops_cleanly_on_sigterm(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--orders", "20", "--port", "0"]
    command += ["--ready-file", str(ready), "--state", str(tmp_path / "w.json")]
    command += ["--latency", "rate=0.1,buy=0.2", "--redirect-url", "http://127.0.0.1:1/cb"]
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE) as process:
        end = time.monotonic() + 20
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.05)
        told = json.loads(ready.read_text())
        assert told["pid"] == process.pid
        state = httpx.get(told["url"] + "/_control/state", trust_env=False).json()
        assert state["orders"] == 20
        assert state["latency"] == {"rate": 0.1, "buy": 0.2}
        assert state["settings"]["redirect_url"] == "http://127.0.0.1:1/cb"
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=10)
        assert process.returncode == 0
    assert told["url"] in printed.decode()
    assert (tmp_path / "w.json").exists()
