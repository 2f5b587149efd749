"""The process-wide pooled HTTP client, and the seam where tests put another wire."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from django.conf import settings

from core.http import make_client
from shops import journal
from shops.tiktok_shop.auth import TokenHost

_lock = threading.Lock()
# By process id: the queue's workers fork, and two processes must never share a socket.
_clients: dict[int, httpx.Client] = {}
_transports: list[httpx.BaseTransport] = []


def http_client() -> httpx.Client:
    """The pooled client of this process, made when first asked for; to be kept open, never
    closed."""
    pid = os.getpid()
    with _lock:
        client = _clients.get(pid)
        if client is None:
            _clients.clear()  # a parent's client is its own to close
            client = _clients[pid] = make_client(transport=_transports[-1] if _transports else None)
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
        http=http_client(),
        journal=journal.note("TikTok Shop", None),
    )


def forget() -> None:
    """Close this process's client; the next call makes another."""
    with _lock:
        for pid, client in list(_clients.items()):
            if pid == os.getpid():
                client.close()
        _clients.clear()
