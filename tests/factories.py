# Longer than 300 lines: one small function for each kind of row.
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
from orders.models import Cancellation, Clock, CombineGroup, Line, Order, SyncCursor
from shipping.models import (
    CloseOut,
    HandoverPhoto,
    HandoverScan,
    Label,
    LabelAccount,
    LedgerEntry,
    Manifest,
    MoneyBack,
    ParcelPreset,
    Preset,
    PrintFile,
    QuoteSet,
    Rule,
    RuleRun,
    RuleSet,
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


def clock(of: Order, **fields: Any) -> Clock:
    """Its clock: in time, and expected in three hours."""
    values = {"risk": "ok", "predicted_scan_at": timezone.now() + timedelta(hours=3), "basis": 0}
    return Clock.objects.create(order=of, workspace=of.workspace, **(values | fields))


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


def cancellation(of: Order, **fields: Any) -> Cancellation:
    """A buyer's request that waits for an answer, for a day and a half more."""
    now = timezone.now()
    values: dict[str, Any] = {
        "tiktok_id": f"4035{next(_number):015}",
        "kind": "BUYER_CANCEL",
        "status": "pending",
        "word": "CANCELLATION_REQUEST_PENDING",
        "role": "BUYER",
        "reason_text": "No longer needed",
        "asked_at": now - timedelta(hours=12),
        "updated_at": now - timedelta(hours=12),
        "answer_by": now + timedelta(hours=36),
        "answer_by_source": "tiktok",
    }
    return Cancellation.objects.create(workspace=of.workspace, order=of, **(values | fields))


def money_back(of: Label, **fields: Any) -> MoneyBack:
    """Money that was asked back yesterday and is expected in two weeks."""
    now = timezone.now()
    values: dict[str, Any] = {
        "charged": of.money.amount,
        "currency": of.currency,
        "asked_at": now - timedelta(days=1),
        "expected_at": now + timedelta(days=13),
    }
    return MoneyBack.objects.create(workspace=of.workspace, label=of, **(values | fields))


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


def close_out(of: Workspace, **fields: Any) -> CloseOut:
    """An open handover to UPS; the workspace gets a shop when it has none."""
    values: dict[str, Any] = {
        "shop": fields.pop("shop", None) or Shop.objects.filter(workspace=of).first() or shop(of),
        "carrier": "ups",
        "day": timezone.now().date(),
    }
    return CloseOut.objects.create(workspace=of, **(values | fields))


def handover_scan(of: Label, into: CloseOut, **fields: Any) -> HandoverScan:
    """A parcel scanned out just now."""
    row = HandoverScan.objects.create(close_out=into, label=of, **fields)
    Label.objects.filter(pk=of.pk).update(handed_over_at=row.at)
    return row


def handover_photo(of: CloseOut, **fields: Any) -> HandoverPhoto:
    """A picture whose bytes were never stored."""
    values: dict[str, Any] = {"file_key": "missing", "width": 4, "height": 3}
    return HandoverPhoto.objects.create(close_out=of, **(values | fields))


def manifest(of: Workspace, **fields: Any) -> Manifest:
    """A form that was made, without its paper."""
    now = timezone.now()
    values: dict[str, Any] = {
        "account": fields.pop("account", None) or account(of),
        "state": "made",
        "provider": "easypost",
        "carrier": "usps",
        "postal_code": "94104",
        "sender": {"name": "Glow LLC", "street1": "417 Montgomery St", "city": "San Francisco",
                   "state": "CA", "postal_code": "94104", "country": "US"},
        "mailing_date": now.date(),
        "shipped_at": now,
        "label_count": 1,
        "provider_id": f"sf_{next(_number)}",
        "settled_at": now,
    }  # fmt: skip
    return Manifest.objects.create(workspace=of, **(values | fields))


def combine_group(of: Workspace, **fields: Any) -> CombineGroup:
    """Two orders that TikTok would put into one package."""
    values: dict[str, Any] = {
        "shop": Shop.objects.filter(workspace=of).first() or shop(of),
        "tiktok_id": f"1153{next(_number):014}",
        "order_ids": ["1", "2"],
    }
    return CombineGroup.objects.create(workspace=of, **(values | fields))


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
    values |= {"body": json.dumps(document).encode()}
    return WebhookEvent.objects.create(event=event, **(values | fields))


def utc(text: str) -> datetime:
    """ "2026-11-23 12:00" as an aware moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rule(of: Workspace, **fields: Any) -> Rule:
    """A written rule below the others that wants UPS for every order; it is not live."""
    position = Rule.objects.filter(workspace=of).count() + 1
    values: dict[str, Any] = {
        "name": f"Rule of place {position}",
        "position": position,
        "actions": {"service": {"carrier": "ups"}},
    }
    return Rule.objects.create(workspace=of, **(values | fields))


def rule_set(of: Workspace, **fields: Any) -> RuleSet:
    """An empty set of rules that is live, as number 1."""
    return RuleSet.objects.create(workspace=of, **({"number": 1, "rules": []} | fields))


def rule_run(of: Workspace, **fields: Any) -> RuleRun:
    """A dry run of no rules that waits for a worker."""
    return RuleRun.objects.create(workspace=of, **fields)


def deleted_quick(of: Workspace, **fields: Any) -> AuditEntry:
    """The deletion of a preset as the audit trail keeps it."""
    row = quick(of, **fields)
    subject, detail = f"preset:{row.pk}", {"name": row.name, "key": row.key, "actions": row.actions}
    row.delete()
    return AuditEntry.objects.create(
        workspace=of, action="preset.deleted", subject=subject, summary="Deleted", detail=detail
    )


def quick(of: Workspace, **fields: Any) -> Preset:
    """A preset on key 1 that tags."""
    values: dict[str, Any] = {"key": 1, "name": "Fragile", "actions": {"tags": ["fragile"]}}
    return Preset.objects.create(workspace=of, **(values | fields))
