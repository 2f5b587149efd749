"""Weights and sizes between TikTok's two vocabularies and whole grams and millimetres. Rounded up:
never too little."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

_GRAMS = {
    "KILOGRAM": Decimal(1000),
    "GRAM": Decimal(1),
    "POUND": Decimal("453.59237"),
    "OUNCE": Decimal("28.349523125"),
}
_MILLIMETRES = {
    "CENTIMETER": Decimal(10),
    "CM": Decimal(10),
    "INCH": Decimal("25.4"),
    "MILLIMETER": Decimal(1),
}
_MOST = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Size:
    """Outer size in millimetres."""

    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True)
class ProductMeasure:
    """What one SKU weighs and how large it is when packed alone; None where the seller gave nothing
    usable.

    `weight_from` and `size_from` say who told: "sku", "product", or "" for nobody.
    """

    product_id: str
    sku_id: str
    seller_sku: str
    weight_g: int | None
    size: Size | None
    weight_from: Literal["sku", "product", ""]
    size_from: Literal["sku", "product", ""]


def grams(weight: object) -> int | None:
    """`{value, unit}` in whole grams, None for nothing, zero, or a unit we do not know."""
    if not isinstance(weight, dict):
        return None
    return _whole(weight.get("value"), _GRAMS.get(str(weight.get("unit")).upper()))


def size_of(dimensions: object) -> Size | None:
    """`{length, width, height, unit}` in whole millimetres, None unless all three are there."""
    if not isinstance(dimensions, dict):
        return None
    factor = _MILLIMETRES.get(str(dimensions.get("unit")).upper())
    length, width, height = (
        _whole(dimensions.get(side), factor) for side in ("length", "width", "height")
    )
    if length is None or width is None or height is None:
        return None
    return Size(length, width, height)


def weight_for_shipping(weight_g: int) -> dict[str, str]:
    """The weight object of the fulfillment calls. ValueError for a weight that is not above
    zero."""
    if weight_g <= 0:
        raise ValueError("a parcel weighs more than nothing")
    return {"value": str(weight_g), "unit": "GRAM"}


def dimension_for_shipping(size: Size) -> dict[str, str]:
    """The dimension object of the fulfillment calls, in centimetres with one decimal."""
    if min(size.length_mm, size.width_mm, size.height_mm) <= 0:
        raise ValueError("every side of a parcel is longer than nothing")
    return {
        "length": str(Decimal(size.length_mm) / 10),
        "width": str(Decimal(size.width_mm) / 10),
        "height": str(Decimal(size.height_mm) / 10),
        "unit": "CM",
    }


def product_measures(product: dict[str, Any]) -> list[ProductMeasure]:
    """One measure per SKU of a product detail; a SKU without its own falls back on the product's
    package."""
    weight, size = grams(product.get("package_weight")), size_of(product.get("package_dimensions"))
    measures = []
    for sku in entries(product, "skus"):
        own_weight, own_size = grams(sku.get("sku_weight")), size_of(sku.get("sku_dimensions"))
        measures.append(
            ProductMeasure(
                product_id=str(product.get("id") or ""),
                sku_id=str(sku.get("id") or ""),
                seller_sku=str(sku.get("seller_sku") or ""),
                weight_g=own_weight or weight,
                size=own_size or size,
                weight_from="sku" if own_weight else "product" if weight else "",
                size_from="sku" if own_size else "product" if size else "",
            )
        )
    return measures


def entries(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in the list called `name`; whatever else is there is passed over."""
    found = holder.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _whole(value: object, factor: Decimal | None) -> int | None:
    if factor is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value)) * factor
    except ArithmeticError:  # no number, or one that cannot be multiplied
        return None
    if not amount.is_finite() or not 0 < amount < _MOST:
        return None
    return int(amount.to_integral_value(ROUND_CEILING))
