"""What a seller has to grant for CreatorFlow to work, and how to say what is missing."""

from collections.abc import Iterable
from dataclasses import dataclass

from shops.tiktok_shop.endpoints import (
    AUTHORIZATION,
    ENDPOINTS,
    FULFILLMENT,
    LOGISTICS,
    ORDERS,
    PRODUCTS,
    RETURNS,
)
from shops.tiktok_shop.package_endpoints import PACKAGES

_PURPOSE = {
    AUTHORIZATION: "see which shops you connected",
    ORDERS: "read orders",
    FULFILLMENT: "buy TikTok labels and mark orders as shipped",
    PACKAGES: "split and combine packages",
    LOGISTICS: "read warehouses and carriers",
    PRODUCTS: "read product weights and sizes",
    RETURNS: "see buyers' wishes to cancel and answer them",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission by TikTok's name, and what we need it for, as the end of "CreatorFlow needs this
    to …"."""

    name: str
    purpose: str


NEEDED = tuple(
    Scope(name, _PURPOSE[name])
    for name in dict.fromkeys(endpoint.scope for endpoint in ENDPOINTS.values())
)


def missing(granted: Iterable[str] | None) -> tuple[Scope, ...]:
    """The needed scopes that were not granted; none when TikTok did not say what was (`None`)."""
    if granted is None:
        return ()
    have = frozenset(granted)
    return tuple(scope for scope in NEEDED if scope.name not in have)


def purpose(name: str) -> str:
    """What a scope is for in a seller's words; its own name when it is not one of ours."""
    return _PURPOSE.get(name, name)
