"""A bare TikTok Shop caller for these tests, with a signature of its own making."""

import hashlib
import hmac
import json
import time
from typing import Any

import httpx

from tests.sandbox.running import Running

Json = dict[str, Any]
KEY, SECRET = "sandboxapp", "sandbox-app-secret-0123456789abcdef"
SEARCH = "/order/202309/orders/search"


def signature(secret: str, path: str, params: Json, body: bytes = b"") -> str:
    """The documented algorithm, spelled out anew."""
    text = path
    for name in sorted(params):
        if name not in ("sign", "access_token"):
            text += f"{name}{params[name]}"
    whole = secret.encode() + text.encode() + body + secret.encode()
    return hmac.new(secret.encode(), whole, hashlib.sha256).hexdigest()


class Caller:
    """One authorized app; `call` gives the raw answer, `ok` and `refused` judge it."""

    def __init__(self, sandbox: Running, **code: Any) -> None:
        self.sandbox = sandbox
        self.http = sandbox.http
        granted = self.token("get", auth_code=sandbox.code(**code), grant_type="authorized_code")
        assert granted["code"] == 0, granted
        self.granted = granted["data"]
        self.access = self.granted["access_token"]
        self.shop = self.ok("GET", "/authorization/202309/shops", cipher=None)["shops"][0]

    def token(self, which: str, **query: str) -> Json:
        """One call to the token host."""
        keys = {"app_key": KEY, "app_secret": SECRET}
        answer: Json = self.http.get(f"/api/v2/token/{which}", params={**keys, **query}).json()
        return answer

    def call(
        self,
        method: str,
        path: str,
        query: Json | None = None,
        body: Any = None,
        *,
        cipher: Any = "own",
        **tweaks: Any,
    ) -> httpx.Response:
        """Sign and send; `tweaks` replace app_key, timestamp, sign, access, raw or headers."""
        params: Json = {
            "app_key": tweaks.get("app_key", KEY),
            "timestamp": str(tweaks.get("timestamp", int(time.time()))),
            **(query or {}),
        }
        if cipher is not None:
            params["shop_cipher"] = self.shop["cipher"] if cipher == "own" else cipher
        raw = tweaks.get("raw", b"" if body is None else json.dumps(body).encode())
        params["sign"] = tweaks.get("sign") or signature(SECRET, path, params, raw)
        headers = {
            "x-tts-access-token": tweaks.get("access", self.access),
            "content-type": "application/json",
        }
        return self.http.request(method, path, params=params, content=raw, headers=headers)

    def ok(
        self, method: str, path: str, query: Json | None = None, body: Any = None, **more: Any
    ) -> Json:
        """The data of a call that must succeed."""
        answer = self.call(method, path, query, body, **more).json()
        assert answer["code"] == 0, answer
        data: Json = answer["data"]
        return data

    def refused(
        self, method: str, path: str, query: Json | None = None, body: Any = None, **more: Any
    ) -> int:
        """The code of a call that must fail."""
        answer = self.call(method, path, query, body, **more).json()
        assert answer["code"] != 0, answer
        assert answer["data"] is None
        assert answer["message"]
        code: int = answer["code"]
        return code

    def detail(self, *ids: str) -> list[Json]:
        """Order details by id."""
        rows: list[Json] = self.ok("GET", "/order/202507/orders", {"ids": ",".join(ids)})["orders"]
        return rows

    def order(self, order_id: str) -> Json:
        """One order's detail."""
        return self.detail(order_id)[0]

    def of_skus(self, count: int, **overrides: Any) -> str:
        """The id of a fresh order with one unit of each of so many SKUs."""
        wanted = {"shipping_type": "SELLER", "units": 1, "skus": count, **overrides}
        while True:  # the dice may draw one SKU twice
            order = self.sandbox.new_order(**wanted)
            if len({line["sku_id"] for line in self.order(order)["line_items"]}) == count:
                return order

    def pages(self, body: Json | None = None, **query: Any) -> list[list[Json]]:
        """All pages of an order search."""
        pages, token = [], ""
        while True:
            asked = {"page_size": "40", **query} | ({"page_token": token} if token else {})
            data = self.ok("POST", SEARCH, asked, body or {})
            pages.append(data["orders"])
            token = data["next_page_token"]
            if not token:
                return pages

    def carrier(self, name: str) -> str:
        """The provider id of a carrier for own labels."""
        option = self.sandbox.orders(shipping_type="SELLER")[0]["option_id"]
        path = f"/logistics/202309/delivery_options/{option}/shipping_providers"
        found = {row["name"]: row["id"] for row in self.ok("GET", path)["shipping_providers"]}
        number: str = found[name]
        return number

    def mark(self, order_id: str, number: str, carrier: str, **more: Any) -> Json:
        """The whole answer of Mark Package As Shipped."""
        body = {"tracking_number": number, "shipping_provider_id": carrier, **more}
        path = f"/fulfillment/202309/orders/{order_id}/packages"
        answer: Json = self.call("POST", path, body=body).json()
        return answer
