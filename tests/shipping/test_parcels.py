"""The parcel of an order, and the words that say where it comes from."""

import pytest

from shipping.parcels import Box, ParcelChoice, parcel_for
from shipping.providers.base import Parcel
from shops.catalog.models import Sku

SMALL = Box("Mailer S", 203, 152, 25, 20, 1)
LARGE = Box("Box L", 305, 254, 152, 180, None)


def sku(
    sku_id: str,
    weight_g: int | None,
    *,
    by: str = "product",
    size: tuple[int, int, int] | None = None,
) -> Sku:
    length, width, height = size or (None, None, None)
    return Sku(
        tiktok_id=sku_id,
        seller_sku=sku_id.upper(),
        weight_g=weight_g,
        measured_by=by,
        length_mm=length,
        width_mm=width,
        height_mm=height,
    )


def choice(
    units: dict[str, int],
    *skus: Sku,
    boxes: list[Box] | None = None,
    own: dict[str, int] | None = None,
) -> ParcelChoice:
    known = {one.tiktok_id: one for one in skus}
    return parcel_for(own or {}, units, known, [SMALL, LARGE] if boxes is None else boxes)


def test_one_unit_goes_into_the_smallest_box_that_takes_it_and_the_box_is_weighed_too() -> None:
    found = choice({"serum": 1}, sku("serum", 120))
    assert found.parcel == Parcel(140, 203, 152, 25)
    assert found.source == "Mailer S, weight from the product"


def test_more_units_than_the_small_box_takes_go_into_the_next() -> None:
    found = choice({"serum": 2}, sku("serum", 120))
    assert found.parcel == Parcel(2 * 120 + 180, 305, 254, 152)


def test_more_units_than_any_box_takes_go_into_the_largest() -> None:
    full = Box("Box M", 200, 200, 200, 50, 4)
    found = choice({"serum": 9}, sku("serum", 100), boxes=[SMALL, full])
    assert found.parcel == Parcel(950, 200, 200, 200)


def test_a_parcel_entered_for_the_order_wins_over_everything() -> None:
    own = {"weight_g": 500, "length_mm": 300, "width_mm": 200, "height_mm": 100}
    found = choice({"serum": 1}, sku("serum", 120), own=own)
    assert found.parcel == Parcel(500, 300, 200, 100)
    assert found.source == "entered for this order"


def test_without_boxes_a_single_unit_travels_in_its_own_size() -> None:
    found = choice({"mirror": 1}, sku("mirror", 510, size=(260, 200, 60)), boxes=[])
    assert found.parcel == Parcel(510, 260, 200, 60)
    assert found.source == "from the product"


def test_without_boxes_and_size_there_is_no_parcel_and_a_sentence_says_so() -> None:
    found = choice({"serum": 1}, sku("serum", 120), boxes=[])
    assert found.parcel is None
    assert found.problem == "No parcel is set up yet."


@pytest.mark.parametrize("weight", [None, 0])
def test_an_unknown_weight_names_the_sku(weight: int | None) -> None:
    unknown = sku("serum", weight, by="")
    found = choice({"serum": 1, "mirror": 1}, unknown, sku("mirror", 500))
    assert found.parcel is None
    assert found.missing_skus == (unknown,)
    assert found.problem == "The weight of an item is not known."


def test_an_item_that_no_sku_is_known_of_has_no_weight() -> None:
    assert choice({"ghost": 1}).problem == "The weight of an item is not known."


def test_an_order_without_units_has_no_parcel() -> None:
    assert choice({}).parcel is None


@pytest.mark.parametrize(
    ("by", "words"),
    [
        (("product", "product"), "Box L, weight from the product"),
        (("product", "person"), "Box L, weight entered for the SKU"),
        (("product", "learned"), "Box L, weight learned"),
    ],
)
def test_the_least_certain_source_is_told(by: tuple[str, str], words: str) -> None:
    first, second = by
    found = choice({"a": 1, "b": 1}, sku("a", 10, by=first), sku("b", 10, by=second))
    assert found.source == words


@pytest.mark.parametrize(
    ("weight", "fine"), [(1, True), (70_000 - 20, True), (70_000 - 19, False), (10_000_000, False)]
)
def test_a_weight_no_carrier_takes_is_a_slip_of_the_keyboard(weight: int, fine: bool) -> None:
    found = choice({"serum": 1}, sku("serum", weight))
    assert (found.parcel is not None) == fine
    assert fine or "cannot be right" in found.problem


@pytest.mark.parametrize(
    "size", [(2_751, 10, 10), (10, 0, 10)], ids=["longer than a car", "flat as nothing"]
)
def test_a_size_that_cannot_be_is_a_sentence(size: tuple[int, int, int]) -> None:
    own = dict(zip(("length_mm", "width_mm", "height_mm"), size, strict=True)) | {"weight_g": 100}
    found = choice({"serum": 1}, sku("serum", 120), own=own)
    assert found.parcel is None
    assert found.problem.endswith("cannot be right.")


def test_ten_thousand_kilograms_are_told_in_kilograms() -> None:
    own = {"weight_g": 10_000_000, "length_mm": 10, "width_mm": 10, "height_mm": 10}
    assert choice({}, own=own).problem == "A weight of 10000 kg cannot be right."
