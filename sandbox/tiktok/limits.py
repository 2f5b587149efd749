"""How much may travel in one package: the settings `most_items` (of any kind, 0: no limit) and
`most_of_category` (by the category's name)."""

from collections import Counter
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from sandbox.tiktok.store import Store

Json = dict[str, Any]


def category_id(name: str) -> str:
    """TikTok's id of a product category, the same in every world."""
    return f"60{crc32(name.encode()) % 10_000:04}"


def reasons(store: "Store", lines: list[Json]) -> list[Json]:
    """must_split_reasons[] for these order lines in one package; empty where they may be."""
    found = [
        {"type": "CATEGORY_ITEM_LIMITATION", "category_id": category_id(name), "max_count": most}
        for name, most in _exceeded(store, lines).items()
    ]
    most = store.settings.get("most_items", 0)
    if 0 < most < len(lines):
        found.append({"type": "TOTAL_COUNT_LIMITATION", "category_id": "", "max_count": str(most)})
    return found


def refusal(store: "Store", lines: list[Json]) -> tuple[int, str] | None:
    """Code and words for shipping these lines in one package where a category forbids it."""
    exceeded = _exceeded(store, lines)
    if not exceeded:
        return None
    name = next(iter(exceeded))
    if len(_categories(store, lines)) > 1:
        return 11006013, f"Products of {name} cannot be shipped together with others; please split."
    return 11006014, f"Several products of {name} must be shipped in individual packages."


def _categories(store: "Store", lines: list[Json]) -> Counter[str]:
    products = store.data["products"]
    return Counter(str(products[line["product"]]["category"]) for line in lines)


def _exceeded(store: "Store", lines: list[Json]) -> dict[str, str]:
    limits = store.settings.get("most_of_category", {})
    counts = _categories(store, lines)
    return {name: str(most) for name, most in limits.items() if counts[name] > most}
