"""Units for people: TikTok has one line per unit, a packer reads "2 × Glow Serum"."""

from collections.abc import Iterable
from dataclasses import dataclass

from orders.models import Line


@dataclass(frozen=True, slots=True)
class Group:
    """Units of one SKU in an order; `first` is one of their lines, for names and picture."""

    first: Line
    quantity: int
    cancelled: int

    @property
    def live(self) -> int:
        """Units that are still to be shipped."""
        return self.quantity - self.cancelled


def group_lines(lines: Iterable[Line]) -> list[Group]:
    """Lines grouped by SKU, in the order pick lists use: by seller SKU, then name."""
    groups: dict[str, list[Line]] = {}
    for line in lines:
        groups.setdefault(line.sku_id or f"line:{line.tiktok_id}", []).append(line)
    found = [
        Group(rows[0], len(rows), sum(row.status == "CANCELLED" for row in rows))
        for rows in groups.values()
    ]
    return sorted(found, key=lambda g: (g.first.seller_sku or g.first.product_name).lower())
