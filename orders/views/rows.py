"""The rows of the queue, drawn in Python: by the template language, fifty of them cost a third of
the page's time."""

from collections import defaultdict
from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe

from core.access import wreverse
from core.carriers import carrier_name
from core.models import Workspace
from core.templatetags import ui
from orders import parts
from orders.blockers import blocker_of, sentence
from orders.models import Clock, Lane, Line, Order, Risk, Stage
from orders.units import group_lines
from shops.models import Shop

ITEMS = 2  # shown in a row; the others are counted
LONGEST = 60  # letters of a product's name
LANES: dict[str, str] = {
    Lane.OWN: "Own",
    Lane.PLATFORM: "Platform",
    Lane.FBT: "FBT",
    Lane.NONE: "–",
}
_ROW = """<tr data-row{late}>
<td class="pick"><input type="checkbox" name="order" value="{pk}" data-pick{amount} \
aria-label="Select order {number}"></td>
<td class="fit side"><span class="deadline deadline--{tone}">{sign}{when}</span>{forecast}</td>
<td class="main"><a data-open href="{url}" title="{number}">{short}</a>\
<span class="sub">{buyer}</span></td>
<td class="second items">{items}</td>
<td class="wide-only"><span class="lane">{lane}</span></td>
<td class="wide-only nums nowrap parcel">{parcel}</td>
{state}
<td class="flags">{flags}</td>
</tr>"""
_AMOUNT = ' data-amount="{}"'
_PARCEL = '{}<span class="sub" title="{}">{}</span>'
_PROBLEM = '<td class="problem-cell"><span>{}</span>{}</td>'
_BUTTON = '<a class="btn btn-sm" href="{}#fix">{}</a>'
_RATE = (
    '<td class="rate"><span class="rate__line"><strong class="nums">{}</strong>{}</span>'
    '<span class="sub" title="{}">{}</span></td>'
)
_WHY = (
    '<details class="why" data-menu><summary aria-label="Why this rate">{}</summary>'
    '<div class="why__note">{}</div></details>'
)
_FORECAST = (
    '<span class="sub forecast nowrap">scan {}<details class="why why--start" data-menu>'
    '<summary aria-label="Why this forecast">{}</summary><div class="why__note">{}</div></details>'
    "</span>"
)
_LABEL = '<td class="rate">{}<span class="sub">{}</span></td>'
_AWAITED = mark_safe('<td class="rate"><span class="quiet">rates on their way</span></td>')
_NO_RATE = mark_safe('<td class="rate"></td>')
_UNKNOWN = mark_safe('<span class="quiet">–</span>')
_LATE = mark_safe(' class="is-late"')
_SIGNS = {"red": "alert-circle", "amber": "clock"}  # of a deadline's tone


def rows_of(
    orders: Iterable[Order],
    shops: dict[int, Shop],
    workspace: Workspace,
    *,
    staged: bool = False,
    priced: bool = False,
) -> list[SafeString]:
    """A table row per order, at one more query however many there are.

    `staged` ones say their stage; `priced` ones carry the amount that the bulk bar adds up.
    """
    chosen = list(orders)
    lines: dict[int, list[Line]] = defaultdict(list)
    columns = ("order_id", "tiktok_id", "sku_id", "seller_sku", "product_name", "status")
    found = Line.objects.filter(order__in=[order.pk for order in chosen]).order_by("id")
    for line in found.only(*columns):
        lines[line.order_id].append(line)
    several = len(shops) > 1
    address = wreverse(workspace, "orders:detail", order_id=0)
    return [
        _row(
            order,
            lines[order.pk],
            shop=shops[order.shop_id].name if several else "",
            url=address.replace("/0/", f"/{order.pk}/"),
            staged=staged,
            priced=priced,
        )
        for order in chosen
    ]


def _drawn(form: str, *parts: object, **named: object) -> SafeString:
    """As Django's format_html, without its way around translations: three times as fast."""
    texts = [_text(part) for part in parts]
    return mark_safe(form.format(*texts, **{k: _text(part) for k, part in named.items()}))  # noqa: S308 - all escaped


def _text(part: object) -> str:
    return part if isinstance(part, SafeString) else escape(str(part))


def _row(
    order: Order, lines: list[Line], *, shop: str, url: str, staged: bool, priced: bool
) -> SafeString:
    over = order.stage in (Stage.SHIPPED, Stage.CLOSED)
    clock = getattr(order, "clock", None)  # read with it; None where it is not worked out yet
    at_risk = clock is not None and clock.risk in (Risk.RISK, Risk.LATE)
    tone = "grey" if over and not at_risk else _tone(order, clock)
    buyer = _buyer(order)
    return _drawn(
        _ROW,
        late=_LATE if tone == "red" else "",
        pk=order.pk,
        amount=_amount(order) if priced else "",
        number=order.tiktok_id,
        tone=tone,
        sign=ui.icon(_SIGNS[tone], "icon--sm") if tone in _SIGNS else "",
        when=ui.when(order.due_at),
        forecast=_forecast(clock),
        url=url,
        short=ui.short_id(order.tiktok_id),
        buyer=f"{buyer} · {shop}" if shop else buyer,
        items=_items(lines),
        lane=LANES.get(order.lane, order.lane),
        parcel=_parcel(order),
        state=_state(order, url, over=over),
        flags=_flags(order, staged=staged),
    )


def _tone(order: Order, clock: Clock | None) -> str:
    """As near as its deadline is, and never calm while its scan is expected too late."""
    tone = ui.deadline_tone(order.due_at)
    return "amber" if clock and clock.risk == Risk.RISK and tone == "grey" else tone


def _forecast(clock: Clock | None) -> SafeString | str:
    """When the first scan is expected, and why, where that is too late."""
    if clock is None or clock.risk != Risk.RISK or clock.predicted_scan_at is None:
        return ""
    sign = ui.icon("info-circle", "icon--sm")
    return _drawn(_FORECAST, ui.when(clock.predicted_scan_at), sign, clock.risk_why)


def _amount(order: Order) -> SafeString | str:
    if order.stage != Stage.READY or not order.plan_price:
        return ""
    return _drawn(_AMOUNT, order.plan_price)


def _parcel(order: Order) -> SafeString:
    box = order.plan_parcel
    weight = ui.weight(box.get("weight_g"))
    if not weight:
        return _UNKNOWN
    said = " · ".join(part for part in (ui.size(box), box.get("source", "")) if part)
    return _drawn(_PARCEL, weight, said, said)


def _state(order: Order, url: str, *, over: bool) -> SafeString:
    """What stands in the way and the button that puts it right; else the label, else the rate."""
    if problem := _problem(order):
        found = blocker_of(order)
        button = _drawn(_BUTTON, url, found.button) if found and found.button else ""
        return _drawn(_PROBLEM, problem, button)
    to_buy = parts.label_state(order.parts) == parts.SOME  # the rest of its parcels
    if (order.label_tracking and not to_buy) or over:
        tracking = order.label_tracking or order.tracking_number
        carrier = carrier_name(order.label_carrier) if order.label_tracking else ""
        return _drawn(_LABEL, carrier, tracking) if tracking else _NO_RATE
    if price := ui.money(order.plan_price, order.plan_currency):
        sign = ui.icon("info-circle", "icon--sm")
        why = _drawn(_WHY, sign, order.plan_why) if order.plan_why else ""
        return _drawn(_RATE, price, why, order.plan_name, order.plan_name)
    return _AWAITED if order.stage == Stage.READY else _NO_RATE


def _items(lines: list[Line]) -> str:
    """A line per SKU."""
    groups = group_lines(lines)
    said = [f"{group.live}× {shortened(group.first.product_name)}" for group in groups[:ITEMS]]
    if len(groups) > ITEMS:
        said.append(f"and {ui.counted(len(groups) - ITEMS, 'more SKU')}")
    return "\n".join(said)


def shortened(name: str) -> str:
    """A product's name as long as a row takes."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def _flags(order: Order, *, staged: bool) -> SafeString:
    badges = [ui.badge(order.stage)] if staged else []
    if order.parts:
        badges.append(ui.badge("parcels", parts.tally(order.parts), "grey", "packages"))
    said = (
        (order.is_sample, "sample"),
        (order.combine_group, "combinable"),
        (order.is_replacement, "replacement"),
    )
    badges += [ui.badge(words, words, "grey") for holds, words in said if holds]
    badges += [ui.badge("tag", tag, "grey", "tag") for tag in order.tags]
    return mark_safe(" ".join(badges))  # noqa: S308 - badges only


def _buyer(order: Order) -> str:
    address = order.address
    if order.address_state == "masked" and not order.fixed_recipient:
        return "(masked)"
    if address.get("name"):
        return f"{address['name']}, {address.get('state') or address.get('country', '')}"
    return order.buyer_nickname or "buyer not shown yet"


def _problem(order: Order) -> str:
    # The refusal's own words are on the order's page; here they would cost a query a row.
    if order.blocker == "dispatch_refused":
        return "TikTok refused the tracking number."
    return sentence(order)
