"""Orders: searched by window, or read by id."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.paging import Page, all_pages, ask_page, read_list, window

MAX_PAGE = 100
MAX_IDS = 50


def search_orders_page(
    client: TikTokShopClient,
    *,
    updated_since: datetime | None = None,
    updated_until: datetime | None = None,
    created_since: datetime | None = None,
    created_until: datetime | None = None,
    status: str = "",
    shipping_type: str = "",
    sort_field: Literal["update_time", "create_time"] = "update_time",
    sort_order: Literal["ASC", "DESC"] = "ASC",
    page_size: int = MAX_PAGE,
    page_token: str = "",
) -> Page:
    """One page of whole order objects; windows are [since, until). PageTokenRefused: start the
    window again."""
    if not 1 <= page_size <= MAX_PAGE:
        raise ValueError(f"page_size is 1 to {MAX_PAGE}")
    body: dict[str, Any] = {
        **window("update_time", updated_since, updated_until),
        **window("create_time", created_since, created_until),
    }
    if status:
        body["order_status"] = status
    if shipping_type:
        body["shipping_type"] = shipping_type

    def ask(token: str) -> dict[str, Any]:
        return client.call(
            "search_orders",
            query={
                "page_size": page_size,
                "sort_field": sort_field,
                "sort_order": sort_order,
                "page_token": token,
            },
            body=body,
        )

    return ask_page(ask, "orders", page_token)


def search_orders(
    client: TikTokShopClient,
    *,
    updated_since: datetime | None = None,
    updated_until: datetime | None = None,
    status: str = "",
    page_size: int = MAX_PAGE,
    page_token: str = "",
) -> Iterator[Page]:
    """Every page of orders changed in [since, until), oldest change first, from `page_token` on."""

    def fetch(token: str) -> Page:
        return search_orders_page(
            client,
            updated_since=updated_since,
            updated_until=updated_until,
            status=status,
            page_size=page_size,
            page_token=token,
        )

    return all_pages(fetch, page_token)


def order_detail(client: TikTokShopClient, *, order_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Whole order objects for up to 50 ids, in TikTok's order; an id TikTok does not know is left
    out."""
    if len(order_ids) > MAX_IDS:
        raise ValueError(f"at most {MAX_IDS} orders at once")
    if not order_ids:
        return []
    return read_list(client.call("order_detail", query={"ids": order_ids}), "orders")
