"""Which of TikTok's calls ships an order: it depends on the market and on whose label it is."""

from django.utils import timezone

from shops.models import Shop
from shops.policy.book import market_of, plain

BY_ORDER = "mark_package_shipped"
BY_PACKAGE = "ship_packages"
BOUGHT = "create_package"


def ship_call(shop: Shop, lane: str) -> str:
    """BY_ORDER, BY_PACKAGE or BOUGHT, by the market's rules `ship.call.own` and
    `ship.call.platform`. TikTok's interface is as it is: no workspace overrides it."""
    market = market_of(shop.region)
    today = timezone.now().date()
    return str(plain(market).rule(f"ship.call.{lane}", on=today, market=market).value)


def by_package(shop: Shop) -> bool:
    """Whether TikTok's own labels are arranged for packages there instead of bought for orders."""
    return ship_call(shop, "platform") == BY_PACKAGE
