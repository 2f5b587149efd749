"""What the dated rules say about parcels: when one counts as lost, and how long its label can still
be given back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from shipping.models import Label
from shops.models import Shop
from shops.policy.book import EVERYWHERE, Book, NoRule, Rule, market_of
from shops.policy.ours import books_for

_WINDOW = "void_window."


@dataclass(frozen=True)
class Terms:
    """The rules of one workspace's markets on one day; the market of each of its shops."""

    on: date
    books: Mapping[str, Book]
    markets: Mapping[int, str]  # by shop

    def lost_after(self, shop_id: int) -> Rule | None:
        """Days without a scan after which a parcel of the shop counts as lost; None where the
        market has no such rule."""
        return self._rule(shop_id, "lost.after_days")

    def silent_since(self, now: datetime) -> dict[int, datetime]:
        """By shop: the moment before which a parcel's last event makes it stalled, which is at half
        the way to being lost. Shops of markets without a rule are left out."""
        rules = {shop_id: self.lost_after(shop_id) for shop_id in self.markets}
        return {shop_id: now - days(rule.number / 2) for shop_id, rule in rules.items() if rule}

    def void_until(self, label: Label, shop_id: int) -> datetime | None:
        """Until when the label's money can be asked back; None where no rule tells."""
        for key in (f"{label.provider}.{label.carrier}", label.provider):
            if label.settled_at and (rule := self._rule(shop_id, _WINDOW + key)):
                return label.settled_at + days(rule.number)
        return None

    def watched(self) -> timedelta:
        """How long a label is worth watching: as long as any label can be given back."""
        books = [*self.books.values()]
        known = [rule for book in books for rule in book.in_force(self.on)]
        return days(
            max((rule.number for rule in known if rule.key.startswith(_WINDOW)), default=Decimal(0))
        )

    def _rule(self, shop_id: int, key: str) -> Rule | None:
        book = self.books[self.markets.get(shop_id, EVERYWHERE)]
        try:
            return book.rule(key, on=self.on)
        except NoRule:
            return None


def days(number: Decimal) -> timedelta:
    """A rule's number of days as a span."""
    return timedelta(seconds=int(number * 86_400))


def terms_of(workspace_id: int, shops: Sequence[Shop], *, on: date) -> Terms:
    """The terms for these shops; one query."""
    markets = {shop.pk: market_of(shop.region) for shop in shops}
    asked = sorted({EVERYWHERE, *markets.values()})
    return Terms(on, books_for(workspace_id, asked), markets)
