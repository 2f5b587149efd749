"""What TikTok tells about products and their stock: the product is due to be read again."""

from django.utils import timezone

from core.deliveries import word
from core.models import WebhookEvent
from shops.catalog.models import Sku, SkuQuerySet
from shops.catalog.reading import read_due_skus
from shops.models import Shop
from shops.senders import NOBODY, shops_of
from shops.tiktok_shop.webhooks import MalformedEvent, parse


def product_changed(*, events: list[WebhookEvent]) -> None:
    """Have the products of these events read again, weights, names and stock alike.

    The rows say that they are due, so nothing is lost should the reader be busy; products of which
    no order was ever seen concern nobody here.
    """
    shops = shops_of(events[0].owner)
    due = False
    for row in events:
        known = list(_named(row, shops).values_list("pk", "shop__workspace_id"))
        if not known:
            row.outcome = "no SKU of it is known here" if shops else NOBODY
            continue
        row.workspace_id = known[0][1]
        Sku.objects.filter(pk__in=[pk for pk, _ in known]).update(changed_at=timezone.now())
        row.outcome = f"read again: {len(known)} SKU{'' if len(known) == 1 else 's'}"
        due = True
    if due:
        read_due_skus.later()


def _named(row: WebhookEvent, shops: list[Shop]) -> SkuQuerySet:
    """The SKUs an event is about: all of its product's, else the one it names.

    An inventory event without an envelope names a seller by an id that no other call tells; its SKU
    is known by its number alone, which TikTok gives out once.
    """
    try:
        data = parse(bytes(row.body)).data
    except MalformedEvent:
        data = {}
    product, sku = word(data.get("product_id")), word(data.get("sku_id"))
    connected = Sku.objects.filter(shop__in=shops or Shop.objects.connected())
    if product and shops:
        return connected.filter(product_id=product)
    return connected.filter(tiktok_id=sku) if sku else connected.none()
