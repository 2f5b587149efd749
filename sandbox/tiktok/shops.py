"""The sellers, their shops and what they sell: the same shops in every world."""

import hashlib

from sandbox.catalogue import PRODUCTS
from sandbox.tiktok.store import DAY, Store

SELLERS = (
    ("Glow & Gather", "USLCGLOW7A2Q", "7010736057180325637", "Columbus|Franklin|OH|43214"),
    ("Maple & Moss", "USLCMAPL3K9D", "7010736057180399801", "Reno|Washoe|NV|89509"),
)


def _fixed(name: str, head: str, digits: int) -> str:
    """A number that is the same in every world, so that a connected shop survives a reset."""
    room = digits - len(head)
    body = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10**room
    return f"{head}{body:0{room}d}"


def found(store: Store, shops: int) -> None:
    """Sellers, their shops with warehouses, and the products; the same in every world."""
    for name, code, open_id, place in SELLERS[:shops]:
        shop_id = _fixed(name, "7495", 19)
        city, county, state, postal = place.split("|")
        store.data["shops"][shop_id] = {
            "id": shop_id,
            "name": name,
            "region": "US",
            "seller_type": "LOCAL",
            "cipher": "GCP_" + hashlib.sha256(name.encode()).hexdigest()[:28] + "AA",
            "code": code,
            "seller": open_id,
            "warehouse_id": _fixed(name + "sales", "7068", 19),
            "return_warehouse_id": _fixed(name + "returns", "7068", 19),
            "options": {lane: _fixed(name + lane, "7091", 19) for lane in ("SELLER", "TIKTOK")},
            "address": {"city": city, "county": county, "state": state, "postal": postal},
        }
        store.data["sellers"][open_id] = {
            "open_id": open_id,
            "name": name,
            "region": "US",
            "shops": [shop_id],
        }
        _products(store, shop_id)
    store.index()


def _products(store: Store, shop_id: str) -> None:
    world = store.world
    for product in PRODUCTS:
        number = world.new_number("1729", 19)
        store.data["products"][number] = {
            "id": number,
            "shop": shop_id,
            "title": product.title,
            "brand": product.brand,
            "category": product.category,
            "weight": product.weight,
            "weight_unit": product.weight_unit,
            "size": list(product.size) if product.size else None,
            "dangerous": product.dangerous,
            "popularity": product.popularity,
            "created": world.unix() - 90 * DAY,
            "updated": world.unix() - 5 * DAY,
            "skus": [
                {
                    "id": world.new_number("1729", 19),
                    "name": sku.name,
                    "seller_sku": sku.seller_sku,
                    "price": int(sku.price * 100),
                    "weight": sku.weight,
                    "attribute": sku.attribute,
                }
                for sku in product.skus
            ],
        }
