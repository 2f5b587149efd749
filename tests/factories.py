"""Rows for tests, as small as they may be: every argument may be overridden by keyword."""

import itertools
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core import batches
from core.models import (
    AuditEntry,
    Batch,
    Invitation,
    Membership,
    Notification,
    Role,
    User,
    WebhookEvent,
    Workspace,
)
from orders.models import Line, Order, SyncCursor
from shipping.models import (
    Label,
    LabelAccount,
    LedgerEntry,
    ParcelPreset,
    PrintFile,
    QuoteSet,
    ShipFrom,
)
from shops.catalog.models import Sku
from shops.models import Authorization, Shop
from shops.policy.models import PolicyOverride

_number = itertools.count(1)


def user(email: str = "", password: str | None = None, **fields: Any) -> User:
    """A person; without a password, which takes half a second to hash, only `force_login` lets them
    in."""
    return User.objects.create_user(
        email or f"person{next(_number)}@example.com", password, **fields
    )


def workspace(name: str = "Glow", **fields: Any) -> Workspace:
    """A workspace nobody is in yet."""
    slug = fields.pop("slug", f"glow-{next(_number)}")
    return Workspace.objects.create(name=name, slug=slug, **fields)


def member(of: Workspace, role: str = Role.OWNER, who: User | None = None) -> User:
    """A person with `role` in the workspace."""
    who = who or user()
    Membership.objects.create(workspace=of, user=who, role=role)
    return who


def authorization(of: Workspace, **fields: Any) -> Authorization:
    """A seller's permission with sealed tokens "access" and "refresh", good for a week and a
    year."""
    now = timezone.now()
    row = Authorization(
        workspace=of,
        open_id=fields.pop("open_id", f"open-{next(_number)}"),
        seller_name="Glow LLC",
        region="US",
        **fields,
    )
    row.hold_tokens(
        access="access",
        access_until=now + timedelta(days=7),
        refresh="refresh",
        refresh_until=now + timedelta(days=365),
    )
    row.save()
    return row


def shop(of: Workspace, **fields: Any) -> Shop:
    """A connected shop; its sync cursor is complete as of now unless `cursor=False`."""
    with_cursor = fields.pop("cursor", True)
    values = {
        "authorization": fields.pop("authorization", None) or authorization(of),
        "tiktok_id": f"7{next(_number):017}",
        "cipher": "cipher",
        "name": "Glow Shop",
        "region": "US",
    }
    row = Shop.objects.create(workspace=of, **(values | fields))
    if with_cursor:
        now = timezone.now()
        SyncCursor.objects.create(
            shop=row,
            complete_until=now,
            backfill_from=now - timedelta(days=60),
            backfilled_at=now,
        )
    return row


def order(of: Workspace, **fields: Any) -> Order:
    """A ready order of one unit; the workspace gets a shop when it has none."""
    now = timezone.now()
    number = next(_number)
    values: dict[str, Any] = {
        "shop": fields.pop("shop", None) or Shop.objects.filter(workspace=of).first() or shop(of),
        "tiktok_id": f"5769{number:014}",
        "status": "AWAITING_SHIPMENT",
        "lane": "own",
        "created_at": now - timedelta(hours=2),
        "updated_at": now - timedelta(hours=1),
        "paid_at": now - timedelta(hours=2),
        "due_at": now + timedelta(hours=20),
        "currency": "USD",
        "total": Decimal("24.00"),
        "synced_at": now,
        "stage": "ready",
        "unit_count": 1,
        "sku_count": 1,
        "recipient": {
            "name": "Jo Ortiz",
            "street1": "1 Main St",
            "city": "Austin",
            "state": "TX",
            "postal_code": "78701",
            "country": "US",
        },
        "address_state": "good",
    }
    return Order.objects.create(workspace=of, **(values | fields))


def line(of: Order, **fields: Any) -> Line:
    """One unit of an order."""
    number = next(_number)
    values: dict[str, Any] = {
        "tiktok_id": f"line-{number}",
        "sku_id": "sku-1",
        "product_id": "product-1",
        "seller_sku": "SERUM-30",
        "product_name": "Glow Serum 30 ml",
        "currency": of.currency,
        "sale_price": Decimal("12.00"),
        "original_price": Decimal("12.00"),
    }
    row = Line.objects.create(order=of, **(values | fields))
    of.sku_ids = sorted({*of.sku_ids, row.sku_id})
    of.save(update_fields=["sku_ids"])
    return row


def sku(of: Shop, **fields: Any) -> Sku:
    """A SKU that weighs 200 g."""
    values: dict[str, Any] = {
        "tiktok_id": f"sku-{next(_number)}",
        "product_id": "product-1",
        "seller_sku": "SERUM-30",
        "product_name": "Glow Serum 30 ml",
        "weight_g": 200,
        "measured_by": "product",
        "product_read_at": timezone.now(),
    }
    return Sku.objects.create(shop=of, **(values | fields))


def override(of: Workspace, **fields: Any) -> PolicyOverride:
    """Its own ship-by rule: one business day instead of two."""
    values: dict[str, Any] = {"market": "US", "key": "ship_by.regular", "value": "1"}
    return PolicyOverride.objects.create(workspace=of, **values | fields)


def ship_from(of: Workspace, **fields: Any) -> ShipFrom:
    """The default address parcels start from."""
    values: dict[str, Any] = {
        "label": "Studio",
        "name": "Glow LLC",
        "street1": "417 Montgomery St",
        "city": "San Francisco",
        "state": "CA",
        "postal_code": "94104",
        "country": "US",
        "phone": "4155551234",
        "is_default": True,
    }
    return ShipFrom.objects.create(workspace=of, **(values | fields))


def preset(of: Workspace, **fields: Any) -> ParcelPreset:
    """A box of 6×4×2 inches."""
    values: dict[str, Any] = {
        "name": "Small box",
        "length_mm": 152,
        "width_mm": 102,
        "height_mm": 51,
        "weight_g": 40,
    }
    return ParcelPreset.objects.create(workspace=of, **(values | fields))


def account(of: Workspace, **fields: Any) -> LabelAccount:
    """An active EasyPost account with the sealed key "EZTK-test"."""
    row = LabelAccount(workspace=of, **({"provider": "easypost", "name": "EasyPost"} | fields))
    row.hold_key("EZTK-test")
    row.save()
    return row


def quotes(of: Order, **fields: Any) -> QuoteSet:
    """An empty quote set, good for an hour."""
    values: dict[str, Any] = {
        "expires_at": timezone.now() + timedelta(hours=1),
        "spec": {},
        "spec_hash": "",
        "rates": [],
    }
    return QuoteSet.objects.create(workspace=of.workspace, order=of, **(values | fields))


def label(of: Order, **fields: Any) -> Label:
    """A bought UPS label of $5.00, without its ledger entry."""
    values: dict[str, Any] = {
        "account": fields.pop("account", None) or account(of.workspace),
        "quote_set": fields.pop("quote_set", None) or quotes(of),
        "state": "bought",
        "provider": "easypost",
        "carrier": "ups",
        "service": "Ground",
        "service_name": "UPS Ground",
        "price": Decimal("5.00"),
        "cost": Decimal("5.00"),
        "currency": "USD",
        "spec": {},
        "settled_at": timezone.now(),
        "provider_label_id": f"shp_{next(_number)}",
        "tracking_number": "1Z999AA10123456784",
    }
    return Label.objects.create(workspace=of.workspace, order=of, **(values | fields))


def charge(of: Label, **fields: Any) -> LedgerEntry:
    """What a label cost, in the ledger."""
    values: dict[str, Any] = {
        "kind": "charge",
        "amount": of.cost or of.price,
        "currency": of.currency,
        "provider": of.provider,
        "reference": of.provider_label_id,
    }
    return LedgerEntry.objects.create(workspace=of.workspace, label=of, **(values | fields))


def batch(of: Workspace, orders: list[Order] | None = None) -> Batch:
    """A running batch of labels."""
    ids = [one.pk for one in orders or []]
    return batches.start(of, "labels", ids, user=None, options={})


def print_file(of: Batch, **fields: Any) -> PrintFile:
    """A print file whose bytes were never stored."""
    values: dict[str, Any] = {
        "number": 1,
        "file_key": "missing",
        "label_count": 1,
        "page_count": 1,
    }
    return PrintFile.objects.create(workspace=of.workspace, batch=of, **(values | fields))


def invitation(of: Workspace, **fields: Any) -> Invitation:
    """An open invitation as packer."""
    return Invitation.objects.create(
        workspace=of, **({"email": "new@example.com", "role": Role.PACKER} | fields)
    )


def notification(of: Workspace, **fields: Any) -> Notification:
    """Something told and not yet seen."""
    values = {"cause": f"cause:{next(_number)}", "text": "A shop needs you."}
    return Notification.objects.create(workspace=of, **(values | fields))


def audit_entry(of: Workspace, **fields: Any) -> AuditEntry:
    """One entry, by the system."""
    values = {"action": "label.bought", "subject": "order:1", "summary": "Bought a label"}
    return AuditEntry.objects.create(workspace=of, **(values | fields))


def webhook(event: str, document: dict[str, Any], **fields: Any) -> WebhookEvent:
    """An event as the receiver stored it just now, TikTok's unless `provider` says otherwise."""
    values: dict[str, Any] = {"provider": "tiktok", "dedupe": f"event-{next(_number)}"}
    values |= {"attempts": 1, "body": json.dumps(document).encode()}
    return WebhookEvent.objects.create(event=event, **(values | fields))


def utc(text: str) -> datetime:
    """ "2026-11-23 12:00" as an aware moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
