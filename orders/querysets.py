"""Order lists: who may see them, and the queue's tabs."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.functions import Coalesce

from core.models import Workspace

if TYPE_CHECKING:
    from orders.models import Order  # noqa: F401 - what the querysets below hold

LATE_RISK = timedelta(hours=12)
CANCEL_NEAR = timedelta(hours=48)  # "next", of cancellations that come by themselves
# Never null, so that one row comparison pages through the queue on its index
NO_DEADLINE = datetime(2999, 1, 1, tzinfo=UTC)
# What was not shipped: stages, and TikTok's words (orders.readiness.OPEN)
UNSHIPPED = ("ready", "hold", "fix", "bought")
TO_SHIP = ("AWAITING_SHIPMENT", "ON_HOLD", "PARTIALLY_SHIPPING")
_TIKTOK_DIGITS = 17  # their ids have 18 or 19
_LISTED = (
    "shop_id",
    "tiktok_id",
    "status",
    "lane",
    "shipping_type",
    "order_type",
    "cancel_reason",
    "is_sample",
    "is_replacement",
    "combine_group",
    "currency",
    "buyer_nickname",
    "recipient",
    "fixed_recipient",
    "address_state",
    "held_because",
    "tags",
    "parts",
    "label_carrier",
    "label_tracking",
    "tracking_number",
    "rate_problem",
    "plan_name",
    "plan_price",
    "plan_currency",
    "plan_why",
    "plan_parcel",
    "stage",
    "blocker",
    "due_at",
    "clock__risk",
    "clock__risk_why",
    "clock__predicted_scan_at",
)


def has_number(words: str) -> bool:
    """Whether a whole order number, or what looks like one, is among the words."""
    return any(word.isdecimal() and len(word) >= _TIKTOK_DIGITS for word in words.split())


class OrderQuerySet(models.QuerySet["Order"]):
    """Filters over orders; every list starts with `of`."""

    def of(self, workspace: Workspace) -> "OrderQuerySet":
        """The workspace's orders."""
        return self.filter(workspace=workspace)

    def tab(self, name: str, *, now: datetime) -> "OrderQuerySet":
        """The orders of one tab of the queue; `all` is everything."""
        if name == "late":
            return self._late(now)
        if name == "all":
            return self
        return self.filter(stage=name)

    def _late(self, now: datetime) -> "OrderQuerySet":
        """Whose first scan is expected too late; by the deadline alone where that is not worked out
        yet. Two small sets by their own indexes: one condition over both would read every order."""
        expected = self.filter(clock__risk__in=["risk", "late"])
        near = self.filter(clock=None, stage__in=["ready", "bought"], due_at__lt=now + LATE_RISK)
        found = expected.order_by().values("pk").union(near.order_by().values("pk"), all=True)
        return self.filter(pk__in=found)

    def ending(
        self, begins: datetime, ends: datetime, *, asked: bool, now: datetime
    ) -> "OrderQuerySet":
        """Not shipped, and cancelled by TikTok between these moments and within CANCEL_NEAR; with
        `asked` also those whose buyer's request ends then because nobody answered."""
        within = {"gte": begins, "lt": min(ends, now + CANCEL_NEAR)}
        ending = models.Q(**{f"cancel_at__{name}": at for name, at in within.items()})
        if asked:
            waiting = {f"cancellations__answer_by__{name}": at for name, at in within.items()}
            unanswered = self.model.objects.filter(
                cancellations__status="pending", cancellations__kind="BUYER_CANCEL", **waiting
            )
            ending |= models.Q(pk__in=unanswered.order_by().values("pk"))
        return self.filter(
            ending, stage__in=UNSHIPPED, status__in=TO_SHIP, lane__in=["own", "platform"]
        )

    def light(self) -> "OrderQuerySet":
        """Without the raw document, which a list never shows."""
        return self.defer("raw", "search_text")

    def listed(self) -> "OrderQuerySet":
        """With only the columns that a row of the queue shows."""
        return self.select_related("clock").only(*_LISTED)

    def by_scan(self) -> "OrderQuerySet":
        """With `scan_at`, to sort by: the expected first scan, else the deadline."""
        return self.annotate(scan_at=Coalesce("clock__predicted_scan_at", "due_at"))

    def in_queue_order(self, *, newest: bool = False, by: str = "due_at") -> "OrderQuerySet":
        """Nearest deadline first, or the other way round; the id makes it total, so keyset paging neither skips nor
        repeats."""
        return self.order_by(f"-{by}", "-id") if newest else self.order_by(by, "id")

    def search(self, words: str) -> "OrderQuerySet":
        """Orders in whose number, buyer, tracking, SKUs or product names every word occurs.

        `search_text` is kept in lower case: a case-insensitive LIKE could not use its trigram index.
        """
        orders = self
        for word in words.lower().split()[:6]:
            if has_number(word):
                # A whole order number: the trigrams of digits are in every order, its own index has it at once.
                numbered = orders.filter(tiktok_id=word)
                if numbered.exists():
                    return numbered
            orders = orders.filter(search_text__contains=word)
        return orders

    def with_skus(self, sku_ids: Collection[str]) -> "OrderQuerySet":
        """Orders with a line of one of these SKUs, by TikTok's ids."""
        return self.filter(sku_ids__overlap=list(sku_ids)) if sku_ids else self.none()

    def tagged(self, name: str) -> "OrderQuerySet":
        """Orders with this tag; few have any, and only those are indexed."""
        return self.exclude(tags=[]).filter(tags__contains=[name])

    def beyond(
        self, at: datetime, pk: int, *, upwards: bool, by: str = "due_at"
    ) -> "OrderQuerySet":
        """What comes after this place, to later deadlines or to earlier ones: a range on the queue's index."""
        compare = TupleGreaterThan if upwards else TupleLessThan
        here = (models.Value(at), models.Value(pk))
        return self.filter(compare(Tuple(by, "id"), here))
