"""Products: what we need of them is what each SKU weighs and measures, its name and its stock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.measures import entries
from shops.tiktok_shop.paging import Page, all_pages, ask_page

MAX_PAGE = 100


def product_detail(client: TikTokShopClient, *, product_id: str) -> dict[str, Any]:
    """The product as TikTok sent it. Its weight is in KILOGRAM or POUND, unlike the fulfillment
    calls'. Unavailable when the answer is not that product."""
    product = client.call("product_detail", path_params={"product_id": product_id})
    if str(product.get("id") or "") != product_id:
        raise unreadable(safe=True)
    return product


@dataclass(frozen=True, slots=True)
class ListedSku:
    """A SKU as its product lists it: names as buyers read them ("" where there are none), and units
    in all warehouses together (None where not told)."""

    sku_id: str
    seller_sku: str
    product_name: str
    sku_name: str
    stock: int | None


def listed_skus(product: dict[str, Any]) -> list[ListedSku]:
    """Every SKU of a product detail."""
    return [
        ListedSku(
            sku_id=str(sku.get("id") or ""),
            seller_sku=str(sku.get("seller_sku") or ""),
            product_name=str(product.get("title") or ""),
            sku_name=", ".join(
                str(attribute.get("value_name") or "")
                for attribute in entries(sku, "sales_attributes")
                if attribute.get("value_name")
            ),
            stock=_stock(sku.get("inventory")),
        )
        for sku in entries(product, "skus")
    ]


def _stock(inventory: object) -> int | None:
    """The sum of `inventory[].quantity`; None unless every warehouse names a whole number."""
    if not isinstance(inventory, list) or not inventory:
        return None
    counts = [one.get("quantity") if isinstance(one, dict) else None for one in inventory]
    numbers = [count for count in counts if type(count) is int and 0 <= count < 10**9]
    return sum(numbers) if len(numbers) == len(counts) else None


def search_products(
    client: TikTokShopClient,
    *,
    status: str = "ALL",
    seller_skus: Sequence[str] = (),
    page_size: int = MAX_PAGE,
    page_token: str = "",
) -> Iterator[Page]:
    """Pages of products, without weights; "live" is status ACTIVATE, `seller_skus` are at most
    10."""
    if not 1 <= page_size <= MAX_PAGE:
        raise ValueError(f"page_size is 1 to {MAX_PAGE}")
    body: dict[str, Any] = {"status": status}
    if seller_skus:
        body["seller_skus"] = list(seller_skus)

    def ask(token: str) -> dict[str, Any]:
        return client.call(
            "search_products", query={"page_size": page_size, "page_token": token}, body=body
        )

    return all_pages(lambda token: ask_page(ask, "products", token), page_token)
