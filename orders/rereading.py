"""Asking TikTok again about orders that a person picked."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.errors import RemoteError
from core.jobs import job
from core.models import Workspace
from core.notifications import notify
from orders import sync
from orders.models import Order
from shops.models import Shop

log = logging.getLogger(__name__)

# What one call of TikTok's order detail takes: more of them are read by a worker, not while a person waits.
AT_ONCE = 50


@dataclass(slots=True)
class Reread:
    """How many orders hold TikTok's newest word now, and the sentences of shops that could not be asked."""

    read: int = 0
    problems: list[str] = field(default_factory=list)


def reread(workspace: Workspace, order_ids: Iterable[int]) -> Reread:
    """Read these orders from TikTok, shop by shop; a shop that cannot be asked leaves the others alone."""
    orders = Order.objects.of(workspace).filter(pk__in=list(order_ids))
    by_shop: dict[int, list[str]] = defaultdict(list)
    for shop_id, tiktok_id in orders.values_list("shop_id", "tiktok_id"):
        by_shop[shop_id].append(tiktok_id)
    result = Reread()
    for shop in Shop.objects.filter(pk__in=by_shop).select_related("authorization"):
        try:
            result.read += len(sync.read_orders(shop, by_shop[shop.pk]))
        except RemoteError as error:
            log.info("orders of shop %s: %s (%s)", shop.pk, type(error).__name__, error.code)
            result.problems.append(f"{shop.name}: {error.message}")
    return result


@job
def reread_many(*, workspace_id: int, order_ids: list[int]) -> int:
    """Read them in the background; what cannot be asked becomes a notification. Answers how many were read."""
    workspace = Workspace.objects.get(pk=workspace_id)
    result = reread(workspace, order_ids)
    for problem in result.problems:
        notify(
            workspace,
            f"orders:reread:{problem.partition(':')[0]}",
            f"TikTok could not be asked about all selected orders. {problem}",
            level="warn",
        )
    return result.read
