"""What a parcel can weigh and measure: one rule for what people enter and what products say."""

from collections.abc import Iterable

# Heavier or larger than anything a parcel carrier takes: a slip of the keyboard.
MOST_GRAMS = 70_000
MOST_MM = 2_750


def why_not(weight_g: int, sides: Iterable[int] = ()) -> str:
    """Why a weight in grams and sides in millimetres cannot be, for the person who entered them;
    empty when they can."""
    if not 0 < weight_g <= MOST_GRAMS:
        return (
            f"A weight of {weight_g / 1000:g} kg cannot be right: enter more than nothing and at "
            f"most {MOST_GRAMS // 1000} kg."
        )
    if not all(0 < side <= MOST_MM for side in sides):
        return f"Every side has to be more than nothing and at most {MOST_MM / 1000:g} m."
    return ""
