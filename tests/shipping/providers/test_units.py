from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipping.providers import units


@pytest.mark.parametrize(
    ("grams", "ounces"),
    [
        (1, "0.1"),
        (28, "1.0"),
        (227, "8.0"),
        (341, "12.0"),
        (437, "15.4"),
        (454, "16.0"),
        (455, "16.1"),
        (907, "32.0"),
    ],
)
def test_ounces_are_rounded_up_but_not_into_the_next_pound_by_our_own_rounding(
    grams: int, ounces: str
) -> None:
    assert units.ounces(grams) == Decimal(ounces)


@pytest.mark.parametrize(
    ("millimetres", "inches"), [(1, "0.1"), (102, "4.0"), (203, "8.0"), (204, "8.0"), (255, "10.0")]
)
def test_inches_are_rounded_up_to_a_tenth(millimetres: int, inches: str) -> None:
    assert units.inches(millimetres) == Decimal(inches)


@given(st.integers(min_value=2, max_value=units.MAX_WEIGHT_G))
def test_no_weight_is_under_declared_by_more_than_a_gram(grams: int) -> None:
    assert units.ounces(grams) * units.GRAMS_PER_OUNCE >= grams - 1
    assert units.pounds(grams) * units.GRAMS_PER_POUND >= grams - 1
    assert units.ounces(grams) * units.GRAMS_PER_OUNCE <= grams + 3


@given(st.integers(min_value=1, max_value=2400))
def test_ounces_typed_by_a_seller_come_back_as_typed(tenths: int) -> None:
    typed = Decimal(tenths) / 10
    assert abs(units.ounces(units.ounces_to_grams(typed) or 1) - typed) <= Decimal("0.1")
    whole = Decimal(tenths)
    assert units.ounces(units.ounces_to_grams(whole)) == whole


def test_centimetres_are_exact_and_other_ways_round_to_the_nearest() -> None:
    assert units.centimetres(254) == Decimal("25.4")
    assert units.pounds(454) == Decimal("1.00")
    assert units.pounds_to_grams(Decimal("1")) == 454
    assert units.inches_to_millimetres(Decimal("8")) == 203
