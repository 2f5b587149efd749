"""TikTok's packages, read: those that changed, shop by shop, and one order's in detail."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from core.errors import Rejected, RemoteError
from core.http import about
from core.jobs import job
from core.queues import Queue
from orders.models import Order, Package
from shops.clients import tiktok_client
from shops.models import Shop
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.packages import PackageInfo, package_detail, read_info, search_packages

log = logging.getLogger(__name__)

FIRST_LOOK = timedelta(days=30)
OVERLAP = timedelta(minutes=5)
_GONE = "21011001"  # combined, taken apart or shipped as another one
_BRIEF = (
    *("workspace", "order_ids", "line_ids", "status", "carrier", "tracking_number"),
    *("created_at", "updated_at", "seen_at"),
)
_DETAIL = ("sub_status", "shipping_type", "tag", "handover", "detail_at")
WORDS = {
    "TO_FULFILL": "waiting to be shipped",
    "PROCESSING": "label made, not collected",
    "FULFILLING": "on its way",
    "COMPLETED": "delivered",
    "CANCELLED": "cancelled",
    "GONE": "no longer there",
}
SUB_WORDS = {"RTSING": "TikTok is buying the label", "RTS_SUCCESS": "label ready to print"}
TONES = {"TO_FULFILL": "amber", "FULFILLING": "blue", "COMPLETED": "green", "CANCELLED": "red"}


@job(queue=Queue.READING)
def read_due() -> int:
    """Read what changed in the packages of every connected shop; answers how many packages."""
    return sum(_safely(shop) for shop in Shop.objects.connected().select_related("authorization"))


def _safely(shop: Shop) -> int:
    try:
        return read_changed(shop, now=timezone.now())
    except RemoteError as error:
        log.info("packages of shop %s: %s", shop.pk, error.code)
        return 0


def read_changed(shop: Shop, *, now: datetime) -> int:
    """Packages changed since the last one we know, a page at a time. Raises core.errors."""
    newest = Package.objects.filter(shop=shop).aggregate(at=Max("updated_at"))["at"]
    since = newest - OVERLAP if newest else now - FIRST_LOOK
    count = 0
    for page in search_packages(tiktok_client(shop), updated_since=since):
        infos = [info for entry in page.items if (info := read_info(entry))]
        count += _keep(shop, infos, now=now)
    return count


def read_order(order: Order, *, now: datetime) -> list[Package]:
    """The order's packages in detail, as TikTok shows them now. Raises core.errors."""
    client = tiktok_client(order.shop)
    known = set(of(order).exclude(status="GONE").values_list("tiktok_id", flat=True))
    infos, gone = [], []
    with about(order.tiktok_id):
        for package_id in sorted(known | set(order.package_ids)):
            try:
                info = read_info(package_detail(client, package_id=package_id))
            except Rejected as refusal:
                if refusal.code != _GONE:
                    raise
                gone.append(package_id)
                continue
            if info is None:
                raise unreadable(safe=True)
            infos.append(info)
    _keep(order.shop, infos, now=now, detail=True)
    Package.objects.filter(shop=order.shop, tiktok_id__in=gone).update(status="GONE", seen_at=now)
    return packages_of(order)


def packages_of(order: Order) -> list[Package]:
    """What we know of the order's packages, newest first, without those that are gone."""
    return list(of(order).exclude(status="GONE").order_by("-created_at", "-pk"))


def waiting_of(orders: Sequence[Order]) -> dict[int, str]:
    """The package that each of one shop's orders waits to be shipped in, where there is exactly
    one, by the order's pk."""
    ids = {order.tiktok_id: order.pk for order in orders}
    rows = Package.objects.filter(
        shop=orders[0].shop_id, order_ids__overlap=list(ids), status="TO_FULFILL"
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        for one in set(row.order_ids) & set(ids):
            found.setdefault(ids[one], []).append(row.tiktok_id)
    known = {pk: names[0] for pk, names in found.items() if len(names) == 1}
    alone = {o.pk: o.package_ids[0] for o in orders if len(o.package_ids) == 1}
    return alone | known


def of(order: Order) -> QuerySet[Package]:
    """Every package of the order that we ever saw."""
    named = Q(order_ids__contains=[order.tiktok_id]) | Q(tiktok_id__in=order.package_ids)
    return Package.objects.filter(named, shop=order.shop_id)


def words(package: Package) -> str:
    """Where it stands, for a person."""
    sub = SUB_WORDS.get(package.sub_status.upper(), "")
    if sub and package.status == "PROCESSING" and package.shipping_type != "SELLER":
        return sub
    return WORDS.get(package.status, package.status.replace("_", " ").lower())


def _keep(shop: Shop, infos: Iterable[PackageInfo], *, now: datetime, detail: bool = False) -> int:
    rows = {info.id: _row(shop, info, now) for info in infos}
    for row in rows.values():
        row.detail_at = now if detail else None
    if rows:
        Package.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["shop", "tiktok_id"],
            update_fields=[*_BRIEF, *(_DETAIL if detail else ())],
        )
    return len(rows)


def _row(shop: Shop, info: PackageInfo, now: datetime) -> Package:
    return Package(
        workspace_id=shop.workspace_id,
        shop=shop,
        tiktok_id=info.id,
        order_ids=list(info.order_ids),
        line_ids=list(info.line_ids),
        status=info.status[:30],
        sub_status=info.sub_status,
        shipping_type=info.shipping_type,
        tag=info.tag,
        handover=info.handover,
        carrier=info.provider_name,
        tracking_number=info.tracking_number,
        created_at=info.created_at,
        updated_at=info.updated_at,
        seen_at=now,
    )
