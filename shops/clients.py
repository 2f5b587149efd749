"""A ready client for a shop: token, limiter, wire. The only place that builds one."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import breaker
from core.errors import NotAuthorized
from core.limits import SharedLimiter
from core.waiting import IN_PAGE, somebody_waits
from shops import journal, tokens, wire
from shops.models import Authorization, Shop
from shops.tiktok_shop.client import TikTokShopClient, Value
from shops.tiktok_shop.endpoint import Endpoint
from shops.tiktok_shop.errors import PROVIDER
from shops.wire import http_client, token_host, use_transport

__all__ = [
    "API_CIRCUIT",
    "circuit_of",
    "http_client",
    "tiktok_client",
    "token_host",
    "unbound_client",
    "use_transport",
]

# A few calls may follow each other at once, so that a slow answer does not cost its share of time.
_BURST = 3
_TOKEN_SECONDS = 30.0
# What spends money or says something is sent soon or not at all: by then others may have drawn
# conclusions. A caller that is turned away was certainly not heard, and comes back later.
_SOON = 20.0
# TikTok as a whole: where it answers no shop, the next ones do not wait for it one after the other.
API_CIRCUIT = "tiktok:api"


class _Token:
    """The access token, asked of the database every half minute instead of for every call."""

    def __init__(self, authorization: Authorization) -> None:
        self.authorization_id = authorization.pk
        self._lock = threading.Lock()
        self.last = ""
        self._asked = 0.0

    def __call__(self) -> str:
        with self._lock:
            if not self.last or time.monotonic() - self._asked > _TOKEN_SECONDS:
                self.last = tokens.access_token(self.authorization_id, now=timezone.now())
                self._asked = time.monotonic()
            return self.last

    def renew(self, refused: str) -> str:
        with self._lock:
            self.last = tokens.renew(self.authorization_id, refused, now=timezone.now())
            self._asked = time.monotonic()
            return self.last


class ShopClient(TikTokShopClient):
    """A client that notes when TikTok says the seller took the permission back."""

    held: _Token
    soon: SharedLimiter
    at_once: SharedLimiter
    circuit: str

    def call(
        self,
        endpoint_name: str,
        *,
        path_params: Mapping[str, str] | None = None,
        query: Mapping[str, Value] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The `data` of TikTok's answer; see TikTokShopClient.call."""
        try:
            return super().call(endpoint_name, path_params=path_params, query=query, body=body)
        except NotAuthorized as error:
            if error.code in tokens.OVER:
                tokens.refused(self.held.authorization_id, self.held.last, error.message)
            raise

    def _await_turn(self, endpoint: Endpoint) -> None:
        for circuit in (self.circuit, API_CIRCUIT):
            breaker.check(circuit, name=PROVIDER, probes=endpoint.safe)
        if somebody_waits():
            return self.at_once.acquire(self.limit_key)
        if endpoint.safe:
            return super()._await_turn(endpoint)
        return self.soon.acquire(self.limit_key)


def circuit_of(shop_id: int) -> str:
    """The key of a shop's circuit."""
    return f"tiktok:shop:{shop_id}"


def tiktok_client(shop: Shop) -> TikTokShopClient:
    """A client for `shop`, to be used by several threads if wished. NotAuthorized where the shop is
    not connected."""
    authorization = shop.authorization
    if authorization is None or shop.disconnected_at is not None:
        raise NotAuthorized(
            f"{shop.name} is not connected. Connect it on the shops page.",
            provider=PROVIDER,
            code="disconnected",
        )
    token = _Token(authorization)
    per_second = settings.TIKTOK_SHOP_RATE_PER_SECOND
    client = ShopClient(
        settings.TIKTOK_SHOP_APP_KEY,
        settings.TIKTOK_SHOP_APP_SECRET,
        settings.TIKTOK_SHOP_URL,
        http_client(),
        token,
        shop.cipher,
        limiter=SharedLimiter(per_second, burst=_BURST),
        journal=journal.note(PROVIDER, shop.workspace_id),
        refresh=token.renew,
        default_version=settings.TIKTOK_SHOP_API_VERSION,
        gate=breaker.gate(circuit_of(shop.pk), API_CIRCUIT, name=PROVIDER),
    )
    client.circuit = circuit_of(shop.pk)
    client.held = token
    client.soon = SharedLimiter(per_second, burst=_BURST, patience=_SOON)
    client.at_once = SharedLimiter(per_second, burst=_BURST, patience=IN_PAGE)
    client.limit_key = f"tiktok:{settings.TIKTOK_SHOP_APP_KEY}:{shop.tiktok_id}"
    return client


def unbound_client(access_token: str, workspace_id: int) -> TikTokShopClient:
    """A client for a token that belongs to no row yet: it can ask which shops the token covers."""
    return TikTokShopClient(
        settings.TIKTOK_SHOP_APP_KEY,
        settings.TIKTOK_SHOP_APP_SECRET,
        settings.TIKTOK_SHOP_URL,
        wire.http_client(),
        access_token,
        journal=journal.note(PROVIDER, workspace_id),
        default_version=settings.TIKTOK_SHOP_API_VERSION,
    )
