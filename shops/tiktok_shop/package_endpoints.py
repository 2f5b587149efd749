"""The endpoints of packages: shipping, splitting and combining them before they are on their way."""

from shops.tiktok_shop.endpoint import Endpoint

SHIPPING = "seller.fulfillment.basic"
PACKAGES = "seller.fulfillment.package.write"

PACKAGE_TABLE = (
    Endpoint(
        "ship_package",
        "POST",
        "/fulfillment/{version}/packages/{package_id}/ship",
        SHIPPING,
        safe=False,
    ),
    Endpoint("ship_packages", "POST", "/fulfillment/{version}/packages/ship", SHIPPING, safe=False),
    Endpoint(
        "handover_slots",
        "GET",
        "/fulfillment/{version}/packages/{package_id}/handover_time_slots",
        PACKAGES,
        safe=True,
    ),
    Endpoint(
        "combinable_packages",
        "GET",
        "/fulfillment/{version}/combinable_packages/search",
        PACKAGES,
        safe=True,
        query=frozenset({"page_size", "page_token"}),
    ),
    Endpoint(
        "combine_packages",
        "POST",
        "/fulfillment/{version}/packages/combine",
        PACKAGES,
        safe=False,
    ),
    Endpoint(
        "uncombine_packages",
        "POST",
        "/fulfillment/{version}/packages/{package_id}/uncombine",
        PACKAGES,
        safe=False,
    ),
    Endpoint(
        "split_attributes",
        "GET",
        "/fulfillment/{version}/orders/split_attributes",
        PACKAGES,
        safe=True,
        query=frozenset({"order_ids"}),
    ),
    Endpoint(
        "split_order",
        "POST",
        "/fulfillment/{version}/orders/{order_id}/split",
        PACKAGES,
        safe=False,
    ),
)
