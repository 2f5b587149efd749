"""The table of the open API: path, scopes and declared parameters of every endpoint served here."""

from aiohttp import web
from aiohttp.web_exceptions import HTTPMethodNotAllowed, HTTPNotFound

from sandbox.faults import Handler, provider_of
from sandbox.tiktok import (
    arranging,
    auth,
    buying,
    cancellations,
    combining,
    events,
    logistics,
    orders,
    packages,
    products,
    shipping,
    tracking,
)
from sandbox.tiktok.gateway import Endpoint, Gate, unknown_path
from sandbox.tiktok.store import Store

INFO = ("seller.authorization.info",)
ORDER = ("seller.order.info",)
FULFIL = ("seller.fulfillment.basic",)
PACKAGES = ("seller.fulfillment.package.write",)
LOGISTICS = ("seller.logistics",)
PRODUCT = ("seller.product.basic",)
RETURNS = ("seller.return_refund.basic",)
ONE_ORDER = "/fulfillment/202309/orders/{order_id}"
ONE_PACKAGE = "/fulfillment/202309/packages/{package_id}"
ONE_CANCELLATION = "/return_refund/202309/cancellations/{cancel_id}"
HOOKS = "/event/202309/webhooks"
IDS = frozenset({"ids"})

ENDPOINTS = (
    Endpoint("GET", "/authorization/202309/shops", INFO, auth.authorized_shops, cipher=False),
    Endpoint(
        "POST",
        "/order/202309/orders/search",
        ORDER,
        orders.search,
        orders.SEARCH_QUERY,
        orders.SEARCH_BODY,
    ),
    Endpoint("GET", "/order/202507/orders", ORDER, orders.detail, IDS),
    Endpoint("GET", "/order/202309/orders", ORDER, orders.detail, IDS),
    Endpoint(
        "GET",
        "/logistics/202309/delivery_options/{delivery_option_id}/shipping_providers",
        FULFIL + LOGISTICS,
        logistics.shipping_providers,
        logistics.PROVIDERS_QUERY,
    ),
    Endpoint("GET", "/logistics/202309/warehouses", LOGISTICS, logistics.warehouses),
    Endpoint(
        "GET",
        "/logistics/202309/warehouses/{warehouse_id}/delivery_options",
        LOGISTICS,
        logistics.delivery_options,
        logistics.OPTIONS_QUERY,
    ),
    Endpoint(
        "POST",
        f"{ONE_ORDER}/packages",
        FULFIL,
        shipping.mark_shipped,
        body=shipping.MARK_BODY,
    ),
    Endpoint(
        "POST",
        f"{ONE_ORDER}/shipping_info/update",
        LOGISTICS,
        shipping.update_order,
        body=shipping.UPDATE_BODY,
    ),
    Endpoint(
        "POST",
        f"{ONE_ORDER}/shipping_services/query",
        FULFIL,
        buying.eligible_services,
        body=buying.QUERY_BODY,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202512/packages",
        FULFIL,
        buying.create_package,
        body=buying.BUY_BODY,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/search",
        FULFIL,
        packages.search,
        packages.SEARCH_QUERY,
        packages.SEARCH_BODY,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/ship",
        FULFIL,
        arranging.ship_many,
        body=arranging.BATCH_BODY,
    ),
    Endpoint("POST", f"{ONE_PACKAGE}/ship", FULFIL, arranging.ship, body=arranging.SHIP_BODY),
    Endpoint("GET", f"{ONE_PACKAGE}/handover_time_slots", PACKAGES, arranging.slots),
    Endpoint(
        "GET",
        "/fulfillment/202309/combinable_packages/search",
        PACKAGES,
        combining.search,
        combining.SEARCH_QUERY,
    ),
    Endpoint(
        "POST",
        "/fulfillment/202309/packages/combine",
        PACKAGES,
        combining.combine,
        body=combining.COMBINE_BODY,
    ),
    Endpoint(
        "POST",
        f"{ONE_PACKAGE}/uncombine",
        PACKAGES,
        combining.uncombine,
        body=combining.UNCOMBINE_BODY,
    ),
    Endpoint(
        "GET",
        "/fulfillment/202309/orders/split_attributes",
        PACKAGES,
        combining.split_attributes,
        combining.SPLIT_QUERY,
    ),
    Endpoint("POST", f"{ONE_ORDER}/split", PACKAGES, combining.split, body=combining.SPLIT_BODY),
    Endpoint("GET", f"{ONE_ORDER}/tracking", FULFIL, tracking.tracking),
    Endpoint("GET", "/logistics/202604/orders/{order_id}/tracking", LOGISTICS, tracking.logistics),
    Endpoint("GET", ONE_PACKAGE, FULFIL, packages.detail),
    Endpoint(
        "GET",
        f"{ONE_PACKAGE}/shipping_documents",
        FULFIL,
        packages.document,
        packages.DOCUMENT_QUERY,
    ),
    Endpoint(
        "POST",
        f"{ONE_PACKAGE}/shipping_info/update",
        FULFIL,
        shipping.update_package,
        body=shipping.UPDATE_BODY,
    ),
    Endpoint(
        "GET",
        "/fulfillment/202508/tts_tracking_validation",
        LOGISTICS,
        packages.validate_tracking,
        frozenset({"tracking_number"}),
    ),
    Endpoint(
        "GET",
        "/product/202309/products/{product_id}",
        PRODUCT,
        products.detail,
        products.DETAIL_QUERY,
    ),
    Endpoint(
        "POST",
        "/product/202502/products/search",
        PRODUCT,
        products.search,
        products.SEARCH_QUERY,
        products.SEARCH_BODY,
    ),
    Endpoint(
        "POST",
        "/return_refund/202602/cancellations/search",
        RETURNS,
        cancellations.search,
        cancellations.SEARCH_QUERY,
        cancellations.SEARCH_BODY,
    ),
    Endpoint(
        "POST",
        "/return_refund/202602/cancellations",
        RETURNS,
        cancellations.cancel,
        body=cancellations.CANCEL_BODY,
    ),
    Endpoint(
        "POST",
        f"{ONE_CANCELLATION}/approve",
        RETURNS,
        cancellations.approve,
        cancellations.DECIDE_QUERY,
    ),
    Endpoint(
        "POST",
        f"{ONE_CANCELLATION}/reject",
        RETURNS,
        cancellations.reject,
        cancellations.DECIDE_QUERY,
        cancellations.REJECT_BODY,
    ),
    Endpoint(
        "GET",
        "/return_refund/202309/reject_reasons",
        RETURNS,
        cancellations.reject_reasons,
        cancellations.REASONS_QUERY,
    ),
    Endpoint("PUT", HOOKS, INFO, events.subscribe, body=events.SUBSCRIBE_BODY),
    Endpoint("GET", HOOKS, INFO, events.subscriptions),
    Endpoint("DELETE", HOOKS, INFO, events.unsubscribe, body=events.UNSUBSCRIBE_BODY),
)


def routes(store: Store) -> list[web.RouteDef]:
    """Everything TikTok serves: open API, token host, authorize page and label files."""
    gate = Gate(store)
    store.notify = events.notifier(store)
    table = [gate.route(endpoint) for endpoint in ENDPOINTS]
    return [*table, *auth.AuthHost(store).routes(), packages.file_route(store)]


@web.middleware
async def unknown(request: web.Request, handler: Handler) -> web.StreamResponse:
    """TikTok's own words for paths it does not have; other providers keep theirs."""
    try:
        return await handler(request)
    except (HTTPNotFound, HTTPMethodNotAllowed) as missing:
        if provider_of(request.path) != "tiktok":
            raise
        paths = {endpoint.path for endpoint in ENDPOINTS}
        return unknown_path(paths, request, isinstance(missing, HTTPMethodNotAllowed))
