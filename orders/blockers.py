"""Why an order cannot be bought: a sentence for a person and the one button that puts it right."""

from collections.abc import Callable
from dataclasses import dataclass

from orders import addresses
from orders.models import Order


@dataclass(frozen=True, slots=True)
class Blocker:
    """`sentence` is told the order. The button is words with either an `action` of orders.actions
    or a `url_name`; neither where waiting is all there is to do."""

    sentence: Callable[[Order], str]
    button: str = ""
    action: str = ""
    url_name: str = ""


def _on_hold(order: Order) -> str:
    return "The buyer may still cancel: TikTok holds the order for about an hour after payment."


def _held(order: Order) -> str:
    return f"Held by your team: {order.held_because}"


def _cancel_requested(order: Order) -> str:
    reason = f" ({order.cancel_reason})" if order.cancel_reason else ""
    return f"The buyer asked to cancel{reason}. Approve or refuse it, or ship anyway."


def _bad_address(order: Order) -> str:
    return addresses.problem(order.address) or "The address cannot be delivered to."


def _not_shippable(order: Order) -> str:
    if order.shipping_type == "TIKTOK_DIGITAL" or order.order_type == "VIRTUAL_ORDER":
        return "A digital order: there is nothing to ship."
    return f"CreatorFlow does not know how to ship “{order.shipping_type or 'nothing'}” orders."


def _unknown_status(order: Order) -> str:
    return f"TikTok calls this order “{order.status}”, which CreatorFlow does not know."


def _no_rate(order: Order) -> str:
    return order.rate_problem or "No rate can be bought for this order."


def _dispatch_refused(order: Order) -> str:
    refused = order.dispatches.filter(state="refused").first()
    return (
        f"TikTok refused the tracking number: {refused.reason}"
        if refused
        else ("TikTok refused the tracking number.")
    )


def _says(words: str) -> Callable[[Order], str]:
    return lambda order: words


BLOCKERS: dict[str, Blocker] = {
    "unpaid": Blocker(_says("The buyer has not paid yet.")),
    "on_hold": Blocker(_on_hold),
    "held": Blocker(_held, "Release", action="release"),
    "cancel_requested": Blocker(_cancel_requested, "Ship anyway", action="ship_despite_cancel"),
    "masked_address": Blocker(
        _says("TikTok hides part of this address, so no label of your own can be bought for it."),
        "Enter the address",
        action="fix_address",
    ),
    "no_address": Blocker(
        _says("TikTok has not sent an address for this order."),
        "Enter the address",
        action="fix_address",
    ),
    "bad_address": Blocker(_bad_address, "Correct the address", action="fix_address"),
    "no_weight": Blocker(
        _says("The weight of an item is not known."), "Enter the weight", action="measure"
    ),
    "no_rate": Blocker(_no_rate, "Ask for rates again", action="ask_rates"),
    "cancelled": Blocker(_says("The order is cancelled.")),
    "fbt": Blocker(_says("TikTok ships this order from its own warehouse.")),
    "not_shippable": Blocker(_not_shippable),
    "unknown_status": Blocker(_unknown_status, "Read it again", action="reread"),
    "part_shipped": Blocker(
        _says("Part of this order was shipped on TikTok already."),
        "Ship the rest",
        url_name="orders:detail",
    ),
    "label_unknown": Blocker(
        _says("Whether a label was paid is being found out. Nothing is bought again before that."),
        "See the label",
        url_name="orders:detail",
    ),
    "dispatch_refused": Blocker(_dispatch_refused, "Tell TikTok again", action="retry_dispatch"),
    "no_ship_from": Blocker(
        _says("There is no ship-from address yet."),
        "Add a ship-from address",
        url_name="shipping:settings",
    ),
    "no_account": Blocker(
        _says("No label account can be used for orders with your own label."),
        "Add a label account",
        url_name="shipping:settings",
    ),
}


def blocker_of(order: Order) -> Blocker | None:
    """What stands in this order's way, or None."""
    return BLOCKERS.get(order.blocker)


def sentence(order: Order) -> str:
    """Why the order cannot be bought, or "" when it can."""
    found = blocker_of(order)
    if found:
        return found.sentence(order)
    return f"Something stands in the way ({order.blocker})." if order.blocker else ""
