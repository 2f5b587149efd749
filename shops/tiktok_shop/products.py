"""Products: what we need of them is what each SKU weighs and measures."""

from collections.abc import Iterator, Sequence
from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.measures import ProductMeasure, product_measures
from shops.tiktok_shop.paging import Page, all_pages, ask_page

MAX_PAGE = 100


def product_detail(client: TikTokShopClient, *, product_id: str) -> dict[str, Any]:
    """The product as TikTok sent it. Its weight is in KILOGRAM or POUND, unlike the fulfillment
    calls'."""
    return client.call("product_detail", path_params={"product_id": product_id})


def measures_of(client: TikTokShopClient, *, product_id: str) -> list[ProductMeasure]:
    """Weight and size of every SKU of a product."""
    return product_measures(product_detail(client, product_id=product_id))


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
