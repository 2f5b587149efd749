"""The process-wide pooled HTTP clients, and the seam where tests put another wire."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.conf import settings

from core import breaker
from core.http import make_client
from shops import journal
from shops.tiktok_shop.auth import TokenHost

TOKEN_CIRCUIT = "tiktok:auth"  # noqa: S105 - a name, not a token

_lock = threading.Lock()
# By process id: the queue's workers fork, and two processes must never share a socket. And by whom
# they call: one that hangs holds connections of its own pool only.
_clients: dict[tuple[int, str], httpx.Client] = {}
_transports: list[httpx.BaseTransport] = []


def http_client(of: str = "tiktok") -> httpx.Client:
    """The pooled client of this process for calls to `of`, made when first asked for; to be kept
    open, never closed."""
    pid = os.getpid()
    with _lock:
        client = _clients.get((pid, of))
        if client is None:
            for stranger in [key for key in _clients if key[0] != pid]:
                del _clients[stranger]  # a parent's client is its own to close
            transport = _transports[-1] if _transports else None
            client = _clients[pid, of] = make_client(transport=transport)
        return client


@contextmanager
def use_transport(transport: httpx.BaseTransport) -> Iterator[None]:
    """Within the block every call goes over `transport`, e.g. httpx.MockTransport; for tests."""
    _transports.append(transport)
    forget()
    try:
        yield
    finally:
        _transports.remove(transport)
        forget()


def token_host() -> TokenHost:
    """TikTok's token host with the app's credentials, as the settings have them."""
    return TokenHost(
        url=settings.TIKTOK_SHOP_AUTH_URL,
        app_key=settings.TIKTOK_SHOP_APP_KEY,
        app_secret=settings.TIKTOK_SHOP_APP_SECRET,
        http=http_client("tiktok-auth"),
        journal=journal.note("TikTok Shop", None),
        gate=breaker.gate(TOKEN_CIRCUIT, name="TikTok's sign-in"),
    )


def forget() -> None:
    """Close this process's clients; the next call makes another."""
    with _lock:
        for (pid, _), client in list(_clients.items()):
            if pid == os.getpid():
                client.close()
        _clients.clear()
