"""The confirmation sheet, and the one press that spends money."""

import secrets
from urllib.parse import urlencode

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part, toast
from core.money import Money
from orders.models import Order
from shipping import approvals, batches, ceilings
from shipping.quoting import quote_due
from shipping.selection import HOURS, NothingSelected, resolve, sealed, unsealed
from shipping.spend.limits import CODES
from shipping.views.print_jobs import bought_as, printing_context

SALT = "shipping.offer"
PAGE = "shipping/sheet.html"
# Where the orders behind a reason are found: the tab of the queue that has them.
_TABS = {"on_hold": "hold", "held": "hold", "label_exists": "bought", "shipped": "shipped"}
_CLOSED = {"unpaid", "cancelled", "fbt", "not_shippable"}
# Reasons that no filter of the queue finds
_NOWHERE = {"same", "not_offered", "no_quotes", "bad_parcel", *CODES}


@require_POST
@member(Right.BUY)
def sheet(request: MemberRequest) -> HttpResponse:
    """What buying the selection would do; it asks again by itself while rates are on their way."""
    try:
        selection = resolve(request)
    except NothingSelected as refusal:
        return _nothing(request, str(refusal))
    return _sheet(request, selection.ids, more=selection.more)


def _nothing(request: MemberRequest, text: str) -> HttpResponse:
    if getattr(request, "htmx", False):
        return toast(HttpResponse(status=204), text, level="warn")
    messages.warning(request, text)
    return go(request, wreverse(request.workspace, "orders:queue"))


def _sheet(
    request: MemberRequest,
    ids: list[int],
    *,
    more: bool = False,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    orders = Order.objects.of(request.workspace).filter(pk__in=ids)
    offer = batches.sheet(request.workspace, orders)
    if offer.unpriced and "sheet" not in request.POST:
        quote_due.later(workspace_id=request.workspace.pk)
    context = {
        "sheet": offer,
        "count": offer.priced,
        "change": abs(offer.change_percent or 0),
        "totals": " + ".join(map(str, offer.totals)),
        "left_out": [(group, where(request, group)) for group in offer.left_out],
        "more": more or request.POST.get("more") == "1",
        "notice": notice,
        "sealed": sealed(request.workspace, ids),
        "offer": _sign(request, offer),
        **printing_context(request),
    }
    return page_or_part(request, PAGE, "sheet", context, status=status)


def where(request: MemberRequest, group: batches.LeftOut) -> str:
    """The queue, narrowed to the orders with this reason; "" where it cannot be."""
    if group.code in _NOWHERE:
        return ""
    tab = _TABS.get(group.code) or ("all" if group.code in _CLOSED else "fix")
    query = {"tab": tab}
    if group.code not in ("label_exists", "shipped", "not_ready"):
        query["blocker"] = group.code
    return f"{wreverse(request.workspace, 'orders:queue')}?{urlencode(query)}"


def _sign(request: MemberRequest, offer: batches.Sheet) -> str:
    """What was shown, to the cent, with a name of its own: pressed twice, it is still one
    purchase."""
    shown = [request.workspace.pk, secrets.token_hex(8), ceilings.to_json(offer.prices)]
    return signing.dumps(shown, salt=SALT, compress=True)


@require_POST
@member(Right.BUY)
def ask(request: MemberRequest) -> HttpResponse:
    """Ask a second person to approve what the sheet showed, which is more than one may spend."""
    try:
        name, shown = _read(request)
    except NothingSelected as refusal:
        return _nothing(request, str(refusal))
    ids, now = list(shown), timezone.now()
    notice = _changed(request, shown)
    if not notice:
        try:
            asked = approvals.ask(
                request.workspace,
                name,
                shown,
                request.user,
                label_format=bought_as(request),
                now=now,
            )
        except approvals.Refused as refusal:
            notice = str(refusal)
        else:
            page = wreverse(request.workspace, "shipping:approval", approval_id=asked.pk)
            return go(request, page)
    return _sheet(request, _selected(request, ids), notice=notice, status=422)


@require_POST
@member(Right.BUY)
def buy(request: MemberRequest) -> HttpResponse:
    """Buy what the sheet showed: those orders, for that money or less. One sheet makes one
    batch."""
    try:
        name, shown = _read(request)
        ids = list(shown)
        batch = batches.started_by(request.workspace, name)
        if batch is None:
            notice = _changed(request, shown)
            if notice:
                return _sheet(request, _selected(request, ids), notice=notice, status=422)
            orders = Order.objects.of(request.workspace).filter(pk__in=ids)
            batch = batches.start(
                request.workspace,
                orders,
                request.user,
                once=name,
                prices=shown,
                label_format=bought_as(request),
            )
    except NothingSelected as refusal:
        return _nothing(request, str(refusal))
    except batches.NothingToBuy as refusal:
        return _sheet(request, _selected(request, ids), notice=str(refusal), status=422)
    return go(request, wreverse(request.workspace, "shipping:batch", batch_id=batch.public_id))


def _read(request: MemberRequest) -> tuple[str, dict[int, Money]]:
    """The sheet's name, and the price it showed for each order."""
    try:
        owner, name, prices = signing.loads(
            request.POST.get("offer", ""), salt=SALT, max_age=HOURS * 3600
        )
    except signing.BadSignature:
        owner, name, prices = None, "", {}
    if owner != request.workspace.pk or not prices:
        raise NothingSelected("This sheet is too old. Close it and select the orders again.")
    return name, ceilings.from_json(prices)


def _selected(request: MemberRequest, ids: list[int]) -> list[int]:
    """The whole selection behind the sheet, for showing it anew; at least what was to be bought."""
    if not request.POST.get("sheet"):
        return ids
    return unsealed(request.workspace, request.POST["sheet"])


def _changed(request: MemberRequest, shown: dict[int, Money]) -> str:
    """Words when an order would now cost more than was shown, or some price is no longer known;
    else nothing."""
    orders = Order.objects.of(request.workspace).filter(pk__in=list(shown))
    offer = batches.sheet(request.workspace, orders, now=timezone.now())
    if offer.unpriced:
        quote_due.later(workspace_id=request.workspace.pk)
        return "Some prices ran out meanwhile and are asked for again. Nothing was bought."
    guarded = {pk for group in offer.left_out if group.code in CODES for pk in group.order_ids}
    if guarded & shown.keys():
        return "The spend guard has changed while the sheet was open. Nothing was bought."
    if any(ceilings.is_dearer(price, shown[pk]) for pk, price in offer.prices.items()):
        return "Prices went up while the sheet was open. Nothing was bought; this is the new total."
    return ""
