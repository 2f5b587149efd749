"""Which orders a page sent: ticked ids, a filter run again, or a signed list that a sheet
carries."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import QueryDict
from django.utils import timezone

from core.access import MemberRequest
from core.models import Workspace
from orders.filters import OrderFilter
from orders.models import Order
from orders.querysets import OrderQuerySet

SALT = "shipping.selection"
# A sheet that lay open for longer than this says nothing about today's prices.
HOURS = 2


class NothingSelected(Exception):
    """No order was sent, or none that this workspace has; the message is for the person who pressed
    the button."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Orders of one workspace; `more` when the filter matches more than one batch takes."""

    orders: OrderQuerySet
    ids: list[int]
    more: bool = False


def resolve(request: MemberRequest) -> Selection:
    """The selection of a POST, looked up inside the workspace. NothingSelected when it is empty.

    `sheet`: a signed list. `all=1` with `filter`: the queue's filter, the first BATCH_LIMIT in
    queue order. Else `order` ids.
    """
    more = False
    if sealed := request.POST.get("sheet"):
        ids = unsealed(request.workspace, sealed)
    elif request.POST.get("all") == "1":
        ids, more = _matching(request.workspace, request.POST.get("filter", ""))
    else:
        ids = [int(text) for text in request.POST.getlist("order") if _is_id(text)]
    orders = Order.objects.of(request.workspace).filter(pk__in=ids)
    if not orders.exists():
        raise NothingSelected("No order is selected.")
    return Selection(orders, ids, more)


def sealed(workspace: Workspace, ids: Iterable[int]) -> str:
    """A list of order ids that a page can carry and cannot change."""
    return signing.dumps([workspace.pk, list(ids)], salt=SALT, compress=True)


def unsealed(workspace: Workspace, text: str) -> list[int]:
    """What `sealed` was given. NothingSelected for another workspace's, an altered or an old
    list."""
    try:
        owner, ids = signing.loads(text, salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        owner, ids = None, []
    if owner != workspace.pk:
        raise NothingSelected("This sheet is too old. Close it and select the orders again.")
    return [int(one) for one in ids]


def _matching(workspace: Workspace, query: str) -> tuple[list[int], bool]:
    form = OrderFilter(QueryDict(query), workspace=workspace)
    if form.errors:  # an invalid filter filters nothing: money must not follow it
        raise NothingSelected("The filter is not valid. Put it right and select again.")
    orders = form.matching(now=timezone.now()).in_queue_order().values_list("pk", flat=True)
    found = list(orders[: settings.BATCH_LIMIT + 1])
    return found[: settings.BATCH_LIMIT], len(found) > settings.BATCH_LIMIT


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
