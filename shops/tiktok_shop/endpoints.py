"""Every TikTok Shop endpoint we call, in one table: a new version or scope is changed here and
nowhere else."""

from shops.tiktok_shop.endpoint import Endpoint
from shops.tiktok_shop.package_endpoints import PACKAGE_TABLE

AUTHORIZATION = "seller.authorization.info"
ORDERS = "seller.order.info"
FULFILLMENT = "seller.fulfillment.basic"
LOGISTICS = "seller.logistics"
PRODUCTS = "seller.product.basic"
RETURNS = "seller.return_refund.basic"


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
    Endpoint(
        "search_cancellations",
        "POST",
        "/return_refund/{version}/cancellations/search",
        RETURNS,
        safe=True,
        version="202602",
        query=_PAGE,
    ),
    Endpoint(
        "cancel_order",
        "POST",
        "/return_refund/{version}/cancellations",
        RETURNS,
        safe=False,
        version="202602",
    ),
    Endpoint(
        "approve_cancellation",
        "POST",
        "/return_refund/{version}/cancellations/{cancel_id}/approve",
        RETURNS,
        safe=False,
        query=frozenset({"idempotency_key"}),
    ),
    Endpoint(
        "reject_cancellation",
        "POST",
        "/return_refund/{version}/cancellations/{cancel_id}/reject",
        RETURNS,
        safe=False,
        query=frozenset({"idempotency_key"}),
    ),
    Endpoint(
        "reject_reasons",
        "GET",
        "/return_refund/{version}/reject_reasons",
        RETURNS,
        safe=True,
        query=frozenset({"return_or_cancel_id", "locale"}),
    ),
    Endpoint("webhooks", "GET", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
    Endpoint("subscribe_webhook", "PUT", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
    Endpoint("delete_webhook", "DELETE", "/event/{version}/webhooks", AUTHORIZATION, safe=True),
)

ENDPOINTS = {endpoint.name: endpoint for endpoint in (*_TABLE, *PACKAGE_TABLE)}
