"""Deliveries as the providers make them, and the receiver as the server calls it."""

import hashlib
import hmac
import io
import itertools
import json
from collections.abc import Callable
from typing import Any

from django.conf import LazySettings
from django.db import connection

from core.inbox_store import InboxStore
from core.models import WebhookEvent, Workspace
from core.receiver import Receiver
from creatorflow.receivers import SOURCES
from tests import factories

_number = itertools.count(1)

APP_KEY, APP_SECRET, SHIPPING = "app-key", "app-secret", "s3cret with spaces & é"


def configure(settings: LazySettings) -> None:
    """Give every provider a secret."""
    settings.TIKTOK_SHOP_APP_KEY = APP_KEY
    settings.TIKTOK_SHOP_APP_SECRET = APP_SECRET
    settings.SHIPPING_WEBHOOK_SECRET = SHIPPING


def order_status(number: int = 1, **fields: Any) -> bytes:
    """The body of TikTok's type 1."""
    envelope = {
        "type": 1,
        "tts_notification_id": f"73271123930573{number:05}",
        "shop_id": "7494049642642441621",
        "timestamp": 1_795_000_000 + number,
        "data": {
            "order_id": f"5769{number:014}",
            "order_status": "AWAITING_SHIPMENT",
            "is_on_hold_order": False,
            "update_time": 1_795_000_000 + number,
        },
    }
    return json.dumps(envelope | fields).encode()


def stored(of: Workspace | None = None, **fields: Any) -> WebhookEvent:
    """An order-status event of TikTok that waits for a worker."""
    number = next(_number)
    order = f"5769{number:014}"
    values = {"workspace": of, "owner": "7494", "subject": order, "attempts": 0}
    document = {"type": 1, "shop_id": "7494", "data": {"order_id": order}}
    return factories.webhook(fields.pop("event", "1"), document, **(values | fields))


def signed(body: bytes) -> dict[str, str]:
    """The header that TikTok sends with `body`."""
    message = APP_KEY.encode() + body
    return {"Authorization": hmac.new(APP_SECRET.encode(), message, hashlib.sha256).hexdigest()}


class Desk:
    """A receiver over the test's database; `woken` counts its calls for a worker."""

    def __init__(self, **parts: Any) -> None:
        self.store = InboxStore(connection.settings_dict)
        self.woken = 0
        given = {"store": self.store, "wake": self._wake} | parts
        self.receiver = Receiver(SOURCES, **given)
        self.headers: dict[str, str] = {}

    def _wake(self) -> None:
        self.woken += 1

    def send(
        self, body: bytes, headers: dict[str, str], *, provider: str = "tiktok", query: str = ""
    ) -> int:
        """POST as the server hands it over; the status answered."""
        return self.call(f"/hooks/{provider}", body, headers, QUERY_STRING=query)

    def tiktok(self, body: bytes) -> int:
        """POST a genuine delivery of TikTok."""
        return self.send(body, signed(body))

    def call(self, path: str, body: bytes, headers: dict[str, str], **environ: Any) -> int:
        """Any request; `environ` overrides what the server would say, None takes it away."""
        told: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        told |= {f"HTTP_{name.upper().replace('-', '_')}": v for name, v in headers.items()}
        told = {name: value for name, value in (told | environ).items() if value is not None}
        return self.run(self.receiver, told)

    def run(self, application: Callable[..., Any], environ: dict[str, Any]) -> int:
        """Call a WSGI application; the status, with the headers kept."""
        answered: list[str] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answered.append(status)
            self.headers = dict(headers)

        content = b"".join(application(environ, start_response))
        assert int(self.headers.get("Content-Length", len(content))) == len(content)
        return int(answered[0].partition(" ")[0])
