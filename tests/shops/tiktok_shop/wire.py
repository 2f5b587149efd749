"""A TikTok Shop of a few lines for tests: queued answers, kept requests, and its own idea of a
signature."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import httpx

from core.http import Call
from shops.tiktok_shop.client import Limiter, TikTokShopClient

KEY, SECRET, TOKEN, CIPHER = "app-key-1", "app-secret-xyz", "TTP_token_abc", "ROW_cipher_1"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BASE = "https://open-api.example"

type Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def ok(data: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    """A success envelope."""
    body = {"code": 0, "message": "Success", "request_id": "req-ok", "data": data}
    return httpx.Response(200, json=body, headers=headers)


def refusal(
    code: int | str, message: str = "No.", status: int = 200, headers: dict[str, str] | None = None
) -> httpx.Response:
    """A refusal envelope, with HTTP 200 as business errors come."""
    body = {"code": code, "message": message, "request_id": "req-no", "data": None}
    return httpx.Response(status, json=body, headers=headers)


class Wire:
    """Answers in the order they were queued and repeats the last; keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.slept: list[float] = []
        self.calls: list[Call] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(
        self,
        *,
        cipher: str = CIPHER,
        token: Callable[[], str] | str = TOKEN,
        refresh: Callable[[str], str] | None = None,
        limiter: Limiter | None = None,
        clock: Callable[[], datetime] = lambda: NOW,
        default_version: str = "202309",
    ) -> TikTokShopClient:
        """A client whose wire this is, and whose sleep only takes notes."""
        return TikTokShopClient(
            KEY,
            SECRET,
            BASE,
            self.http(),
            token,
            cipher,
            limiter=limiter,
            journal=self.calls.append,
            clock=clock,
            refresh=refresh,
            default_version=default_version,
            sleep=self.slept.append,
        )

    def http(self) -> httpx.Client:
        """An httpx client that ends here."""
        return httpx.Client(transport=httpx.MockTransport(self))

    @property
    def last(self) -> httpx.Request:
        """The latest request."""
        return self.requests[-1]

    @property
    def asked(self) -> tuple[str, str]:
        """Method and path of the latest request."""
        return self.last.method, self.last.url.path

    def body(self) -> Any:
        """The JSON of the latest request."""
        return json.loads(self.last.content)

    def query(self) -> dict[str, str]:
        """The query of the latest request without what signing adds."""
        ours = {"app_key", "timestamp", "sign", "shop_cipher"}
        return {name: value for name, value in self.last.url.params.items() if name not in ours}


def read(client: TikTokShopClient) -> object:
    """A call that is safe to repeat."""
    return client.call("warehouses")


def buy(client: TikTokShopClient) -> object:
    """A call that is not."""
    return client.call("create_package", body={"ship_type": "1", "order_id": "1"})


def expected_sign(secret: str, path: str, raw_query: str, body: bytes) -> str:
    """The signature a gateway computes from what arrived, written apart from the product's."""
    pairs = sorted(
        (name, value)
        for name, value in parse_qsl(raw_query, keep_blank_values=True)
        if name not in ("sign", "access_token")
    )
    message = secret + path + "".join(name + value for name, value in pairs)
    digest = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    digest.update(message.encode() + body + secret.encode())
    return digest.hexdigest()
