"""A simulated token host, and authorizations whose tokens are about to end."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone
from pytest_django import Settings

from core.models import Workspace
from shops import tokens
from shops.clients import use_transport
from shops.models import Authorization
from tests import factories


class Host:
    """A token host that rotates: a refresh token works once."""

    def __init__(self) -> None:
        self.good = "refresh"
        self.asked = 0
        self.rotates = True
        self.lock = threading.Lock()
        self.failing: Callable[[], httpx.Response] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        with self.lock:
            self.asked += 1
            if self.failing:
                return self.failing()
            if request.url.params["refresh_token"] != self.good:
                return answer({}, code=36004001)
            if self.rotates:
                self.good = f"refresh-{self.asked}"
            now = int(timezone.now().timestamp())
            return answer(
                {
                    "access_token": f"access-{self.asked}",
                    "access_token_expire_in": now + 7 * 86400,
                    "refresh_token": self.good,
                    "refresh_token_expire_in": now + 300 * 86400,
                    "user_type": 0,
                    "granted_scopes": ["seller.order.info"],
                }
            )


def answer(data: object, code: int = 0) -> httpx.Response:
    return httpx.Response(200, json={"code": code, "message": "", "data": data, "request_id": "r"})


@pytest.fixture
def host(settings: Settings) -> Iterator[Host]:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "key", "secret"
    host = Host()
    with use_transport(httpx.MockTransport(host)):
        yield host


def ending(workspace: Workspace, **left: float) -> Authorization:
    """An authorization whose access token ends in `left`."""
    row = factories.authorization(workspace)
    Authorization.objects.filter(pk=row.pk).update(
        access_expires_at=timezone.now() + timedelta(**left)
    )
    row.refresh_from_db()
    return row


def ask(row: Authorization) -> str:
    return tokens.access_token(row.pk, now=timezone.now())
