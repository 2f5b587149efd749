"""Grams and millimetres into what providers want to read, exactly, and back.

Our weights and sizes are whole grams and millimetres, so one of them may be rounding and not
parcel. Going to ounces and
inches that one is taken off and the rest is rounded up: nothing is under-declared by more than a
gram or a millimetre,
and 454 g, which is how 16 oz is kept, is 16.0 oz again and not the next pound.
"""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from core.errors import Rejected
from shipping.providers.base import Parcel

GRAMS_PER_OUNCE = Decimal("28.349523125")
GRAMS_PER_POUND = Decimal("453.59237")
MM_PER_INCH = Decimal("25.4")
_TENTH = Decimal("0.1")

# The heaviest and longest parcel any US parcel carrier takes: 150 lb and 108 in.
MAX_WEIGHT_G = 68_040
MAX_SIDE_MM = 2_744


def ounces(grams: int) -> Decimal:
    """Ounces with one decimal, at least 0.1."""
    return max(_up_to_a_tenth(Decimal(grams - 1) / GRAMS_PER_OUNCE), _TENTH)


def pounds(grams: int) -> Decimal:
    """Pounds with two decimals, rounded up, at least 0.01."""
    exact = Decimal(grams - 1) / GRAMS_PER_POUND
    return max(exact.quantize(Decimal("0.01"), ROUND_CEILING), Decimal("0.01"))


def inches(millimetres: int) -> Decimal:
    """Inches with one decimal, at least 0.1."""
    return max(_up_to_a_tenth(Decimal(millimetres - 1) / MM_PER_INCH), _TENTH)


def centimetres(millimetres: int) -> Decimal:
    """Centimetres with one decimal, exact."""
    return (Decimal(millimetres) / 10).quantize(_TENTH)


def ounces_to_grams(value: Decimal) -> int:
    """Whole grams nearest to `value` ounces."""
    return _whole(value * GRAMS_PER_OUNCE)


def pounds_to_grams(value: Decimal) -> int:
    """Whole grams nearest to `value` pounds."""
    return _whole(value * GRAMS_PER_POUND)


def inches_to_millimetres(value: Decimal) -> int:
    """Whole millimetres nearest to `value` inches."""
    return _whole(value * MM_PER_INCH)


def check_parcel(parcel: Parcel, provider: str) -> None:
    """Raise Rejected, in words for the seller, for a parcel nobody can ship. Called before anything
    is sent."""
    if parcel.weight_g <= 0:
        raise _refused("The parcel has no weight. Enter its weight and try again.", provider)
    if parcel.weight_g > MAX_WEIGHT_G:
        kilograms = (Decimal(parcel.weight_g) / 1000).quantize(_TENTH, ROUND_HALF_UP)
        raise _refused(
            f"{kilograms:,} kg is more than any parcel carrier takes (68 kg, 150 lb). "
            "Check the weight.",
            provider,
        )
    sides = (parcel.length_mm, parcel.width_mm, parcel.height_mm)
    if min(sides) <= 0:
        raise _refused("The parcel has no size. Enter length, width and height.", provider)
    if max(sides) > MAX_SIDE_MM:
        raise _refused(
            "The parcel is longer than any parcel carrier takes (274 cm, 108 in). Check its size.",
            provider,
        )


def _refused(message: str, provider: str) -> Rejected:
    return Rejected(message, provider=provider, code="parcel")


def _up_to_a_tenth(value: Decimal) -> Decimal:
    return value.quantize(_TENTH, ROUND_CEILING)


def _whole(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
