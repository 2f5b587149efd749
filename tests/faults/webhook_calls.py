"""Events that arrive twice, or the older one last, through the receiver and a worker."""

import hashlib
import hmac
import json
from abc import abstractmethod
from typing import Any

from django.conf import settings
from django.utils import timezone

from core import inbox
from core.models import WebhookEvent
from shipping.labels.reconcile import reconcile_due
from shipping.models import Label
from tests.core.hooks import Desk
from tests.faults.label_calls import Finding, OfAccount, again
from tests.faults.subjects import HEAR, Subject
from tests.faults.tiktok_calls import OfTikTok

Json = dict[str, Any]
SECRET = "told-in-secret"


class Hearing(Subject):
    """Two events about one thing: `older` and `newer`, in the provider's own words."""

    kind = HEAR
    path = ""

    @abstractmethod
    def events(self) -> tuple[Json, Json]:
        """The older event, and the newer one."""

    @abstractmethod
    def headers(self, body: bytes) -> dict[str, str]:
        """What proves that the provider sent it."""

    slug: str

    def query(self) -> str:
        """What the address says after its question mark."""
        return ""

    def act(self) -> None:
        settings.SHIPPING_WEBHOOK_SECRET = SECRET
        older, newer = self.events()
        fault = self.bench.fault
        assert fault is not None
        sent = [newer, newer] if fault.name == "duplicated" else [newer, older]
        desk = Desk()
        try:
            for event in sent:
                body = json.dumps(event).encode()
                status = desk.send(body, self.headers(body), provider=self.slug, query=self.query())
                assert status == 200
        finally:
            desk.store.close()
        inbox.process_due()
        reconcile_due()

    def kept(self) -> str:
        """How many events were kept, and that all are done."""
        rows = WebhookEvent.objects.filter(provider=self.slug)
        assert set(rows.values_list("state", flat=True)) == {"done"}
        return "1 event kept" if rows.count() == 1 else f"{rows.count()} events kept"

    def settle(self) -> str:
        return self.row()


class OrderStatus(Hearing, OfTikTok):
    """TikTok's type 1: whatever it says, the order is read anew."""

    call = "webhook: order status"
    slug = "tiktok"

    def prepare(self) -> None:
        self.order = self.bench.order()
        self.bench.sandbox.order(self.order.tiktok_id, "cancel")

    def events(self) -> tuple[Json, Json]:
        return self._event(1, "AWAITING_SHIPMENT"), self._event(2, "CANCEL")

    def _event(self, number: int, word: str) -> Json:
        moment = int(timezone.now().timestamp()) + number
        data = {"order_id": self.order.tiktok_id, "order_status": word, "update_time": moment}
        return {
            "type": 1,
            "tts_notification_id": f"{self.order.tiktok_id}{number}",
            "shop_id": self.bench.shop.tiktok_id,
            "timestamp": moment,
            "data": data,
        }

    def headers(self, body: bytes) -> dict[str, str]:
        secret = settings.TIKTOK_SHOP_APP_SECRET.encode()
        message = settings.TIKTOK_SHOP_APP_KEY.encode() + body
        return {"Authorization": hmac.new(secret, message, hashlib.sha256).hexdigest()}

    def row(self) -> str:
        self.order.refresh_from_db()
        return f"{self.kept()}, order {self.order.status}"

    def seen(self) -> str:
        told = self.order.events.filter(kind="webhook").order_by("pk")
        return " ".join(told.values_list("text", flat=True))


class Tracker(Hearing, OfAccount):
    """EasyPost's tracker.updated: an older scan never wins over a newer one."""

    provider, slug = "EasyPost", "easypost"
    call = "webhook: tracker"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()

    def events(self) -> tuple[Json, Json]:
        return self._event(1, "in_transit"), self._event(2, "delivered")

    def _event(self, number: int, status: str) -> Json:
        at = f"2026-11-2{number}T12:00:00Z"
        return {
            "id": f"evt_{self.label.pk}_{number}",
            "object": "Event",
            "description": "tracker.updated",
            "created_at": at,
            "result": {
                "object": "Tracker",
                "tracking_code": self.label.tracking_number,
                "shipment_id": self.label.provider_label_id,
                "status": status,
                "updated_at": at,
                "tracking_details": [{"status": status, "datetime": at, "message": status}],
            },
        }

    def headers(self, body: bytes) -> dict[str, str]:
        digest = hmac.new(
            settings.SHIPPING_WEBHOOK_SECRET.encode(), body, hashlib.sha256
        ).hexdigest()
        return {"X-Hmac-Signature": f"hmac-sha256-hex={digest}"}

    def row(self) -> str:
        return f"{self.kept()}, label {again(self.label).tracking_status}"

    def seen(self) -> str:
        told = self.label.order.events.filter(kind="tracking").order_by("pk")
        return " ".join(told.values_list("text", flat=True))


class Transaction(Hearing, Finding):
    """Shippo's transaction_updated, for a purchase whose answer was lost."""

    provider, slug = "Shippo", "shippo"
    call = "webhook: transaction"
    buy_path = "/transactions"

    def events(self) -> tuple[Json, Json]:
        return self._event("QUEUED"), self._event("SUCCESS")

    def _event(self, status: str) -> Json:
        rate = self.label.provider_ref["rate_id"]
        data = {"object_id": f"tx{self.label.pk}", "status": status, "rate": rate}
        return {"event": "transaction_updated", "test": True, "data": data}

    def headers(self, body: bytes) -> dict[str, str]:
        return {}

    def query(self) -> str:
        return f"token={settings.SHIPPING_WEBHOOK_SECRET}"

    def row(self) -> str:
        return f"{self.kept()}, label {again(self.label).state}"

    def seen(self) -> str:
        return Label.objects.get(pk=self.label.pk).reason


CALLS: tuple[type[Subject], ...] = (OrderStatus, Tracker, Transaction)
