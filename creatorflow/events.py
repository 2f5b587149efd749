"""Event → jobs: the one table of who is told what (`core.events.publish` reads it)."""

EVENTS: dict[str, tuple[str, ...]] = {
    "shop.connected": (
        "orders.sync.begin",
        "orders.dispatch.resume",
        "shops.logistics.read_warehouses",
        "shipping.accounts.welcome_shop",
        "shops.subscriptions.subscribe",
    ),
    "shop.sync_wanted": ("orders.sync.hurry",),
    "policy.changed": ("shipping.clock.recompute.rules_changed", "shipping.quoting.rules_changed"),
    "label.handed_over": ("shipping.clock.recompute.handed_over",),
    "label.scanned": ("shipping.clock.recompute.orders_changed",),
    "orders.changed": (
        "shipping.rules.live.apply_due",
        "shipping.quoting.quote_due",
        "shipping.clock.recompute.catch_up",
    ),
    "skus.measured": ("orders.staging.restage_skus", "shipping.quoting.requote_skus"),
}

# (provider, event) → handler: `def handle(*, events: list[WebhookEvent]) -> None`, all of one owner. What is not named
# here is kept and done. core.inbox reads it; docs/webhooks.md says what a handler may raise.
# TikTok's numbers: shops/tiktok_shop/event_types.py.
_ORDERS = "orders.handlers.read_told"
_PRODUCTS = "shops.catalog.handlers.product_changed"
WEBHOOKS: dict[tuple[str, str], str] = {
    **{("tiktok", str(kind)): _ORDERS for kind in (1, 2, 3, 4, 11, 12, 36, 64, 65, 67)},
    ("tiktok", "6"): "shops.handlers.deauthorized",
    ("tiktok", "7"): "shops.handlers.ending",
    **{("tiktok", str(kind)): _PRODUCTS for kind in (5, 15, 16, 18, 37, 50, 62)},
    **{("tiktok", str(kind)): _PRODUCTS for kind in (24, 27, 68, 71)},
    ("easypost", "tracker.created"): "shipping.handlers.tracked",
    ("easypost", "tracker.updated"): "shipping.handlers.tracked",
    ("easypost", "refund.successful"): "shipping.handlers.refund_granted",
    ("shippo", "track_updated"): "shipping.handlers.tracked",
    ("shippo", "transaction_created"): "shipping.handlers.transaction_changed",
    ("shippo", "transaction_updated"): "shipping.handlers.transaction_changed",
}
