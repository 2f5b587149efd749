"""The strategy of an order as its page shows it: the facts of shipping.strategy, gathered."""

from datetime import datetime

from orders.models import Order
from shipping.models import QuoteSet
from shipping.strategy import Facts, Strategy, decide
from shops.policy.book import NoRule, market_of
from shops.policy.ours import book_for


def strategy_of(order: Order, quotes: QuoteSet | None, *, now: datetime) -> Strategy:
    """One query, for the workspace's own rules; `order.shop` is at hand."""
    exempt: tuple[str, ...] = ()
    words = ""
    if order.lane == "platform":
        book = book_for(market_of(order.shop.region), order.workspace_id)
        try:
            rule = book.rule("lane.platform.exempt", on=now.date())
            exempt, words = tuple(rule.value), rule.words
        except NoRule:
            pass
    return decide(
        Facts(
            lane=order.lane,
            shipping_type=order.shipping_type,
            exempt=exempt,
            exempt_words=words,
            rates=quotes.rates if quotes else (),
        )
    )
