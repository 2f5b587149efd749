"""Parcels of an order as its lines leave them: no label is bought for what nobody wants any more, or
what others ship."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from orders import parts
from orders.models import Dispatch, Order

_LINE = ("tiktok_id", "status", "package_id", "package_status", "tracking_number")
# Of a dispatch: TikTok has its number, or may have it.
_TOLD = ("telling", "unknown", "done")


def tidied(order: Order, found: parts.Parts) -> parts.Parts:
    """These parcels of the order, by its lines as they were read last."""
    lines = list(order.lines.order_by("pk").values(*_LINE))
    return by_lines(found, lines, told([order.pk]).get(order.pk, set()))


def by_lines(
    found: parts.Parts, lines: Sequence[Mapping[str, Any]], ours: Collection[str]
) -> parts.Parts:
    """These parcels by such lines. What travels under `ours`, as `told` has them, is not shipped by
    others, also when its label was given back since."""
    live = [line["tiktok_id"] for line in lines if line["status"] != "CANCELLED"]
    shipped = [
        line["tiktok_id"]
        for line in lines
        if parts.is_shipped(line["package_id"], line["package_status"], line["tracking_number"])
        and line["package_id"] not in ours
        and line["tracking_number"] not in ours
    ]
    return parts.tidied(found, live, [line["tiktok_id"] for line in lines], shipped)


def told(order_ids: Iterable[int]) -> dict[int, set[str]]:
    """Tracking numbers and packages that TikTok has from us, by order."""
    rows = Dispatch.objects.filter(order__in=order_ids, state__in=_TOLD)
    found: dict[int, set[str]] = defaultdict(set)
    for pk, number, package in rows.values_list("order_id", "tracking_number", "package_id"):
        found[pk] |= {number, package} - {""}
    return found
