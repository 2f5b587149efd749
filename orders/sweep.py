"""Many small calls to TikTok at once: a few threads, each with a database connection of its own."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from core.errors import RemoteError
from orders.models import Dispatch, Order
from shops.models import Shop

log = logging.getLogger(__name__)

THREADS = 4


def each(step: Callable[[int], str], ids: Sequence[int]) -> list[tuple[int, str]]:
    """`step` for every id, a few at a time. One that fails is logged and leaves the others be."""

    def work(share: Sequence[int]) -> list[tuple[int, str]]:
        try:
            return [(pk, _safely(step, pk)) for pk in share]
        finally:
            connection.close()  # this thread's own

    if len(ids) == 1:
        return [(ids[0], _safely(step, ids[0]))]
    shares = [ids[at::THREADS] for at in range(min(THREADS, len(ids)))]
    with ThreadPoolExecutor(THREADS, thread_name_prefix="sweep") as pool:
        return [outcome for outcomes in pool.map(work, shares) for outcome in outcomes]


def _safely(step: Callable[[int], str], pk: int) -> str:
    try:
        return step(pk)
    except Exception:  # a fault of ours in one must not stop the rest; its row comes up again
        log.exception("step of %s failed", pk)
        return "failed"


def by_shop(dispatch_ids: list[int], read: Callable[[Shop, list[str]], list[Order]]) -> None:
    """Read the orders of these dispatches from TikTok, shop by shop; what fails waits for sync."""
    orders: dict[int, list[str]] = defaultdict(list)
    rows = Dispatch.objects.filter(pk__in=dispatch_ids).values_list(
        "order__shop_id", "order__tiktok_id"
    )
    for shop_id, tiktok_id in rows.distinct():  # several parcels may be of one order
        orders[shop_id].append(tiktok_id)
    for shop in Shop.objects.select_related("authorization").filter(pk__in=orders):
        try:
            read(shop, orders[shop.pk])
        except RemoteError as error:
            log.info("orders of shop %s: %s", shop.pk, error.code)
