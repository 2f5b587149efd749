"""What a scan at the packing bench does to the order that lies on it. Pure: values in, values out.

The machine knows the order's items and what was verified of each. It is told what a code is known
to be, and answers what happened, in words, and what changes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

MOST_UNITS = 999


class Does(StrEnum):
    """What came of a scan."""

    OPENED = "opened"
    VERIFIED = "verified"
    COMPLETE = "complete"  # verified, and it was the last unit
    UNDONE = "undone"
    SKIPPED = "skipped"
    REPRINT = "reprint"
    ASKED = "asked"  # nobody knows the code: which item is it?
    SAID = "said"  # words, and nothing changed
    WRONG = "wrong"  # refused loudly: this does not go into the parcel
    REFUSED = "refused"  # refused loudly: there is nothing to pack, or not now


LOUD = frozenset({Does.WRONG, Does.REFUSED})


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one SKU in the order. `codes` are all the codes it may carry, as `plain` has them."""

    key: str
    name: str
    needed: int
    codes: frozenset[str]
    verified: int = 0
    sku: int | None = None  # the row it is known by here, for its picture
    seller_sku: str = ""
    parcels: tuple[int, ...] = ()  # of an order in several: where each unit goes, one by one

    @property
    def missing(self) -> int:
        """Units still to be scanned."""
        return self.needed - self.verified

    @property
    def into(self) -> str:
        """ "parcel 2", or "1 in parcel 1, 2 in parcel 2"; "" for an order in one parcel."""
        counted = Counter(self.parcels)
        if len(counted) == 1:
            return f"parcel {self.parcels[0]}"
        return ", ".join(f"{units} in parcel {number}" for number, units in counted.items())

    def placed(self, unit: int) -> str:
        """Where the unit goes, as the end of a sentence: " Into parcel 2."; counted from 1."""
        return f" Into parcel {self.parcels[unit - 1]}." if 0 < unit <= len(self.parcels) else ""


@dataclass(frozen=True, slots=True)
class State:
    """What lies on the bench. `order` is "" for nothing; `asked` is a code that waits for its item;
    `last` is the key of the item verified last."""

    order: str = ""
    items: tuple[Item, ...] = ()
    asked: str = ""
    last: str = ""
    is_packed: bool = False

    @property
    def needed(self) -> int:
        """Units of the whole order."""
        return sum(item.needed for item in self.items)

    @property
    def verified(self) -> int:
        """Units of the whole order that were scanned."""
        return sum(item.verified for item in self.items)

    @property
    def is_open(self) -> bool:
        """Whether an order lies there that is not packed yet."""
        return bool(self.order) and not self.is_packed


@dataclass(frozen=True, slots=True)
class Known:
    """What a code is outside the order on the bench: an order, a label or a tote of it (`order` is
    its number, `parcel` which of its parcels the label is for), or a SKU by name; all empty for a
    code that nobody knows."""

    order: str = ""
    sku: str = ""
    parcel: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What happened. `item` and `quantity` say what is verified by it (less than 0: taken back);
    `open` names the order to be put on the bench; `teaches` a code that is that item's from now
    on."""

    does: Does
    words: str
    item: str = ""
    quantity: int = 0
    open: str = ""
    teaches: str = ""
    reason: str = ""


def plain(code: str) -> str:
    """The code as it is compared: no blanks around, capitals, and a UPC equal to its EAN."""
    text = code.strip().upper()
    if text.isascii() and text.isdigit() and 11 <= len(text) <= 14:
        return text.lstrip("0")
    return text


def item_of(state: State, code: str) -> Item | None:
    """The item that carries the code: of several, one that is not complete."""
    found = [item for item in state.items if plain(code) in item.codes]
    return next((item for item in found if item.missing > 0), found[0] if found else None)


def is_command(code: str) -> bool:
    """Whether a person gives an order to the bench instead of scanning a thing."""
    return code.strip()[:1] in ("/", "*")


def command(state: State, code: str) -> Step:
    """`/undo`, `/skip WHY`, `/print`, `/no`, `*12`."""
    word, _, rest = code.strip().partition(" ")
    if word.startswith("*"):
        return _amount(state, word[1:])
    word = word.lower()
    if word == "/undo":
        return _undo(state)
    if word == "/skip":
        return _skip(state, rest.strip())
    if word == "/print":
        words = "The label prints again." if state.is_packed else ""
        return Step(Does.REPRINT, words) if words else _nothing("Nothing is packed yet.")
    if word == "/no":
        return Step(Does.SAID, "Forgotten. Scan the next unit.")
    return _nothing(f"“{word}” is no command of the bench.")


def step(state: State, code: str, known: Known | None = None) -> Step:
    """What a scanned code does. `known` may be None while an item of the open order carries it, as
    then nobody has to look further."""
    if is_command(code):
        return command(state, code)
    if state.asked and (choice := _choice(state, code)) is not None:
        return choice
    item = item_of(state, code) if state.is_open else None
    if item is not None:
        return _verify(state, item, 1)
    known = known or Known()
    if known.order:
        return _other_order(state, known)
    if not state.is_open:
        words = f"No order that waits to be packed holds {known.sku}." if known.sku else ""
        return Step(Does.REFUSED, words or f"Nothing here is known by “{code.strip()}”.")
    if known.sku:
        return Step(Does.WRONG, f"Wrong item: {known.sku} is not in this order.")
    return Step(Does.ASKED, "Nobody knows this code. Which item is it?")


def applied(state: State, done: Step) -> State:
    """The state after units were verified or taken back by `done`."""
    items = tuple(
        replace(item, verified=item.verified + done.quantity) if item.key == done.item else item
        for item in state.items
    )
    after = replace(state, items=items, asked="", last=done.item or state.last)
    return replace(after, is_packed=bool(state.order) and after.verified >= after.needed)


def _verify(state: State, item: Item, quantity: int, *, teaches: str = "") -> Step:
    if item.missing <= 0:
        words = f"One too many: all {item.needed} of {item.name} are verified already."
        return Step(Does.WRONG, words if item.needed > 1 else f"One too many: {item.name}.")
    left = state.needed - state.verified - quantity
    count = item.verified + quantity
    words = f"{item.name}: {count} of {item.needed}.{item.placed(count)}"
    does = Does.VERIFIED if left else Does.COMPLETE
    return Step(does, words, item=item.key, quantity=quantity, teaches=teaches)


def _amount(state: State, text: str) -> Step:
    """So many of the item scanned last, in all: one of them was in somebody's hand."""
    item = next((item for item in state.items if item.key == state.last), None)
    if not state.is_open or item is None:
        return _nothing("Scan one of the units first, then enter how many there are.")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= wanted <= MOST_UNITS:
        return _nothing("Enter how many there are after the star, as in *12.")
    if wanted > item.needed:
        return Step(Does.WRONG, f"Only {item.needed} of {item.name} belong in this order.")
    if wanted == item.verified:
        return Step(Does.SAID, f"{item.name}: {wanted} of {item.needed} already.")
    quantity = wanted - item.verified
    left = state.needed - state.verified - quantity
    words = f"{item.name}: {wanted} of {item.needed}.{_spread(item)}"
    return Step(Does.VERIFIED if left else Does.COMPLETE, words, item=item.key, quantity=quantity)


def _choice(state: State, code: str) -> Step | None:
    """Which item the unknown code is, by its number on the screen; None for anything else."""
    text = code.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 2):
        return None
    open_items = choices(state)
    number = int(text)
    if number == 0:
        return Step(Does.SAID, "Forgotten. Scan the next unit.")
    if number > len(open_items):
        return _nothing(f"There is no item {number}.")
    return _verify(state, open_items[number - 1], 1, teaches=state.asked)


def choices(state: State) -> Sequence[Item]:
    """The items an unknown code may be, in the order they are numbered."""
    return [item for item in state.items if item.missing > 0]


def _undo(state: State) -> Step:
    if not state.order:
        return _nothing("There is nothing to undo.")
    return Step(Does.UNDONE, "The last scan is taken back.")


def _skip(state: State, why: str) -> Step:
    if not state.is_open:
        return _nothing("There is no order to skip.")
    if not why:
        return _nothing("Say why: /skip and the reason.")
    return Step(Does.SKIPPED, f"Skipped: {why}", reason=why[:200])


def _spread(item: Item) -> str:
    return f" Into: {item.into}." if item.parcels else ""


def _other_order(state: State, known: Known) -> Step:
    number, label = known.order, f"Label of {known.parcel}. " if known.parcel else ""
    if state.is_open and number == state.order:
        return Step(Does.SAID, f"{label}This order is on the bench already.")
    if state.is_open and state.verified:
        words = f"The order on the bench is not finished: {state.verified} of {state.needed}."
        return Step(Does.REFUSED, f"{words} Finish it, or skip it with a reason.")
    return Step(Does.OPENED, f"{label}Scan each unit.", open=number)


def _nothing(words: str) -> Step:
    return Step(Does.REFUSED, words)
