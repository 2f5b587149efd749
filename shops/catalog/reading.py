"""What SKUs weigh and measure: noted when first seen in an order, read from the product, or entered
by a person, whose word stands for good."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from core import audit, events, sizes
from core.errors import NotAuthorized, RateLimited, Rejected, RemoteError
from core.jobs import job
from core.models import User
from core.queues import Queue
from shops.catalog.models import Measured, Sku, SkuQuerySet
from shops.clients import tiktok_client
from shops.models import Shop
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.measures import ProductMeasure, Size, product_measures
from shops.tiktok_shop.products import ListedSku, listed_skus, product_detail

log = logging.getLogger(__name__)

# A product that had no usable weight is looked at again, as sellers do fill it in.
LOOK_AGAIN = timedelta(hours=6)
_PRODUCTS_PER_RUN = 300
_ONE_READER = 7_301_001  # key of the advisory lock


class BadMeasure(ValueError):
    """A weight or size that cannot be; the text is for the person who entered it."""


def note_skus(shop: Shop, lines: Iterable[Mapping[str, Any]]) -> set[str]:
    """Keep the SKUs of order lines, with TikTok's names for them; answers their TikTok ids.

    `lines` hold sku_id, product_id, seller_sku, product_name, sku_name and image_url.
    """
    names = ("product_id", "seller_sku", "product_name", "sku_name", "image_url")
    seen = {
        line["sku_id"]: Sku(
            shop=shop, tiktok_id=line["sku_id"], **{name: line[name] for name in names}
        )
        for line in lines
        if line["sku_id"]
    }
    if not seen:
        return set()
    known = Sku.objects.filter(shop=shop, tiktok_id__in=seen).values_list("tiktok_id", flat=True)
    fresh = seen.keys() - set(known)
    Sku.objects.bulk_create(
        [seen[sku_id] for sku_id in sorted(seen)],  # one order of locks for every process
        update_conflicts=True,
        unique_fields=["shop", "tiktok_id"],
        update_fields=list(names),
    )
    if fresh:
        read_due_skus.later()
    return set(seen)


@job(queue=Queue.READING)
def read_due_skus() -> int:
    """Read the products of SKUs whose weight is not known; answers how many products were read.

    One process reads at a time, and takes what is noted meanwhile as well. A product that fails is
    passed over and never blocks the next one.
    """
    tried: set[tuple[int, str]] = set()
    # Who finds a reader at work leaves its SKUs to it: it looks again after it has let go.
    while len(tried) < _PRODUCTS_PER_RUN and _due(timezone.now(), tried):
        with _only_reader() as alone:
            if not alone:
                break
            for shop, product_ids in _due(timezone.now(), tried):
                tried |= {(shop.pk, product_id) for product_id in product_ids}
                _read_shop(shop, product_ids)
    if len(tried) >= _PRODUCTS_PER_RUN:
        read_due_skus.later()  # the others in the queue come first
    return len(tried)


def measure(
    sku: Sku, *, weight_g: int, size: tuple[int, int, int] | None = None, user: User | None
) -> None:
    """A person's weight per unit in grams, and size in millimetres, kept for good. BadMeasure with
    words for one that cannot be."""
    if words := sizes.why_not(weight_g, size or ()):
        raise BadMeasure(words)
    sides = dict(zip(("length_mm", "width_mm", "height_mm"), size, strict=True)) if size else {}
    with transaction.atomic():
        Sku.objects.filter(pk=sku.pk).update(
            weight_g=weight_g, measured_by=Measured.PERSON, updated_at=timezone.now(), **sides
        )
        audit.record(
            sku.shop.workspace_id,
            "sku.measured",
            f"sku:{sku.pk}",
            f"{sku} weighs {weight_g} g.",
            actor=user,
            **sides,
        )
        events.publish("skus.measured", shop_id=sku.shop_id, sku_ids=[sku.tiktok_id])
    sku.refresh_from_db()


def _due(now: datetime, tried: set[tuple[int, str]]) -> list[tuple[Shop, list[str]]]:
    """Connected shops with the products to be read, those never read first, without the tried."""
    due = (
        Q(product_read_at=None)
        | Q(changed_at__gt=F("product_read_at"))
        | Q(weight_g=None, product_read_at__lt=now - LOOK_AGAIN)
    )
    rows = (
        Sku.objects.filter(due, shop__in=Shop.objects.connected())
        .exclude(product_id="")
        .order_by("shop_id", "product_read_at", "product_id")
        .values_list("shop_id", "product_id")
    )
    by_shop: dict[int, dict[str, None]] = defaultdict(dict)
    for shop_id, product_id in rows[: 20 * _PRODUCTS_PER_RUN]:
        if (shop_id, product_id) not in tried:
            by_shop[shop_id][product_id] = None
    shops = Shop.objects.select_related("authorization").filter(pk__in=by_shop)
    return [(shop, list(by_shop[shop.pk])[:_PRODUCTS_PER_RUN]) for shop in shops]


def _read_shop(shop: Shop, product_ids: list[str]) -> None:
    measured: list[str] = []
    try:
        client = tiktok_client(shop)
        for count, product_id in enumerate(product_ids, start=1):
            measured += _read_product(shop, client, product_id, now=timezone.now())
            if measured and count % 25 == 0:
                events.publish("skus.measured", shop_id=shop.pk, sku_ids=measured)
                measured = []
    except RemoteError as error:  # this shop cannot be asked now; the next one can
        log.info("products of shop %s: %s (%s)", shop.pk, type(error).__name__, error.code)
    finally:
        if measured:
            events.publish("skus.measured", shop_id=shop.pk, sku_ids=measured)


def _read_product(
    shop: Shop, client: TikTokShopClient, product_id: str, *, now: datetime
) -> list[str]:
    """Read one product; answers the SKUs that got a weight by it."""
    skus = Sku.objects.filter(shop=shop, product_id=product_id)
    try:
        product = product_detail(client, product_id=product_id)
        measures = {one.sku_id: one for one in product_measures(product)}
        listed = {one.sku_id: one for one in listed_skus(product)}
    except (NotAuthorized, RateLimited):
        raise
    except RemoteError as error:
        if not isinstance(error, Rejected):
            log.info("product %s: %s", product_id, error)
            return []
        measures, listed = {}, {}  # deleted, or not the shop's any more: nothing to wait for
    except (AttributeError, TypeError, ValueError) as error:  # a product without sense
        log.warning("product %s cannot be read: %r", product_id, error)
        measures, listed = {}, {}
    skus.update(product_read_at=now)
    _keep_listing(skus, listed, now=now)
    return _keep_measures(skus, measures, now=now)


def _keep_listing(skus: SkuQuerySet, listed: Mapping[str, ListedSku], *, now: datetime) -> None:
    """TikTok's names and the stock; what the product does not tell stays as it was."""
    for sku in skus.filter(tiktok_id__in=listed):
        one = listed[sku.tiktok_id]
        told: dict[str, Any] = {
            "product_name": one.product_name[:500],
            "seller_sku": one.seller_sku[:120],
            "sku_name": one.sku_name[:300],
        }
        changed = {n: value for n, value in told.items() if value and value != getattr(sku, n)}
        if one.stock is not None:
            changed |= {"stock_total": one.stock, "stock_read_at": now}
        if changed:
            skus.filter(pk=sku.pk).update(**changed)


def _keep_measures(
    skus: SkuQuerySet, measures: Mapping[str, ProductMeasure], *, now: datetime
) -> list[str]:
    """Weights and sizes, unless a person entered them; answers the SKUs that gained a weight."""
    measured = []
    for sku in skus.exclude(measured_by=Measured.PERSON):
        fields = _usable(measures.get(sku.tiktok_id))
        if fields and any(getattr(sku, name) != value for name, value in fields.items()):
            gained = "weight_g" in fields
            source = {"measured_by": Measured.PRODUCT} if gained else {}
            kept = skus.filter(pk=sku.pk).exclude(measured_by=Measured.PERSON)
            if kept.update(**fields, **source, updated_at=now) and gained:
                measured.append(sku.tiktok_id)
    return measured


def _usable(measure: ProductMeasure | None) -> dict[str, int]:
    """The columns a product's measure fills; what no carrier would take counts as not given."""
    if measure is None:
        return {}
    fields: dict[str, int] = {}
    if measure.weight_g and measure.weight_g <= sizes.MOST_GRAMS:
        fields["weight_g"] = measure.weight_g
    size: Size | None = measure.size
    if size and max(size.length_mm, size.width_mm, size.height_mm) <= sizes.MOST_MM:
        fields |= {
            "length_mm": size.length_mm,
            "width_mm": size.width_mm,
            "height_mm": size.height_mm,
        }
    return fields


@contextmanager
def _only_reader() -> Iterator[bool]:
    """Whether we are the one process that reads products now; the lock goes with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_ONE_READER])
        alone = bool(cursor.fetchone()[0])
    try:
        yield alone
    finally:
        if alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_ONE_READER])
