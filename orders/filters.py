"""The queue's filters: a form that knows its queryset, so the page, the bulk bar and "all matching" agree."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from core.models import Workspace
from orders.models import Lane, Order
from orders.querysets import OrderQuerySet
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
DEADLINES = {"over": "Overdue", "6": "In 6 hours", "24": "In 24 hours", "48": "In 2 days"}


class OrderFilter(forms.Form):
    """Everything the queue's address may hold. Unknown values are errors of their field and filter nothing."""

    tab = forms.ChoiceField(choices=list(TABS.items()), required=False)
    q = forms.CharField(max_length=100, required=False, strip=True)
    shop = forms.ModelChoiceField(Shop.objects.none(), required=False)
    lane = forms.ChoiceField(choices=[("", "Any lane"), *Lane.choices], required=False)
    sku = forms.CharField(max_length=120, required=False, strip=True)
    deadline = forms.ChoiceField(choices=[("", "Any"), *DEADLINES.items()], required=False)
    single = forms.BooleanField(required=False)
    sample = forms.BooleanField(required=False)
    tag = forms.CharField(max_length=40, required=False, strip=True)
    blocker = forms.CharField(max_length=40, required=False)
    least = forms.DecimalField(min_value=0, max_digits=10, decimal_places=2, required=False)
    most = forms.DecimalField(min_value=0, max_digits=10, decimal_places=2, required=False)

    # What makes a difference to the chips above the table
    CHIPS: ClassVar[tuple[str, ...]] = (
        "q",
        "shop",
        "lane",
        "sku",
        "deadline",
        "single",
        "sample",
        "tag",
        "blocker",
        "least",
        "most",
    )

    def __init__(self, data: QueryDict | dict[str, Any], *, workspace: Workspace) -> None:
        super().__init__(data)
        self.workspace = workspace
        self.fields["shop"].queryset = Shop.objects.of(workspace)  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def tab_name(self) -> str:
        """The tab asked for; the first one when none, or an unknown one, was."""
        return self.chosen("tab") or "ready"

    def chosen(self, name: str) -> Any:
        """A field's valid value, or its empty one."""
        return (self.cleaned_data or {}).get(name) or ""

    @property
    def active(self) -> list[str]:
        """Names of the filters in use."""
        return [name for name in self.CHIPS if self.chosen(name) not in ("", None, False)]

    def matching(self, *, now: datetime, tab: str | None = None) -> OrderQuerySet:
        """The workspace's orders that match, in no order yet."""
        orders = Order.objects.of(self.workspace).tab(tab or self.tab_name, now=now)
        exact = {"shop": "shop", "lane": "lane", "blocker": "blocker"}
        for name, column in exact.items():
            if value := self.chosen(name):
                orders = orders.filter(**{column: value})
        if value := self.chosen("q"):
            orders = orders.search(value)
        if value := self.chosen("sku"):
            orders = orders.with_sku(value)
        if value := self.chosen("tag"):
            orders = orders.filter(tags__contains=[value])
        if self.chosen("single"):
            orders = orders.filter(unit_count=1)
        if self.chosen("sample"):
            orders = orders.filter(is_sample=True)
        if self.chosen("least") != "":
            orders = orders.filter(total__gte=self.chosen("least"))
        if self.chosen("most") != "":
            orders = orders.filter(total__lte=self.chosen("most"))
        return self._by_deadline(orders, now)

    def _by_deadline(self, orders: OrderQuerySet, now: datetime) -> OrderQuerySet:
        value = self.chosen("deadline")
        if value == "over":
            return orders.filter(due_at__lt=now)
        if value:
            return orders.filter(due_at__lt=now + timedelta(hours=int(value)))
        return orders
