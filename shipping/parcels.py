"""Which box an order travels in and what it weighs, always with where that comes from."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from core.sizes import MOST_GRAMS, MOST_MM
from orders import parts
from orders.box_mates import mates_of
from orders.models import Line, Order
from shipping import wishes
from shipping.models import ParcelPreset
from shipping.providers.base import Parcel
from shops.catalog.models import Sku


@dataclass(frozen=True, slots=True)
class ParcelChoice:
    """A parcel and its source in words, or what is missing to know it."""

    parcel: Parcel | None
    source: str
    missing_skus: tuple[Sku, ...] = ()
    problem: str = ""
    with_orders: tuple[str, ...] = ()  # TikTok's numbers of the other orders in this box


@dataclass(frozen=True, slots=True)
class Box:
    """A preset as plain values: outer size, own weight, and how many units fit (None: any
    number)."""

    name: str
    length_mm: int
    width_mm: int
    height_mm: int
    weight_g: int
    most_units: int | None
    pk: int = 0  # of the preset


def parcel_for(
    own: Mapping[str, int], units: Mapping[str, int], skus: Mapping[str, Sku], boxes: list[Box]
) -> ParcelChoice:
    """The parcel of an order: a person's own for this order, else its SKUs' weights in the smallest
    box that fits.

    `own` is the order's parcel as a person entered it, `units` counts units by SKU id, `boxes` come
    smallest first.
    """
    if own:
        parcel = Parcel(own["weight_g"], own["length_mm"], own["width_mm"], own["height_mm"])
        return _checked(parcel, "entered for this order")
    missing = tuple(
        skus[sku_id] for sku_id in units if sku_id in skus and not skus[sku_id].weight_g
    )
    if missing or any(sku_id not in skus for sku_id in units) or not units:
        return ParcelChoice(None, "", missing, "The weight of an item is not known.")
    weight = sum(n * (skus[sku_id].weight_g or 0) for sku_id, n in units.items())
    count = sum(units.values())
    size = _single_size(units, skus)
    if size and not boxes:
        return _checked(Parcel(weight, *size), "from the product")
    box = next((b for b in boxes if b.most_units is None or b.most_units >= count), None)
    if box is None:
        if not boxes:
            return ParcelChoice(None, "", (), "No parcel is set up yet.")
        box = boxes[-1]
    parcel = Parcel(weight + box.weight_g, box.length_mm, box.width_mm, box.height_mm)
    return _checked(parcel, f"{box.name}, {_weight_source(units, skus)}")


def _single_size(units: Mapping[str, int], skus: Mapping[str, Sku]) -> tuple[int, int, int] | None:
    """The product's own size where the order is one unit and the size is known."""
    if sum(units.values()) != 1:
        return None
    sku = skus[next(iter(units))]
    if not (sku.length_mm and sku.width_mm and sku.height_mm):
        return None
    return sku.length_mm, sku.width_mm, sku.height_mm


def _weight_source(units: Mapping[str, int], skus: Mapping[str, Sku]) -> str:
    sources = {skus[sku_id].measured_by for sku_id in units}
    if sources == {"product"}:
        return "weight from the product"
    return "weight entered for the SKU" if "person" in sources else "weight learned"


def _checked(parcel: Parcel, source: str) -> ParcelChoice:
    longest = max(parcel.length_mm, parcel.width_mm, parcel.height_mm)
    if not 0 < parcel.weight_g <= MOST_GRAMS:
        return ParcelChoice(
            None, source, (), f"A weight of {parcel.weight_g / 1000:g} kg cannot be right."
        )
    if not 0 < longest <= MOST_MM or min(parcel.length_mm, parcel.width_mm, parcel.height_mm) < 1:
        return ParcelChoice(None, source, (), f"A parcel of {longest / 10:g} cm cannot be right.")
    return ParcelChoice(parcel, source)


def boxes_of(workspace_id: int) -> list[Box]:
    """The workspace's presets, smallest number of units first, ones for any number last; the
    default leads its size."""
    rows = ParcelPreset.objects.filter(workspace_id=workspace_id)
    ordered = sorted(
        rows,
        key=lambda b: (
            b.most_units or 10**9,
            not b.is_default,
            b.length_mm * b.width_mm * b.height_mm,
        ),
    )
    return [box_of(row) for row in ordered]


def box_of(row: ParcelPreset) -> Box:
    """A preset as plain values."""
    sides = (row.length_mm, row.width_mm, row.height_mm)
    return Box(row.name, *sides, row.weight_g, row.most_units, row.pk)


def parcels_for(orders: Iterable[Order], *, box: Box | None = None) -> dict[int, ParcelChoice]:
    """The parcel of each order, by its pk, with whatever else travels in it; four queries however
    many orders there are.

    `box`: as if all of them travelled in it, whatever was entered or would fit.
    """
    chosen = list(orders)
    mates = mates_of(order.pk for order in chosen)
    units = _units(chosen, mates)
    wanted = {sku_id for counts in units.values() for sku_id in counts}
    shops = {order.shop_id for order in chosen}
    skus = {
        (sku.shop_id, sku.tiktok_id): sku
        for sku in Sku.objects.filter(shop__in=shops, tiktok_id__in=wanted)
    }
    boxes = {workspace: boxes_of(workspace) for workspace in {o.workspace_id for o in chosen}}
    found = {
        order.pk: _choose(
            order,
            units.get(order.pk, Counter()),
            {
                s: skus[order.shop_id, s]
                for s in units.get(order.pk, ())
                if (order.shop_id, s) in skus
            },
            [box] if box else boxes[order.workspace_id],
            own={} if box else parts.own_parcel(order),
            ruled=box is None and order.pk not in mates and not order.parts,
        )
        for order in chosen
    }
    for pk, others in mates.items():
        found[pk] = replace(found[pk], with_orders=tuple(one.tiktok_id for one in others))
    return found


def _choose(
    order: Order,
    units: Mapping[str, int],
    skus: Mapping[str, Sku],
    boxes: list[Box],
    *,
    own: Mapping[str, int],
    ruled: bool,
) -> ParcelChoice:
    """The order's parcel: a person's own first, then (where it is `ruled`) what a rule says, then
    what fits."""
    wanted, by = wishes.ruled_parcel(order) if ruled and not own else ({}, "")
    box = [one for one in boxes if wanted and one.pk == wanted.get("box")]
    if not wanted or ("box" in wanted and not box):  # no rule, or its box is gone
        return parcel_for(own, units, skus, boxes)
    choice = parcel_for({} if box else wanted, units, skus, box or boxes)
    return replace(choice, source=f"{choice.source}, by {by}" if box else f"by {by}")


def _units(chosen: list[Order], mates: Mapping[int, list[Order]]) -> dict[int, Counter[str]]:
    """How many units of each SKU are in each order's box, by the order's pk; of an order in several
    parcels, in the one whose turn it is."""
    inside = {order.pk: parts.lines_of(order) for order in chosen if order.parts}
    lead_of = {mate.pk: pk for pk, others in mates.items() for mate in others}
    rows = (
        Line.objects.filter(order__in=[*(order.pk for order in chosen), *lead_of])
        .exclude(status="CANCELLED")
        .order_by("order_id")
        .values_list("order_id", "sku_id", "tiktok_id")
    )
    units: dict[int, Counter[str]] = {}
    for order_id, group in groupby(rows, key=lambda row: row[0]):
        lines = inside.get(order_id)
        counts = Counter(sku for _, sku, line in group if lines is None or line in lines)
        units.setdefault(lead_of.get(order_id, order_id), Counter()).update(counts)
    return units
