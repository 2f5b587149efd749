"""What is kept as JSON comes back as it was."""

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.money import Money
from shipping.providers.base import Address, LabelFormat, Parcel, Rate, ShipmentSpec, Signature
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


_HASH_OF_OLD = "2bf9cd9648ae5ac7db44efdda450d723bde67c3d805bd55b785c642c0c42488b"
_TEXT = st.text(max_size=12)
_WHEREABOUTS = st.builds(Address, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, _TEXT, phone=_TEXT)
_SIDES = st.integers(1, 10_000)
_SPECS = st.builds(
    ShipmentSpec,
    sender=_WHEREABOUTS,
    recipient=st.none() | _WHEREABOUTS,
    parcel=st.builds(Parcel, _SIDES, _SIDES, _SIDES, _SIDES),
    reference=_TEXT,
    label_format=st.sampled_from(LabelFormat),
    tiktok_order_ids=st.lists(_TEXT, max_size=3).map(tuple),
    insured=st.none() | st.just(Money.of("250.00", "USD")),
    signature=st.sampled_from(Signature),
    tiktok_lines=st.lists(_TEXT, max_size=3).map(tuple),
    tiktok_package=_TEXT,
)


@given(_SPECS, _SPECS)
def test_every_spec_comes_back_and_only_equal_ones_hash_alike(
    one: ShipmentSpec, other: ShipmentSpec
) -> None:
    assert spec_from_json(json.loads(json.dumps(spec_to_json(one)))) == one
    assert (spec_hash(one) == spec_hash(other)) == (one == other)


def test_a_part_is_written_only_where_it_is_one_so_that_other_specs_hash_as_before() -> None:
    plain = spec_to_json(_SPEC)
    assert not {"tiktok_lines", "tiktok_package"} & plain.keys()
    assert spec_hash(_SPEC) == _HASH_OF_OLD
    part = replace(_SPEC, tiktok_lines=("71", "72"), tiktok_package="1153")
    kept = spec_to_json(part)
    assert (kept["tiktok_lines"], kept["tiktok_package"]) == (["71", "72"], "1153")
    assert len({spec_hash(one) for one in (_SPEC, part, replace(part, tiktok_package=""))}) == 3


def test_equal_specs_have_equal_hashes_and_others_have_not() -> None:
    assert spec_hash(_SPEC) == spec_hash(spec_from_json(spec_to_json(_SPEC)))
    heavier = replace(_SPEC, parcel=replace(_SPEC.parcel, weight_g=455))
    assert spec_hash(_SPEC) != spec_hash(heavier)
