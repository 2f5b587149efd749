"""The price that was shown for each order before a person said yes: more than that is never paid."""

from collections import defaultdict
from collections.abc import Mapping

from core.money import Money

# The fix of a batch's row whose price went up: only a sheet that shows the new one helps.
NEW_SHEET = "new_sheet"

type AsJson = dict[str, dict[str, str]]


def to_json(prices: Mapping[int, Money]) -> AsJson:
    """Prices by order, short enough to travel with a batch: {currency: {order: amount}}."""
    data: AsJson = defaultdict(dict)
    for order_id, price in prices.items():
        data[price.currency][str(order_id)] = str(price.amount)
    return dict(data)


def from_json(data: AsJson) -> dict[int, Money]:
    """What `to_json` was given."""
    return {
        int(order_id): Money.of(amount, currency)
        for currency, amounts in data.items()
        for order_id, amount in amounts.items()
    }


def is_dearer(price: Money, shown: Money) -> bool:
    """Whether `price` is more than was shown; in another currency it is not comparable, so it
    is."""
    return price.currency != shown.currency or shown < price
