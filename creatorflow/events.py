"""Event → jobs: the one table of who is told what (`core.events.publish` reads it)."""

EVENTS: dict[str, tuple[str, ...]] = {
    "shop.connected": (
        "orders.sync.begin",
        "shops.logistics.read_warehouses",
        "shipping.accounts.welcome_shop",
    ),
    "shop.sync_wanted": ("orders.sync.hurry",),
    "orders.changed": ("shipping.quoting.quote_due",),
    "skus.measured": ("orders.staging.restage_skus", "shipping.quoting.requote_skus"),
}
