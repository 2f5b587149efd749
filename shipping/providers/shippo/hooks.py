"""Shippo's webhooks: where it is asked to send its events to."""

from shipping.providers import fields
from shipping.providers.wire import Wire

EVENT = "all"  # kinds we do not act on are kept


def ensure(wire: Wire, url: str, *, test: bool) -> None:
    """Have every event of that mode sent to `url`, whose query carries the proof of origin.
    Source: Shippo's reference of webhooks."""
    for hook in fields.entries(wire.ask("GET", "/webhooks"), "results"):
        same = fields.text(hook, "url") == url and fields.text(hook, "event") == EVENT
        if same and fields.mapping(hook).get("is_test", test) is test:
            return
    wire.spend("/webhooks", {"event": EVENT, "url": url, "active": True, "is_test": test})
