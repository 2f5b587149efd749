"""The queue's filters: a form that knows its queryset, so the page, the bulk bar and "all matching" agree."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict

from core.models import Workspace
from orders.models import Lane, Order
from orders.querysets import NO_DEADLINE, OrderQuerySet, has_number
from orders.redating import deadlines_of
from shops.catalog.models import Sku
from shops.models import Shop

TABS = {
    "ready": "Ready",
    "late": "Late risk",
    "hold": "On hold",
    "fix": "Needs a fix",
    "bought": "Bought",
    "shipped": "Shipped",
    "all": "All",
}
# What is over is looked up from its newest end; what is to be done begins with the nearest deadline.
NEWEST_FIRST = frozenset({"shipped", "all"})
RISKS = {"risk": "Expected too late", "late": "Late, not scanned"}
# What TikTok ends by itself; "any" where the market's rules count unanswered requests as well
ENDINGS = {"next": "TikTok cancels it next", "any": "Cancelled next, or asked for"}
SORTS = {"": "Nearest deadline", "scan": "Expected scan"}
DEADLINES = {"over": "Overdue", "6": "In 6 hours", "24": "In 24 hours", "48": "In 2 days"}
# Codes of orders.blockers as a group of orders is called by
BLOCKER_WORDS = {
    "unpaid": "Not paid yet",
    "on_hold": "Held by TikTok",
    "held": "Held by your team",
    "cancel_requested": "Buyer asked to cancel",
    "masked_address": "Masked address",
    "no_address": "No address",
    "bad_address": "Wrong address",
    "no_weight": "Weight missing",
    "no_rate": "No rate found",
    "cancelled": "Cancelled",
    "fbt": "Shipped by TikTok",
    "not_shippable": "Nothing to ship",
    "unknown_status": "Unknown status",
    "part_shipped": "Partly shipped",
    "label_unknown": "Label being found out",
    "dispatch_refused": "Tracking refused",
    "no_ship_from": "No ship-from address",
    "no_account": "No label account",
}
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
# Shorter runs are in no trigram, so the search index could not help.
_SEARCHABLE = re.compile(r"\w{3}")
_MOST_SKUS = 200  # of one name: every shop may have its own


class OrderFilter(forms.Form):
    """Everything the queue's address may hold. Unknown values are errors of their field and filter nothing."""

    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)
    q = forms.CharField(max_length=100, required=False, strip=True, label="Search")
    shop = forms.ModelChoiceField(Shop.objects.none(), required=False)
    lane = forms.ChoiceField(choices=[("", "Any lane"), *Lane.choices], required=False)
    sku = forms.CharField(max_length=120, required=False, strip=True, label="SKU")
    deadline = forms.ChoiceField(choices=[("", "Any deadline"), *DEADLINES.items()], required=False)
    sort = forms.ChoiceField(choices=list(SORTS.items()), required=False, label="Sorted by")
    risk = forms.ChoiceField(choices=[("", "Any"), *RISKS.items()], required=False)
    cancel = forms.ChoiceField(choices=[("", "Any"), *ENDINGS.items()], required=False)
    # due, or with `cancel` cancelled, in the week around that day
    week = forms.DateField(required=False, label="Week")
    single = forms.BooleanField(required=False)
    sample = forms.BooleanField(required=False)
    tag = forms.CharField(max_length=40, required=False, strip=True)
    blocker = forms.CharField(max_length=40, required=False, label="Reason")
    least = forms.DecimalField(
        min_value=0, max_digits=10, decimal_places=2, required=False, label="Value from"
    )
    most = forms.DecimalField(
        min_value=0, max_digits=10, decimal_places=2, required=False, label="Value to"
    )

    # What makes a difference, in the order of the chips above the table
    CHIPS: ClassVar[tuple[str, ...]] = (
        "q",
        "blocker",
        "shop",
        "lane",
        "sku",
        "deadline",
        "risk",
        "cancel",
        "week",
        "single",
        "sample",
        "tag",
        "least",
        "most",
    )

    def __init__(self, data: QueryDict | dict[str, Any], *, workspace: Workspace) -> None:
        super().__init__(data)
        self.workspace = workspace
        self.fields["shop"].queryset = Shop.objects.of(workspace)  # type: ignore[attr-defined]
        self.full_clean()

    def clean_q(self) -> str:
        """Refuse a search that would have to read every order."""
        words: str = self.cleaned_data["q"]
        if words and not _SEARCHABLE.search(words):
            raise ValidationError("Type at least three letters or digits in a row.")
        return words

    @property
    def tab_name(self) -> str:
        """The tab asked for; the first one when none, or an unknown one, was."""
        return self.chosen("tab") or "ready"

    @property
    def newest(self) -> bool:
        """Whether the tab begins with its newest orders."""
        return self.tab_name in NEWEST_FIRST

    @property
    def sorted_by(self) -> str:
        """The moment that orders are sorted by; by their expected scan only where that is known."""
        return "scan_at" if self.tab_name == "late" and self.chosen("sort") else "due_at"

    def chosen(self, name: str) -> Any:
        """A field's valid value, or its empty one."""
        return (self.cleaned_data or {}).get(name) or ""

    @property
    def active(self) -> list[str]:
        """Names of the filters in use."""
        return [name for name in self.CHIPS if self.chosen(name) not in ("", None, False)]

    def words(self, name: str) -> str:
        """A filter in use, as its chip says it."""
        value = self.chosen(name)
        named: dict[str, str] = {
            "q": f"“{value}”",
            "blocker": BLOCKER_WORDS.get(value, value),
            "lane": dict(Lane.choices).get(value, ""),
            "sku": f"SKU {value}",
            "deadline": DEADLINES.get(value, ""),
            "risk": RISKS.get(value, ""),
            "cancel": ENDINGS.get(value, ""),
            "week": f"{self._week_of} the week of {value:%b} {value.day}" if name == "week" else "",
            "single": "Single item",
            "sample": "Samples",
            "tag": f"Tag {value}",
            "least": f"From {value}",
            "most": f"Up to {value}",
        }
        return named.get(name, str(value))

    def matching(self, *, now: datetime, tab: str | None = None) -> OrderQuerySet:
        """The workspace's orders that match, in no order yet."""
        orders = Order.objects.of(self.workspace).tab(tab or self.tab_name, now=now)
        for name in ("shop", "lane", "blocker"):
            if value := self.chosen(name):
                orders = orders.filter(**{name: value})
        if value := self.chosen("q"):
            orders = orders.search(value)
        if value := self.chosen("sku"):
            orders = orders.with_skus(self._sku_ids(value))
        if value := self.chosen("tag"):
            orders = orders.tagged(value)
        if value := self.chosen("risk"):
            orders = orders.filter(clock__risk=value)
        if value := self.chosen("cancel"):
            orders = self._ending(orders, asked=value == "any", now=now)
        elif value := self.chosen("week"):
            orders = orders.filter(self._in_week(value))
        if self.chosen("single"):
            orders = orders.filter(unit_count=1)
        if self.chosen("sample"):
            orders = orders.filter(is_sample=True)
        if self.chosen("least") != "":
            orders = orders.filter(total__gte=self.chosen("least"))
        if self.chosen("most") != "":
            orders = orders.filter(total__lte=self.chosen("most"))
        return self._by_deadline(orders, now)

    def among(self, *, now: datetime) -> OrderQuerySet | None:
        """The tab's orders, where `matching` picks some by what no index has in the tab's order."""
        words = self.chosen("q")
        if not self.newest or not (words or self.chosen("sku")) or has_number(words):
            return None
        return Order.objects.of(self.workspace).tab(self.tab_name, now=now)

    def _sku_ids(self, name: str) -> list[str]:
        """TikTok's ids of the SKUs that people, or TikTok, call so."""
        named = Q(seller_sku__iexact=name) | Q(tiktok_id=name)
        skus = Sku.objects.of(self.workspace).filter(named)
        return list(skus.values_list("tiktok_id", flat=True)[:_MOST_SKUS])

    @property
    def _week_of(self) -> str:
        return "Cancelled in" if self.chosen("cancel") else "Due in"

    def _in_week(self, day: date) -> Q:
        """Due in the week around that day, which begins on Monday where the order's market is."""
        found = Q(pk__in=[])
        for shop in self._shops():
            begins, ends = deadlines_of(shop).week_of(day)
            found |= Q(shop=shop, due_at__gte=begins, due_at__lt=ends)
        return found

    def _ending(self, orders: OrderQuerySet, *, asked: bool, now: datetime) -> OrderQuerySet:
        """Those whose end comes by itself: in the week asked for, else whenever."""
        if not (day := self.chosen("week")):
            return orders.ending(LONG_AGO, NO_DEADLINE, asked=asked, now=now)
        found = Q(pk__in=[])
        for shop in self._shops():
            begins, ends = deadlines_of(shop).week_of(day)
            ending = Order.objects.filter(shop=shop).ending(begins, ends, asked=asked, now=now)
            found |= Q(pk__in=ending.order_by().values("pk"))
        return orders.filter(found)

    def _shops(self) -> Iterable[Shop]:
        chosen = self.chosen("shop")
        return [chosen] if chosen else Shop.objects.of(self.workspace)

    def _by_deadline(self, orders: OrderQuerySet, now: datetime) -> OrderQuerySet:
        value = self.chosen("deadline")
        if value == "over":
            return orders.filter(due_at__lt=now)
        if value:
            return orders.filter(due_at__lt=now + timedelta(hours=int(value)))
        return orders
