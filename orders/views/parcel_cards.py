"""What the order's page shows of an order in several parcels, and the choices of its dialog."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.carriers import carrier_name
from core.templatetags import ui
from orders import parts, splitting
from orders.models import Line, Order, Package, Stage
from orders.units import Group, group_lines

# Of an entry's label: words, colour, icon
STATES: dict[str, tuple[str, str, str]] = {
    "": ("no label yet", "grey", ""),
    "buying": ("being bought", "blue", "loader-2"),
    "bought": ("label bought", "green", "circle-check"),
    "unknown": ("outcome unknown", "red", "help"),
    parts.ELSEWHERE: ("shipped elsewhere", "grey", "truck"),
    parts.GONE: ("nothing left in it", "grey", "minus"),
}
TELLS = {
    "own": "TikTok is told each parcel's tracking number with the items in it. It takes all units "
    "of a product in one parcel only.",
    "platform": "TikTok sells a label of its own for each parcel, with the items in it.",
}
TELLS_PACKAGES = (
    "TikTok splits the order into packages as soon as you confirm, and has no call that puts them "
    "together again."
)
_NOT_BOUGHT = (Stage.READY, Stage.FIX, Stage.HOLD)


@dataclass(frozen=True, slots=True)
class Row:
    """What one choice is about: a unit, or all units of a SKU where they stay together."""

    lines: str  # TikTok's ids of the order lines, by commas
    first: Line
    units: int
    number: int  # of the parcel that is chosen


@dataclass(frozen=True, slots=True)
class Card:
    """One parcel of the order as it is now."""

    number: int
    groups: list[Group]
    size: str  # as a person entered it; "" where it is computed
    words: str
    tone: str
    icon: str
    carrier: str
    tracking: str
    is_open: bool  # its label is still to be bought


def parcels_context(
    order: Order,
    lines: Sequence[Line],
    packages: Iterable[Package],
    *,
    chosen: Mapping[str, int] | None = None,
) -> dict[str, Any]:
    """Cards, choices and what may be done; `chosen` is the parcel by line as somebody just chose
    it."""
    live = [line for line in lines if line.status != "CANCELLED"]
    rows = _rows(order, live, chosen or parts.number_of(order.parts))
    waits = order.stage in _NOT_BOUGHT and order.lane in TELLS
    against = splitting.why_not(order) if waits and len(rows) > 1 else ""
    apart = waits and splitting.by_package(order)
    fixed = apart and any(one["package"] for one in order.parts)
    may = waits and not against
    shipped = any(splitting.is_shipped(line) for line in live)
    kept = splitting.why_not_together(order) if order.parts else ""
    return {
        "parcels_tally": parts.tally(order.parts) if order.parts else "",
        "parcel_cards": _cards(order, live),
        "parcel_rows": rows if may and len(rows) > 1 and not shipped and not fixed else [],
        "parcel_numbers": range(1, min(len(rows), parts.MOST) + 1),
        "parcels_against": against,
        "parcels_tell": TELLS_PACKAGES if apart else TELLS.get(order.lane, ""),
        # Also where TikTok showed it split when it was read last: pressing it reads again.
        "may_undo": bool(order.parts) and may and (not kept or (fixed and not shipped)),
        "undo_against": kept if waits and fixed else "",
        "adoptable": _adoptable(order, packages) if may and apart else 0,
    }


def _rows(order: Order, live: Sequence[Line], chosen: Mapping[str, int]) -> list[Row]:
    """By SKU with labels of our own, by unit with TikTok's; in the order pick lists use."""
    together: dict[str, list[Line]] = {}
    for line in live:
        together.setdefault(line.sku_id if order.lane == "own" else line.tiktok_id, []).append(line)
    found = sorted(together.values(), key=lambda some: some[0].seller_sku.lower())
    if not chosen and len(found) == 2:  # there is one way only
        chosen = {line.tiktok_id: number for number, some in enumerate(found, 1) for line in some}
    return [
        Row(
            lines=",".join(line.tiktok_id for line in some),
            first=some[0],
            units=len(some),
            number=min(chosen.get(some[0].tiktok_id, 1), len(found)),
        )
        for some in found
    ]


def _cards(order: Order, live: Sequence[Line]) -> list[Card]:
    open_numbers = parts.open_parts(order)
    cards = []
    for number, one in enumerate(order.parts, start=1):
        words, tone, icon = STATES.get(one["label"], (one["label"], "grey", ""))
        inside = [line for line in live if line.tiktok_id in one["lines"]]
        cards.append(
            Card(
                number=number,
                groups=group_lines(inside),
                size=_size(one["parcel"]),
                words=words,
                tone=tone,
                icon=icon,
                carrier=carrier_name(one["carrier"]) if one["carrier"] else "",
                tracking=one["tracking"],
                is_open=number in open_numbers,
            )
        )
    return cards


def _size(parcel: Mapping[str, int]) -> str:
    return f"{ui.weight(parcel['weight_g'])} · {ui.size(parcel)}" if parcel else ""


def _adoptable(order: Order, packages: Iterable[Package]) -> int:
    """How many packages TikTok lets the order wait in, where these are not its parcels already."""
    waiting = {row.tiktok_id for row in packages if row.status == "TO_FULFILL"}
    known = {one["package"] for one in order.parts if one["label"] != parts.ELSEWHERE}
    return len(waiting) if len(waiting) > 1 and waiting != known else 0
