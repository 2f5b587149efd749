"""What we keep of a shop's logistics: its warehouses, and which carriers a delivery option
takes."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from core.jobs import job
from core.queues import Queue
from shops.clients import tiktok_client
from shops.models import DeliveryProviders, Shop, Warehouse
from shops.tiktok_shop import logistics

PROVIDERS_LIFE = timedelta(days=1)


@job(queue=Queue.READING)
def read_warehouses(*, shop_id: int) -> int:
    """Keep the shop's warehouses as TikTok lists them now; answers how many. Raises the errors of
    core.errors."""
    shop = Shop.objects.select_related("authorization").get(pk=shop_id)
    found = {
        str(entry.get("id")): Warehouse(
            shop=shop,
            tiktok_id=str(entry.get("id"))[:40],
            name=str(entry.get("name") or "")[:200],
            kind=str(entry.get("type") or "")[:30],
            effect_status=str(entry.get("effect_status") or "")[:20],
            is_default=entry.get("is_default") is True,
            address=entry.get("address") if isinstance(entry.get("address"), dict) else {},
        )
        for entry in logistics.warehouses(tiktok_client(shop))
        if entry.get("id")
    }
    with transaction.atomic():
        Warehouse.objects.filter(shop=shop).exclude(tiktok_id__in=found).delete()
        Warehouse.objects.bulk_create(
            list(found.values()),
            update_conflicts=True,
            unique_fields=["shop", "tiktok_id"],
            update_fields=["name", "kind", "effect_status", "is_default", "address"],
        )
    return len(found)


def delivery_providers(
    shop: Shop,
    delivery_option_id: str,
    *,
    now: datetime | None = None,
    life: timedelta | None = None,
) -> list[dict[str, str]]:
    """Carriers ({"id", "name"}) that a tracking number may name for this delivery option, kept for
    a day, or for `life`. Raises the errors of core.errors."""
    now = now or timezone.now()
    kept = DeliveryProviders.objects.filter(
        shop=shop, delivery_option_id=delivery_option_id
    ).first()
    if kept is not None and now - kept.fetched_at < (life or PROVIDERS_LIFE):
        return list(kept.providers)
    providers = [
        {"id": str(entry["id"]), "name": str(entry.get("name") or "")}
        for entry in logistics.shipping_providers(
            tiktok_client(shop), delivery_option_id=delivery_option_id
        )
        if entry.get("id")
    ]
    DeliveryProviders.objects.update_or_create(
        shop=shop,
        delivery_option_id=delivery_option_id,
        defaults={"providers": providers, "fetched_at": now},
    )
    return providers
