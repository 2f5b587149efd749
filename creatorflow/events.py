"""Event → jobs: the one table of who is told what (`core.events.publish` reads it)."""

EVENTS: dict[str, tuple[str, ...]] = {
    "shop.connected": (
        "orders.sync.begin",
        "shops.logistics.read_warehouses",
        "shipping.accounts.welcome_shop",
    ),
    "shop.sync_wanted": ("orders.sync.hurry",),
    "shop.webhooks_failing": ("orders.sync.speed_up",),
    "policy.changed": (),
    "orders.changed": ("shipping.quoting.quote_due",),
    "skus.measured": ("orders.staging.restage_skus", "shipping.quoting.requote_skus"),
}

# (provider, event) → handler: `def handle(*, events: list[WebhookEvent]) -> None`, all of one owner. What is not named
# here is kept and done. core.inbox reads it; docs/webhooks.md says what a handler may raise.
WEBHOOKS: dict[tuple[str, str], str] = {}
