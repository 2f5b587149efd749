"""Where an order stands and what stands in its way. Pure: facts in, one answer out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# TikTok's words for "shipping was arranged", whoever arranged it.
# TikTok's own word that a carrier has, or had, the parcel
COLLECTED: Final = ("IN_TRANSIT", "DELIVERED", "COMPLETED")
SHIPPED: Final = frozenset({"AWAITING_COLLECTION", *COLLECTED})
CANCELLED: Final = frozenset({"CANCELLED", "CANCEL"})
OPEN: Final = frozenset({"AWAITING_SHIPMENT", "ON_HOLD", "PARTIALLY_SHIPPING"})
# A label in one of these states decides where an order stands that is not shipped or closed.
LABELLED: Final = frozenset({"buying", "bought", "unknown"})
_ADDRESS: Final = {"none": "no_address", "masked": "masked_address", "bad": "bad_address"}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that readiness depends on; weight, ship-from and account may be left at their best and
    asked for later."""

    status: str
    lane: str
    shipping_type: str = "SELLER"
    order_type: str = ""
    is_on_hold: bool = False
    is_cancel_requested: bool = False
    held_because: str = ""
    held_until: datetime | None = None
    ship_despite_cancel: bool = False
    relabel: bool = False
    split: bool = False  # into parcels of our own: part of it may be shipped
    nothing_left: bool = False  # in any of them: others ship it
    address_state: str = "good"
    label_state: str = ""
    dispatch_refused: bool = False
    weight_known: bool = True
    has_ship_from: bool = True
    has_account: bool = True
    rate_problem: str = ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """The stage (orders.models.Stage) and, where something is in the way, its code in
    orders.blockers."""

    stage: str
    blocker: str = ""


def decide(facts: Facts, *, now: datetime) -> Readiness:
    """The first thing that is in the way, from what nobody can change to what one field puts
    right."""
    return _settled(facts) or _labelled(facts) or _waiting(facts, now) or _to_fix(facts)


def _settled(facts: Facts) -> Readiness | None:
    """Orders that are not ours to ship, or shipped already."""
    if facts.lane == "fbt":
        return Readiness("closed", "fbt")
    if facts.status in CANCELLED:
        return Readiness("closed", "cancelled")
    if facts.lane == "none":
        known = facts.shipping_type == "TIKTOK_DIGITAL" or facts.order_type == "VIRTUAL_ORDER"
        return Readiness("closed" if known else "fix", "not_shippable")
    if facts.status in SHIPPED and not _relabelled(facts):
        return Readiness("shipped", "dispatch_refused" if facts.dispatch_refused else "")
    return None


def _relabelled(facts: Facts) -> bool:
    """A person had its label given back before any carrier had the parcel: it is bought again."""
    return facts.relabel and facts.lane == "own" and facts.status == "AWAITING_COLLECTION"


def _labelled(facts: Facts) -> Readiness | None:
    """Money is moving or was spent for this order, or others ship all of it."""
    if facts.label_state == "unknown":
        return Readiness("fix", "label_unknown")
    if facts.label_state in ("bought", "part") and facts.dispatch_refused:
        return Readiness("fix", "dispatch_refused")
    if facts.label_state in ("buying", "bought"):
        return Readiness("bought")
    if facts.nothing_left:
        return Readiness("shipped")
    return None


def _waiting(facts: Facts, now: datetime) -> Readiness | None:
    """Orders that time, the buyer or a colleague holds back."""
    if facts.status == "UNPAID":
        return Readiness("closed", "unpaid")
    if facts.status not in OPEN and not _relabelled(facts):
        return Readiness("fix", "unknown_status")
    if facts.status == "ON_HOLD" or facts.is_on_hold:
        return Readiness("hold", "on_hold")
    if facts.held_because and (facts.held_until is None or facts.held_until > now):
        return Readiness("hold", "held")
    return None


def _to_fix(facts: Facts) -> Readiness:
    if facts.status == "PARTIALLY_SHIPPING" and not facts.split:
        return Readiness("fix", "part_shipped")
    if facts.is_cancel_requested and not facts.ship_despite_cancel:
        return Readiness("fix", "cancel_requested")
    if facts.lane == "own" and facts.address_state in _ADDRESS:
        return Readiness("fix", _ADDRESS[facts.address_state])
    if not facts.weight_known:
        return Readiness("fix", "no_weight")
    if not facts.has_ship_from:
        return Readiness("fix", "no_ship_from")
    if not facts.has_account:
        return Readiness("fix", "no_account")
    if facts.rate_problem:
        return Readiness("fix", "no_rate")
    return Readiness("ready")
