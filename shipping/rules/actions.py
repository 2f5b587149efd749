"""What a rule, or a preset, gives an order. Pure: the shapes, and whether they make sense.

Kept as {"parcel": {"box": id} or {"weight_g", "length_mm", "width_mm", "height_mm"},
"service": {"days": n} or {"carrier": slug} or {"name": "UPS Ground"}, "account": id,
"insurance": {"of": "value"} or {"amount": "50.00"}, "signature": "any" or "adult",
"hold": {"reason": text, "hours": n or None}, "tags": [...]}; what is not there is left open.
"""

from collections.abc import Mapping
from typing import Any

from shipping.rules.conditions import BadRule

# Things of which an order has one: the first rule that sets one of them has decided it.
SINGLE = ("parcel", "service", "account", "insurance", "signature", "hold")
WORDS = {
    "parcel": "the parcel",
    "service": "the service",
    "account": "the label account",
    "insurance": "the insurance",
    "signature": "the signature",
    "hold": "the hold",
    "tags": "tags",
}
# What changes the shipment that is quoted: a price for the other one says nothing.
REQUOTED = ("parcel", "insurance", "signature")
PRICED = (*REQUOTED, "service", "account")
SIGNATURES = {"any": "Anybody's signature", "adult": "An adult's signature"}


def check(actions: Mapping[str, Any]) -> None:
    """BadRule with words for actions that do nothing, or not what they say."""
    if not any(actions.get(name) for name in (*SINGLE, "tags")):
        raise BadRule("Say what is to happen: nothing is chosen yet.")
    service = actions.get("service") or {}
    if "days" in service and int(service["days"]) < 1:
        raise BadRule("Say within how many days.")
    hold = actions.get("hold")
    if hold and not str(hold.get("reason") or "").strip():
        raise BadRule("Say why the order is held.")
