"""What cannot be a parcel is refused in words, at the edge exactly."""

import pytest

from core.sizes import MOST_GRAMS, MOST_MM, why_not


@pytest.mark.parametrize(("grams", "sides"), [(1, ()), (MOST_GRAMS, (1, MOST_MM, 20))])
def test_what_a_carrier_takes_has_no_objection(grams: int, sides: tuple[int, ...]) -> None:
    assert why_not(grams, sides) == ""


@pytest.mark.parametrize(
    ("grams", "sides", "words"),
    [
        (0, (), "A weight of 0 kg cannot be right"),
        (MOST_GRAMS + 1, (), "at most 70 kg"),
        (500, (200, 0, 10), "more than nothing"),
        (500, (200, MOST_MM + 1, 10), "at most 2.75 m"),
    ],
)
def test_a_slip_of_the_keyboard_is_named(grams: int, sides: tuple[int, ...], words: str) -> None:
    assert words in why_not(grams, sides)
