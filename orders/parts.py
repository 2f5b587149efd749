"""An order that travels in several parcels: which lines are in which, and whose turn it is. Pure.

`Order.parts` holds an entry per parcel, in their order: "lines" (TikTok's ids of the order lines in
it), "package" (TikTok's id of the waiting package, where it has one before it is shipped), "parcel"
(what a person entered: weight_g, length_mm, …), and of its label "label" (a state of below),
"carrier" and "tracking". Numbers begin at 1 and are never given anew while a label stands by them;
0 is an order in one parcel.
"""

import copy
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from orders.models import Order

type Parts = list[dict[str, Any]]

# Of an entry's label: money moved or may move for it …
LABELLED: Final = ("bought", "buying", "unknown")
# … or there is nothing to buy: shipped without us, or none of its lines is wanted any more
ELSEWHERE: Final = "elsewhere"
GONE: Final = "gone"
SOME: Final = "part"  # the order's label_state while some parcels have a label, and others do not
MOST: Final = 20  # parcels of one order


def entry(lines: Iterable[str], *, package: str = "", label: str = "") -> dict[str, Any]:
    """A parcel with these lines in it."""
    return {
        "lines": list(lines),
        "package": package,
        "parcel": {},
        "label": label,
        "carrier": "",
        "tracking": "",
    }


def in_turn(parts: Sequence[Mapping[str, Any]]) -> int:
    """The first parcel without a label; the last one that has one when all do, 0 for one
    parcel."""
    waiting = (number for number, one in enumerate(parts, start=1) if not one["label"])
    bought = [n for n, one in enumerate(parts, start=1) if one["label"] in LABELLED]
    return next(waiting, bought[-1] if bought else len(parts))


def label_state(parts: Sequence[Mapping[str, Any]]) -> str:
    """What the order's own column says of the labels of its parcels."""
    states = {str(one["label"]) for one in parts}
    if "unknown" in states:
        return "unknown"
    if not states & {"bought", "buying"}:
        return ""
    if "" in states:
        return SOME
    return "buying" if "buying" in states else "bought"


def open_parts(order: Order) -> list[int]:
    """Numbers of the parcels that still need a label, that of one whose turn it is first; [0] for
    an order in one parcel."""
    if not order.parts:
        return [0]
    return [number for number, one in enumerate(order.parts, start=1) if not one["label"]]


def later(order: Order) -> list[int]:
    """The same without the parcel whose turn it is."""
    return [number for number in open_parts(order) if number != order.part]


def view(order: Order, number: int) -> Order:
    """The order as if it were that parcel's turn; nothing is written."""
    seen = copy.copy(order)
    seen.part = number
    return seen


def current(order: Order) -> Mapping[str, Any]:
    """The entry of the parcel whose turn it is; {} for an order in one parcel."""
    found: Mapping[str, Any] = order.parts[order.part - 1] if order.parts and order.part else {}
    return found


def lines_of(order: Order) -> frozenset[str] | None:
    """TikTok's ids of the lines in the parcel whose turn it is; None: all of the order's."""
    return frozenset(current(order)["lines"]) if current(order) else None


def own_parcel(order: Order) -> Mapping[str, int]:
    """The parcel that a person entered for what is shipped next; {} where nobody did."""
    found: Mapping[str, int] = current(order).get("parcel", {}) if order.parts else order.parcel
    return found


def number_of(parts: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Parcel by line."""
    return {line: n for n, one in enumerate(parts, start=1) for line in one["lines"]}


def sent_elsewhere(parts: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Lines that travel without a label of ours: nobody here picks or packs them."""
    return frozenset(line for one in parts if one["label"] == ELSEWHERE for line in one["lines"])


def name(part: int, parts: Sequence[Mapping[str, Any]]) -> str:
    """ "parcel 1 of 2", or "" for an order in one parcel."""
    return f"parcel {part} of {len(parts)}" if part and parts else ""


def tally(parts: Sequence[Mapping[str, Any]]) -> str:
    """ "2 parcels"; "1 of 2 bought" while some have labels and others need one."""
    if label_state(parts) != SOME:
        return f"{len(parts)} parcels"
    ours = [one for one in parts if one["label"] not in (ELSEWHERE, GONE)]
    bought = sum(one["label"] in LABELLED for one in ours)
    return f"{bought} of {len(ours)} bought"


def noted(parts: Parts, number: int, label: str, carrier: str, tracking: str) -> Parts:
    """The same with what is known of one parcel's label. IndexError for a parcel that is not
    there."""
    told = {"label": label, "carrier": carrier, "tracking": tracking}
    changed = [dict(one) for one in parts]
    changed[number - 1] |= told if label else {"label": "", "carrier": "", "tracking": ""}
    return changed


def with_parcel(parts: Parts, number: int, parcel: Mapping[str, int]) -> Parts:
    """The same with what a person entered for one parcel."""
    changed = [dict(one) for one in parts]
    changed[number - 1]["parcel"] = dict(parcel)
    return changed


def is_shipped(package_id: str, package_status: str, tracking_number: str) -> bool:
    """Whether TikTok ships a line already, told by us or by somebody else."""
    if not package_id or package_status == "CANCELLED":
        return False
    return bool(tracking_number or package_status not in ("", "TO_FULFILL"))


def tidied(
    parts: Parts, live: Sequence[str], everything: Iterable[str], shipped: Collection[str]
) -> Parts:
    """The parcels after TikTok changed the order's lines: one of which nothing is wanted any more,
    or all is `shipped` by somebody else, needs no label, and lines that are in none get one of
    their own."""
    wanted, known = set(live), set(everything)
    changed = []
    for one in parts:
        if one["label"] in ("", GONE, ELSEWHERE):
            inside = wanted.intersection(one["lines"])
            label = ELSEWHERE if inside and inside <= set(shipped) else ""
            one = one | {"label": GONE if known and not inside else label}
        changed.append(one)
    placed = number_of(parts)
    if loose := [line for line in live if line not in placed]:
        changed.append(entry(loose))
    return changed


def nothing_left(parts: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all of the order was shipped by others, or is wanted no more."""
    return bool(parts) and all(one["label"] in (ELSEWHERE, GONE) for one in parts)
