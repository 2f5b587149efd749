"""Products: detail with package weight and size, and search."""

from typing import Any

from sandbox.tiktok.gateway import Call, Refusal, bad
from sandbox.tiktok.limits import category_id
from sandbox.tiktok.orders import check_token, fingerprint, make_token
from sandbox.tiktok.render import money

Json = dict[str, Any]
DETAIL_QUERY = frozenset({"return_under_review_version", "return_draft_version", "locale"})
SEARCH_QUERY = frozenset({"page_size", "page_token"})
SEARCH_BODY = frozenset(
    [
        "status",
        "seller_skus",
        "create_time_ge",
        "create_time_le",
        "update_time_ge",
        "update_time_le",
        "category_version",
        "listing_quality_tiers",
        "listing_platforms",
        "audit_status",
        "sku_ids",
        "sns_filter",
        "return_draft_version",
    ]
)
NOT_FOUND = 12052032
STATUSES = frozenset(
    [
        "ALL",
        "DRAFT",
        "PENDING",
        "FAILED",
        "ACTIVATE",
        "SELLER_DEACTIVATED",
        "PLATFORM_DEACTIVATED",
        "FREEZE",
        "DELETED",
    ]
)


async def detail(call: Call) -> Json:
    """GET /product/202309/products/{product_id}; weight and size are absent where never entered."""
    product = call.store.data["products"].get(call.path("product_id"))
    if product is None or product["shop"] != call.shop["id"]:
        raise Refusal(NOT_FOUND, "The product does not exist.")
    shown: Json = {
        "id": product["id"],
        "status": "ACTIVATE",
        "product_status": "ACTIVATE",
        "title": product["title"],
        "description": f"<p>{product['title']} by {product['brand']}</p>",
        "brand": {"id": f"70{product['id'][-17:]}", "name": product["brand"]},
        "category_chains": [
            {
                "id": category_id(product["category"]),
                "parent_id": "0",
                "local_name": product["category"],
                "is_leaf": True,
            }
        ],
        "main_images": [],
        "is_cod_allowed": False,
        "is_not_for_sale": False,
        "is_pre_owned": False,
        "minimum_order_quantity": 1,
        "create_time": product["created"],
        "update_time": product["updated"],
        "skus": [_sku(call.shop, product, sku) for sku in product["skus"]],
    }
    if product["weight"]:
        shown["package_weight"] = {"value": product["weight"], "unit": product["weight_unit"]}
    if product["size"]:
        shown["package_dimensions"] = _size(product["size"])
    return shown


def _size(size: list[str]) -> Json:
    """Two-decimal strings, as TikTok writes them since June 2026."""
    length, width, height = (f"{float(side):.2f}" for side in size)
    return {"length": length, "width": width, "height": height, "unit": "INCH"}


def _sku(shop: Json, product: Json, sku: Json) -> Json:
    price = money(sku["price"])
    shown: Json = {
        "id": sku["id"],
        "seller_sku": sku["seller_sku"],
        "price": {"tax_exclusive_price": price, "sale_price": price, "currency": "USD"},
        "inventory": [{"warehouse_id": shop["warehouse_id"], "quantity": 250}],
        "sales_attributes": [
            {
                "id": "100000",
                "name": sku["attribute"],
                "value_id": sku["id"],
                "value_name": sku["name"],
            }
        ],
        "status_info": {"status": "NORMAL"},
    }
    if sku["weight"]:
        shown["sku_weight"] = {"value": sku["weight"], "unit": product["weight_unit"]}
    return shown


async def search(call: Call) -> Json:
    """POST /product/202502/products/search."""
    size = call.page_size(1, 100)
    status = call.body.get("status") or "ALL"
    if status not in STATUSES:
        raise bad("status is not one of the documented values")
    if len(call.body.get("seller_skus") or []) > 10:
        raise Refusal(12019027, "The filter takes at most 10 seller_skus.")
    if len(call.body.get("sku_ids") or []) > 10:
        raise Refusal(12019087, "The filter takes at most 10 SKU ids.")
    found = [product for product in call.store.data["products"].values() if _meets(call, product)]
    filters = fingerprint("products", call.shop["id"], call.body)
    epoch, start = call.store.settings["page_token_epoch"], 0
    if token := call.query.get("page_token"):
        start = check_token(token, filters, epoch)["start"]
    end = start + size
    more = {"start": end, "filters": filters, "epoch": epoch}
    return {
        "total_count": len(found),
        "products": [_brief(call.shop, product) for product in found[start:end]],
        "next_page_token": make_token(more) if end < len(found) else "",
    }


def _meets(call: Call, product: Json) -> bool:
    body = call.body
    if product["shop"] != call.shop["id"] or body.get("status") not in (None, "ALL", "ACTIVATE"):
        return False
    wanted = body.get("seller_skus")
    if wanted and not any(sku["seller_sku"] in wanted for sku in product["skus"]):
        return False
    ids = body.get("sku_ids")
    if ids and not any(sku["id"] in ids for sku in product["skus"]):
        return False
    for field, key in (("create_time", "created"), ("update_time", "updated")):
        start, end = call.number(f"{field}_ge"), call.number(f"{field}_le")
        if start is not None and product[key] < start:
            return False
        if end is not None and product[key] > end:
            return False
    return True


def _brief(shop: Json, product: Json) -> Json:
    names = ("id", "seller_sku", "price", "inventory", "status_info")
    skus = [_sku(shop, product, sku) for sku in product["skus"]]
    return {
        "id": product["id"],
        "title": product["title"],
        "status": "ACTIVATE",
        "sales_regions": ["US"],
        "create_time": product["created"],
        "update_time": product["updated"],
        "is_not_for_sale": False,
        "has_draft": False,
        "skus": [{name: sku[name] for name in names} for sku in skus],
    }
