"""Order search with opaque page tokens, and order detail by ids."""

import base64
import hashlib
import hmac
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.store import Store

Json = dict[str, Any]
SEARCH_QUERY = frozenset({"page_size", "page_token", "sort_order", "sort_field"})
SEARCH_BODY = frozenset(
    [
        "order_status",
        "create_time_ge",
        "create_time_lt",
        "update_time_ge",
        "update_time_lt",
        "shipping_type",
        "buyer_user_id",
        "is_buyer_request_cancel",
        "warehouse_ids",
    ]
)
STATUSES = frozenset(
    [
        "UNPAID",
        "ON_HOLD",
        "AWAITING_SHIPMENT",
        "PARTIALLY_SHIPPING",
        "AWAITING_COLLECTION",
        "IN_TRANSIT",
        "DELIVERED",
        "COMPLETED",
        "CANCELLED",
    ]
)
Test = Callable[[Json], bool]
TOKEN_KEY = b"page tokens of the sandbox"
# makes every token hold "/" and "+", so that a client who forgets to encode them is found out
TOKEN_HEAD = b"\xff\xef\xbe"
MAX_IDS = 50
DETAIL_TAIL = (
    b',"payment_card_type":"Credit","payment_method_code":"pm_pi_ccdc_visa_c_d",'
    b'"payment_auth_code":"","channel_entity_national_registry_id":""}'
)


def make_token(content: Json) -> str:
    """An opaque token with "/", "+" and "=" in it."""
    payload = orjson.dumps(content)
    payload += b" " * (-len(payload) % 3)  # 3 + 9 + 3n + 1 bytes end in "=="
    mac = hmac.new(TOKEN_KEY, payload, hashlib.sha256).digest()[:10]
    return base64.b64encode(TOKEN_HEAD + mac + payload).decode()


def read_token(token: str) -> Json:
    """What `make_token` was given; raises Refusal for anything else."""
    try:
        raw = base64.b64decode(token, validate=True)
        mac, payload = raw[3:13], raw[13:]
        if hmac.new(TOKEN_KEY, payload, hashlib.sha256).digest()[:10] != mac:
            raise ValueError
        content: Json = orjson.loads(payload)
    except ValueError:
        raise bad("page_token is invalid") from None
    return content


def check_token(token: str, filters: str, epoch: int) -> Json:
    """The token's content, refused once the filters changed or all tokens were called in."""
    content = read_token(token)
    if content["filters"] != filters or content["epoch"] != epoch:
        raise bad("page_token is invalid")
    return content


def fingerprint(*parts: Any) -> str:
    """A short name for a set of filters."""
    raw = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(raw).hexdigest()[:16]


@dataclass
class Hits:
    """The stretch of a time index that a search looks at, and the test its orders must pass."""

    pairs: list[tuple[int, str]]
    low: int
    high: int
    test: Test | None
    orders: dict[str, Json]

    def passes(self, at: int) -> bool:
        """Whether the order at this place of the index is wanted."""
        return self.test is None or self.test(self.orders[self.pairs[at][1]])

    def total(self) -> int:
        """How many orders match in all."""
        if self.test is None:
            return self.high - self.low
        test, orders = self.test, self.orders
        return sum(1 for _, number in self.pairs[self.low : self.high] if test(orders[number]))

    def skip(self, last: tuple[int, str], descending: bool) -> None:
        """Go on after the last order of the page before."""
        if descending:
            self.high = min(self.high, bisect_left(self.pairs, last))
        else:
            self.low = max(self.low, bisect_left(self.pairs, (last[0], last[1] + "~")))

    def page(self, size: int, descending: bool) -> list[tuple[int, str]]:
        """The next `size` matches and one more, where there is one."""
        order = range(self.high - 1, self.low - 1, -1) if descending else range(self.low, self.high)
        return [self.pairs[at] for at in islice((at for at in order if self.passes(at)), size + 1)]


async def search(call: Call) -> bytes:
    """POST /order/202309/orders/search: full order objects, next_page_token "" at the end."""
    store, shop_id, size = call.store, call.shop["id"], call.page_size(1, 100)
    field, descending = _sorting(call.query)
    window = _window(call)
    mark = {
        "filters": fingerprint(shop_id, field, descending, call.body),
        "epoch": store.settings["page_token_epoch"],
    }
    pairs = (store.by_update if field == "update_time" else store.by_create)[shop_id]
    low, high = _range(pairs, window[field])
    hits = Hits(pairs, low, high, _test(call, window, field), store.orders)
    if token := call.query.get("page_token"):
        content = check_token(token, **mark)
        total = content["total"]
        hits.skip((content["time"], content["id"]), descending)
    else:
        total = hits.total()
    page = hits.page(size, descending)
    next_token = ""
    if len(page) > size:
        page.pop()
        next_token = make_token({"time": page[-1][0], "id": page[-1][1], "total": total, **mark})
    joined = b",".join(store.wire_of(number) for _, number in page)
    return b'{"next_page_token":"%s","total_count":%d,"orders":[%s]}' % (
        next_token.encode(),
        total,
        joined,
    )


def _sorting(query: dict[str, str]) -> tuple[str, bool]:
    field = query.get("sort_field") or "create_time"
    order = query.get("sort_order") or "DESC"
    if field not in ("create_time", "update_time"):
        raise bad("sort_field must be create_time or update_time")
    if order not in ("ASC", "DESC"):
        raise bad("sort_order must be ASC or DESC")
    return field, order == "DESC"


def _window(call: Call) -> dict[str, tuple[int | None, int | None]]:
    return {
        field: (call.number(f"{field}_ge"), call.number(f"{field}_lt"))
        for field in ("create_time", "update_time")
    }


def _range(pairs: list[tuple[int, str]], window: tuple[int | None, int | None]) -> tuple[int, int]:
    start, end = window
    low = 0 if start is None else bisect_left(pairs, (start, ""))
    high = len(pairs) if end is None else bisect_left(pairs, (end, ""))
    return low, max(low, high)


def _test(call: Call, window: dict[str, tuple[int | None, int | None]], field: str) -> Test | None:
    """A predicate for the filters the index does not answer, or None where there are none."""
    body, tests = call.body, list[Test]()
    if status := body.get("order_status"):
        if status not in STATUSES:
            raise bad("order_status is not one of the documented values")
        tests.append(lambda order: order["status"] == status)
    if lane := body.get("shipping_type"):
        tests.append(lambda order: order["shipping_type"] == lane)
    if buyer := body.get("buyer_user_id"):
        tests.append(lambda order: order["buyer"]["user_id"] == buyer)
    if (asked := body.get("is_buyer_request_cancel")) is not None:
        tests.append(lambda order: bool(order.get("cancel_asked")) == asked)
    if houses := body.get("warehouse_ids"):
        if len(houses) > 100:
            raise bad("warehouse_ids holds at most 100 ids")
        tests.append(lambda order: order["warehouse_id"] in houses)
    other, key = (
        ("update_time", "updated") if field == "create_time" else ("create_time", "created")
    )
    start, end = window[other]
    if start is not None:
        tests.append(lambda order: order[key] >= start)
    if end is not None:
        tests.append(lambda order: order[key] < end)
    if len(tests) < 2:
        return tests[0] if tests else None
    return lambda order: all(test(order) for test in tests)


async def detail(call: Call) -> bytes:
    """GET /order/202507/orders?ids=: up to 50 orders; ids that do not exist are left out."""
    ids = [number for number in call.query.get("ids", "").split(",") if number]
    if not 1 <= len(ids) <= MAX_IDS:
        raise bad(f"ids must name 1 to {MAX_IDS} orders")
    own: list[bytes] = []
    for number in ids:
        order = call.store.orders.get(number)
        if order is None:
            continue
        if order["shop"] != call.shop["id"]:
            raise Refusal(21008111, "The order does not belong to this seller.")
        own.append(call.store.wire_of(number)[:-1] + DETAIL_TAIL)
    return b'{"orders":[%s]}' % b",".join(own)


def order_for(store: Store, shop: Json, order_id: str) -> Json:
    """An order of this shop; raises Refusal where there is none or it is somebody else's."""
    order = store.orders.get(order_id)
    if order is None:
        raise Refusal(21011001, "Package not found for this order.")
    if order["shop"] != shop["id"]:
        raise Refusal(21008111, "The order does not belong to this seller.")
    return order
