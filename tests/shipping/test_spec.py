"""What is kept as JSON comes back as it was."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from core.money import Money
from shipping.providers.base import Address, LabelFormat, Parcel, Rate, ShipmentSpec
from shipping.spec import rate_from_json, rate_to_json, spec_from_json, spec_hash, spec_to_json

_ADDRESS = Address("Zoë", "1 Main St", "Austin", "TX", "78701", "US", phone="+1 512 555 0100")
_SPEC = ShipmentSpec(_ADDRESS, replace(_ADDRESS, name="山田"), Parcel(454, 200, 150, 40), "5764")
_RATE = Rate(
    provider="easypost",
    carrier="ups",
    service="Ground",
    service_name="UPS Ground",
    price=Money.of("8.41", "USD"),
    delivery_days=4,
    guaranteed=True,
    expires_at=datetime(2026, 11, 24, 8, 30, 15, 250, tzinfo=UTC),
    provider_ref={"shipment_id": "shp_1", "rate_id": "rate_1"},
)


def test_a_spec_survives_the_database() -> None:
    masked = replace(
        _SPEC, recipient=None, tiktok_order_ids=("1", "2"), label_format=LabelFormat.ZPL
    )
    for spec in (_SPEC, masked):
        assert spec_from_json(json.loads(json.dumps(spec_to_json(spec)))) == spec


def test_a_rate_survives_the_database() -> None:
    open_ended = replace(_RATE, expires_at=None, delivery_days=None)
    for rate in (_RATE, open_ended):
        kept = json.loads(json.dumps(rate_to_json(rate, account_id="a")))
        assert rate_from_json(kept) == rate
        assert (kept["account"], kept["struck"]) == ("a", None)


def test_equal_specs_have_equal_hashes_and_others_have_not() -> None:
    assert spec_hash(_SPEC) == spec_hash(spec_from_json(spec_to_json(_SPEC)))
    heavier = replace(_SPEC, parcel=replace(_SPEC.parcel, weight_g=455))
    assert spec_hash(_SPEC) != spec_hash(heavier)
