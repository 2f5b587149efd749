"""Every TikTok Shop endpoint we call, in one table: a new version or scope is changed here and
nowhere else."""

from dataclasses import dataclass

DEFAULT_VERSION = "202309"

AUTHORIZATION = "seller.authorization.info"
ORDERS = "seller.order.info"
FULFILLMENT = "seller.fulfillment.basic"
LOGISTICS = "seller.logistics"
PRODUCTS = "seller.product.basic"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table. `safe` says that repeating the call changes nothing.

    An empty `version` follows the client's default; undeclared query names are refused by the
    gateway.
    """

    name: str
    method: str
    path: str
    scope: str
    safe: bool
    version: str = ""
    needs_cipher: bool = True
    query: frozenset[str] = frozenset()

    def url_path(self, default_version: str, path_params: dict[str, str]) -> str:
        """The path to ask. ValueError for a missing part, or for one that could change the path."""
        for name, value in path_params.items():
            if not value or not value.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"{self.name}: {name} is not an id: {value!r}")
        try:
            return self.path.format(version=self.version or default_version, **path_params)
        except KeyError as error:
            raise ValueError(f"{self.name} needs the path part {error}") from None


_PAGE = frozenset({"page_size", "page_token", "sort_field", "sort_order"})

_TABLE = (
    Endpoint(
        "authorized_shops",
        "GET",
        "/authorization/{version}/shops",
        AUTHORIZATION,
        safe=True,
        needs_cipher=False,
    ),
    Endpoint(
        "search_orders",
        "POST",
        "/order/{version}/orders/search",
        ORDERS,
        safe=True,
        query=_PAGE,
    ),
    Endpoint(
        "order_detail",
        "GET",
        "/order/{version}/orders",
        ORDERS,
        safe=True,
        version="202507",
        query=frozenset({"ids"}),
    ),
    Endpoint(
        "shipping_providers",
        "GET",
        "/logistics/{version}/delivery_options/{delivery_option_id}/shipping_providers",
        LOGISTICS,
        safe=True,
        query=frozenset({"warehouse_region", "buyer_region"}),
    ),
    Endpoint("warehouses", "GET", "/logistics/{version}/warehouses", LOGISTICS, safe=True),
    Endpoint(
        "delivery_options",
        "GET",
        "/logistics/{version}/warehouses/{warehouse_id}/delivery_options",
        LOGISTICS,
        safe=True,
        query=frozenset({"scope"}),
    ),
    Endpoint(
        "mark_package_shipped",
        "POST",
        "/fulfillment/{version}/orders/{order_id}/packages",
        FULFILLMENT,
        safe=False,
    ),
    Endpoint(
        "query_shipping_services",
        "POST",
        "/fulfillment/{version}/orders/{order_id}/shipping_services/query",
        FULFILLMENT,
        safe=True,
    ),
    Endpoint(
        "create_package",
        "POST",
        "/fulfillment/{version}/packages",
        FULFILLMENT,
        safe=False,
        version="202512",
    ),
    Endpoint(
        "search_packages",
        "POST",
        "/fulfillment/{version}/packages/search",
        FULFILLMENT,
        safe=True,
        query=_PAGE,
    ),
    Endpoint(
        "package_detail",
        "GET",
        "/fulfillment/{version}/packages/{package_id}",
        FULFILLMENT,
        safe=True,
    ),
    Endpoint(
        "shipping_document",
        "GET",
        "/fulfillment/{version}/packages/{package_id}/shipping_documents",
        FULFILLMENT,
        safe=True,
        query=frozenset({"document_type", "document_size", "document_format", "shipping_period"}),
    ),
    Endpoint(
        "update_package_shipping_info",
        "POST",
        "/fulfillment/{version}/packages/{package_id}/shipping_info/update",
        FULFILLMENT,
        safe=False,
    ),
    Endpoint(
        "update_order_shipping_info",
        "POST",
        "/fulfillment/{version}/orders/{order_id}/shipping_info/update",
        LOGISTICS,
        safe=False,
    ),
    Endpoint(
        "validate_tracking",
        "GET",
        "/fulfillment/{version}/tts_tracking_validation",
        LOGISTICS,
        safe=True,
        version="202508",
        query=frozenset({"tracking_number"}),
    ),
    Endpoint(
        "order_tracking",
        "GET",
        "/fulfillment/{version}/orders/{order_id}/tracking",
        FULFILLMENT,
        safe=True,
        version="202309",
    ),
    Endpoint(
        "logistics_tracking",
        "GET",
        "/logistics/{version}/orders/{order_id}/tracking",
        LOGISTICS,
        safe=True,
        version="202604",
    ),
    Endpoint(
        "search_products",
        "POST",
        "/product/{version}/products/search",
        PRODUCTS,
        safe=True,
        version="202502",
        query=frozenset({"page_size", "page_token"}),
    ),
    Endpoint(
        "product_detail",
        "GET",
        "/product/{version}/products/{product_id}",
        PRODUCTS,
        safe=True,
        query=frozenset({"return_under_review_version", "return_draft_version", "locale"}),
    ),
    Endpoint("webhooks", "GET", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
    Endpoint("subscribe_webhook", "PUT", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
    Endpoint("delete_webhook", "DELETE", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
)

ENDPOINTS = {endpoint.name: endpoint for endpoint in _TABLE}
