import pytest

from shops.tiktok_shop.measures import (
    Size,
    dimension_for_shipping,
    grams,
    product_measures,
    size_of,
    weight_for_shipping,
)


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        ({"value": "1.32", "unit": "KILOGRAM"}, 1320),
        ({"value": "1", "unit": "POUND"}, 454),
        ({"value": "0.0001", "unit": "KILOGRAM"}, 1),
        ({"value": "8", "unit": "OUNCE"}, 227),
        ({"value": 250, "unit": "gram"}, 250),
        ({"value": 0.1, "unit": "KILOGRAM"}, 100),
        ({"value": "10000", "unit": "KILOGRAM"}, 10_000_000),
        ({"value": "0", "unit": "KILOGRAM"}, None),
        ({"value": "-1", "unit": "KILOGRAM"}, None),
        ({"value": "", "unit": "KILOGRAM"}, None),
        ({"value": "NaN", "unit": "KILOGRAM"}, None),
        ({"value": "Infinity", "unit": "KILOGRAM"}, None),
        ({"value": "1e40", "unit": "KILOGRAM"}, None),
        ({"value": True, "unit": "KILOGRAM"}, None),
        ({"value": "1", "unit": "STONE"}, None),
        ({"value": "1"}, None),
        ({}, None),
        (None, None),
        ("1 kg", None),
    ],
)
def test_a_weight_is_whole_grams_rounded_up_or_not_known(
    weight: object, expected: int | None
) -> None:
    assert grams(weight) == expected


@pytest.mark.parametrize(
    ("dimensions", "expected"),
    [
        (
            {"length": "10.00", "width": "10.01", "height": "2", "unit": "CENTIMETER"},
            Size(100, 101, 20),
        ),
        ({"length": "10", "width": "6", "height": "1.5", "unit": "INCH"}, Size(254, 153, 39)),
        ({"length": "10", "width": "6", "unit": "INCH"}, None),
        ({"length": "10", "width": "0", "height": "1", "unit": "INCH"}, None),
        ({"length": "10", "width": "6", "height": "1", "unit": "FEET"}, None),
        (None, None),
    ],
)
def test_a_size_is_whole_millimetres_rounded_up_or_not_known(
    dimensions: object, expected: Size | None
) -> None:
    assert size_of(dimensions) == expected


def test_a_sku_weighs_what_it_says_else_what_its_product_says() -> None:
    product = {
        "id": "17",
        "package_weight": {"value": "2", "unit": "KILOGRAM"},
        "package_dimensions": {"length": "10", "width": "10", "height": "10", "unit": "CENTIMETER"},
        "skus": [
            {
                "id": "1",
                "seller_sku": "S",
                "sku_weight": {"value": "0.5", "unit": "POUND"},
                "sku_dimensions": {"length": "3", "width": "2", "height": "1", "unit": "INCH"},
            },
            {"id": "2", "sku_weight": {"value": "0", "unit": "POUND"}},
        ],
    }
    own, fallen_back = product_measures(product)
    assert (own.weight_g, own.weight_from) == (227, "sku")
    assert (own.size, own.size_from) == (Size(77, 51, 26), "sku")
    assert (own.product_id, own.seller_sku) == ("17", "S")
    assert (fallen_back.weight_g, fallen_back.weight_from) == (2000, "product")
    assert (fallen_back.size, fallen_back.size_from) == (Size(100, 100, 100), "product")


def test_a_product_that_says_nothing_leaves_everything_unknown() -> None:
    (measure,) = product_measures({"id": "17", "skus": [{"id": "1"}]})
    assert (measure.weight_g, measure.size) == (None, None)
    assert (measure.weight_from, measure.size_from) == ("", "")
    assert product_measures({"id": "17", "skus": None}) == []


def test_what_we_send_is_grams_and_centimetres_as_text() -> None:
    assert weight_for_shipping(1320) == {"value": "1320", "unit": "GRAM"}
    assert dimension_for_shipping(Size(254, 152, 9)) == {
        "length": "25.4",
        "width": "15.2",
        "height": "0.9",
        "unit": "CM",
    }


def test_what_we_send_is_read_back_the_same() -> None:
    assert grams(weight_for_shipping(454)) == 454
    assert size_of(dimension_for_shipping(Size(254, 152, 9))) == Size(254, 152, 9)
