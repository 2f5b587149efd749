"""Shipment specs and rates as JSON, exact both ways: how quote sets and labels keep them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.money import Money
from shipping.providers.base import Address, LabelFormat, Parcel, Rate, ShipmentSpec, Signature


def spec_to_json(spec: ShipmentSpec) -> dict[str, Any]:
    """JSON-ready dict, e.g. for QuoteSet.spec and Label.spec."""
    data = asdict(spec)
    data["label_format"] = spec.label_format.value
    data["tiktok_order_ids"] = list(spec.tiktok_order_ids)
    # Only where they are wanted: most specs read, and hash, as they did before there were any.
    insured, signature = data.pop("insured"), data.pop("signature")
    if insured:
        data["insured"] = {"amount": str(insured["amount"]), "currency": insured["currency"]}
    if signature:
        data["signature"] = signature
    lines, package = data.pop("tiktok_lines"), data.pop("tiktok_package")
    bundles = data.pop("tiktok_bundles")
    if lines:
        data["tiktok_lines"] = list(lines)
    if bundles:
        data["tiktok_bundles"] = [list(pair) for pair in bundles]
    if package:
        data["tiktok_package"] = package
    return data


def spec_from_json(data: Mapping[str, Any]) -> ShipmentSpec:
    """The spec that `spec_to_json` wrote."""
    recipient = data["recipient"]
    return ShipmentSpec(
        sender=Address(**data["sender"]),
        recipient=None if recipient is None else Address(**recipient),
        parcel=Parcel(**data["parcel"]),
        reference=data["reference"],
        label_format=LabelFormat(data["label_format"]),
        tiktok_order_ids=tuple(data["tiktok_order_ids"]),
        insured=Money.of(**data["insured"]) if data.get("insured") else None,
        signature=Signature(data.get("signature", "")),
        tiktok_lines=tuple(data.get("tiktok_lines", ())),
        tiktok_bundles=tuple((line, part) for line, part in data.get("tiktok_bundles", ())),
        tiktok_package=data.get("tiktok_package", ""),
    )


def spec_hash(spec: ShipmentSpec) -> str:
    """64 hex digits, equal for equal specs in every process and release."""
    text = json.dumps(spec_to_json(spec), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def rate_to_json(
    rate: Rate, *, account_id: str, struck: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One entry of QuoteSet.rates; `struck` is the rule that forbids the rate, None where none
    does."""
    return {
        "account": str(account_id),
        "provider": rate.provider,
        "carrier": rate.carrier,
        "service": rate.service,
        "service_name": rate.service_name,
        "price": str(rate.price.amount),
        "currency": rate.price.currency,
        "days": rate.delivery_days,
        "guaranteed": rate.guaranteed,
        "expires_at": rate.expires_at.isoformat() if rate.expires_at else None,
        "ref": dict(rate.provider_ref),
        "struck": None if struck is None else dict(struck),
    }


def rate_from_json(data: Mapping[str, Any]) -> Rate:
    """The rate that `rate_to_json` wrote."""
    expires_at = data["expires_at"]
    return Rate(
        provider=data["provider"],
        carrier=data["carrier"],
        service=data["service"],
        service_name=data["service_name"],
        price=Money.of(data["price"], data["currency"]),
        delivery_days=data["days"],
        guaranteed=data["guaranteed"],
        expires_at=datetime.fromisoformat(expires_at) if expires_at else None,
        provider_ref=dict(data["ref"]),
    )
