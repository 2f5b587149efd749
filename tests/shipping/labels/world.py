"""A workspace with a connected shop, a label account at a provider in memory, and orders TikTok
knows."""

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.utils import timezone

from core.models import Membership, Role, User, Workspace
from orders.models import Lane, Order, Stage
from orders.sync import read_orders
from shipping.models import Label, LabelAccount, QuoteSet, ShipFrom
from shipping.plan import plan_order
from shipping.providers.memory import Memory
from shops.catalog.models import Sku
from shops.models import Authorization, Shop
from tests.shipping.labels.papers import pdf

_numbers = itertools.count(576_461_413_000_000_001)

ADDRESS = {
    "name": "Zoë Miller",
    "first_name": "Zoë",
    "last_name": "Miller",
    "phone_number": "(+1)5125550100",
    "full_address": "1 Main St, Austin, Texas, United States, 78701",
    "address_detail": "1 Main St",
    "address_line1": "1 Main St",
    "postal_code": "78701",
    "region_code": "US",
    "district_info": [
        {
            "address_level": "L0",
            "address_level_name": "Country",
            "address_name": "United States",
        },
        {"address_level": "L1", "address_level_name": "State", "address_name": "Texas"},
        {"address_level": "L2", "address_level_name": "County", "address_name": "Travis"},
        {"address_level": "L3", "address_level_name": "City", "address_name": "Austin"},
    ],
}

# Provider accounts by key; worlds.py puts `provider_of_key` into the registry of providers.
PROVIDERS: dict[str, Memory] = {}


def provider_of_key(*parts: Any, **options: Any) -> Memory:
    """The provider whose account has this key; stands where an adapter's class stands."""
    key = next(
        part for part in (*parts, *options.values()) if isinstance(part, str) and part in PROVIDERS
    )
    return PROVIDERS[key]


class TikTok(httpx.BaseTransport):
    """TikTok's order detail for the documents it was given, every call being counted; any order may
    be split."""

    def __init__(self) -> None:
        self.documents: dict[str, dict[str, Any]] = {}
        self.asked: list[list[str]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answers GET /order/.../orders and split attributes; anything else is a mistake of the
        test."""
        parts = urlsplit(str(request.url))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path.endswith("/split_attributes"):
            ids = query["order_ids"].split(",")
            found = [{"order_id": one, "can_split": True, "must_split": False} for one in ids]
            return _answer({"split_attributes": found})
        assert parts.path.endswith("/orders"), parts.path
        ids = query["ids"].split(",")
        self.asked.append(ids)
        return _answer({"orders": [self.documents[one] for one in ids if one in self.documents]})


def _answer(data: dict[str, Any]) -> httpx.Response:
    body = {"code": 0, "message": "Success", "request_id": "r", "data": data}
    return httpx.Response(200, content=json.dumps(body))


@dataclass
class World:
    """What a test has at hand. `provider` is the account's; it is asked as an EasyPost account
    would be."""

    workspace: Workspace
    user: User
    shop: Shop
    account: LabelAccount
    provider: Memory
    tiktok: TikTok = field(default_factory=TikTok)

    def order(self, *, sku: str = "serum", units: int = 1, **changes: Any) -> Order:
        """An order that is ready to be bought, unless `changes` to TikTok's document say
        otherwise. `sku` may name several, divided by blanks: so many units of each."""
        document = order_document(sku, units) | changes
        self.tiktok.documents[document["id"]] = document
        (order,) = read_orders(self.shop, [document["id"]])
        return Order.objects.select_related("shop").get(pk=order.pk)

    def change(self, order: Order, **changes: Any) -> None:
        """TikTok's document changes; nobody tells us."""
        document = self.tiktok.documents[order.tiktok_id]
        document |= changes | {"update_time": document["update_time"] + 60}

    def quotes(self, order: Order) -> QuoteSet:
        """What would be bought for the order, and why."""
        return plan_order(order, now=timezone.now())

    def label(self, order: Order | None = None) -> Label:
        """A label that is ready to be bought."""
        from shipping.labels.purchase import prepare

        order = order or self.order()
        return prepare(order, self.quotes(order))

    def another_account(self, *, price: str = "8.00") -> tuple[LabelAccount, Memory]:
        """A second account of the workspace, at another provider."""
        return add_account(self.workspace, "shippo", price)


def order_document(sku: str, units: int) -> dict[str, Any]:
    """An order as TikTok's order detail gives it, with the fields we act on."""
    number = str(next(_numbers))
    now = int(datetime.now(UTC).timestamp())
    return {
        "id": number,
        "status": "AWAITING_SHIPMENT",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "shipping_type": "SELLER",
        "delivery_option_id": "7129",
        "delivery_option_name": "Standard Shipping",
        "create_time": now - 7200,
        "update_time": now - 3600,
        "paid_time": now - 7100,
        "rts_sla_time": now + 86_400,
        "tts_sla_time": now + 2 * 86_400,
        "payment": {"currency": "USD", "total_amount": "30.00", "sub_total": "30.00"},
        "recipient_address": ADDRESS,
        "line_items": [_line(number, one, n) for n, one in enumerate(sorted(sku.split() * units))],
    }


def _line(number: str, sku: str, n: int) -> dict[str, Any]:
    return {
        "id": f"{number}{n}",
        "sku_id": f"sku-{sku}",
        "product_id": "1729",
        "seller_sku": sku.upper(),
        "product_name": f"The {sku}",
        "sku_name": "Default",
        "display_status": "AWAITING_SHIPMENT",
        "currency": "USD",
        "sale_price": "15.00",
        "original_price": "15.00",
    }


def make_world() -> World:
    """A new one; several share a database without meeting."""
    number = next(_numbers)
    workspace = Workspace.objects.create(name="Glow", slug=f"glow-{number}")
    user = User.objects.create_user(f"owner-{number}@example.com")
    Membership.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    shop = _shop(workspace, number)
    for sku in ("serum", "mirror", "brush"):
        Sku.objects.create(
            shop=shop, tiktok_id=f"sku-{sku}", product_id="1729", seller_sku=sku.upper(),
            product_name=f"The {sku}", weight_g=200, length_mm=150, width_mm=100, height_mm=50,
            measured_by="product", product_read_at=timezone.now(),
        )  # fmt: skip
    ShipFrom.objects.create(
        workspace=workspace, label="Studio", name="Glow", street1="2 Oak Ave", city="Reno",
        state="NV", postal_code="89501", phone="7755550100", is_default=True,
    )  # fmt: skip
    from shipping.models import ParcelPreset

    ParcelPreset.objects.create(
        workspace=workspace,
        name="Mailer",
        length_mm=200,
        width_mm=150,
        height_mm=60,
        is_default=True,
    )
    account, provider = add_account(workspace, "easypost", "8.41")
    return World(workspace, user, shop, account, provider)


def add_account(workspace: Workspace, slug: str, price: str) -> tuple[LabelAccount, Memory]:
    """A label account whose provider is in memory and offers UPS Ground at `price`, and dearer
    services."""
    from shipping.providers.memory import Offer

    account = LabelAccount(workspace=workspace, provider=slug, name=slug.title(), mode="test")
    key = f"key-{account.pk}"
    account.hold_key(key)
    account.save()
    offers = (
        Offer("ups", "Ground", "UPS Ground", price, 3),
        Offer("fedex", "2DAY", "FedEx 2Day", "24.20", 2),
    )
    provider = PROVIDERS[key] = Memory(slug, offers=offers)
    provider.file = pdf("A label")
    return account, provider


def _shop(workspace: Workspace, number: int) -> Shop:
    now = timezone.now()
    authorization = Authorization(
        workspace=workspace, open_id=f"open-{number}", seller_name="Glow", region="US"
    )
    authorization.hold_tokens(
        access="token",
        access_until=now + timedelta(days=7),
        refresh="refresh",
        refresh_until=now + timedelta(days=90),
    )
    authorization.save()
    return Shop.objects.create(
        workspace=workspace, authorization=authorization, tiktok_id=str(number), cipher="cipher",
        name="Glow", region="US",
    )  # fmt: skip


__all__ = [
    "Lane",
    "Stage",
    "TikTok",
    "World",
    "add_account",
    "make_world",
    "order_document",
    "provider_of_key",
]
