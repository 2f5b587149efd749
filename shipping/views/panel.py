"""The shipping part of the order page: parcel, rates, label."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from orders import actions, parts
from orders.blockers import sentence
from orders.dispatch import known_number
from orders.models import Order, Stage
from orders.plan_notes import note_plans
from orders.telling import normal
from shipping import readdressed
from shipping.forms import ParcelForm, shown_inches
from shipping.models import Label, LabelAccount, QuoteSet
from shipping.naming import full_name
from shipping.parcels import ParcelChoice, parcels_for
from shipping.plan import CannotPlan, choose_rate, context_for, plans_for
from shipping.plan_notes import chosen_for, note_for
from shipping.providers.base import Can
from shipping.providers.registry import is_able
from shipping.strategies import strategy_of
from shipping.tracking.shown import parcel_of
from shipping.views.cancellations import part_of
from shipping.why import explain, since_words

# Rates shown before "all of them".
SHOWN = 7
SETTLED = ["unknown", "bought", "refused", "voiding", "refunding", "voided", "unused", "buying"]


@dataclass(frozen=True, slots=True)
class Offered:
    """One row of the rate table."""

    index: int
    service: str
    account: str
    price: str
    currency: str
    days: int | None
    guaranteed: bool
    struck: dict[str, str] | None
    chosen: bool


@require_safe
@member(Right.VIEW)
def panel(request: MemberRequest, order_id: int) -> HttpResponse:
    """The panel as part of the order's page, or as a page of its own; `?part=` shows another of
    the parcels that need a label."""
    order = _order(request, order_id)
    return _panel(request, _seen(order, _number(request.GET.get("part", ""))))


@require_POST
@member(Right.PACK)
def save_parcel(request: MemberRequest, order_id: int) -> HttpResponse:
    """Keep what lies on the scale for this order, and ask for its rates; `computed` goes back to
    the SKUs' weights."""
    order = _order(request, order_id)
    number = _number(request.POST.get("part", "0"))
    if words := _passed(order, number):
        return _panel(request, order, notice=words, status=422)
    order = parts.view(order, number)
    if request.POST.get("computed"):
        actions.clear_parcel(order, user=request.user)
        return _priced(request, order, number)
    form = ParcelForm(request.POST)
    if form.is_valid():
        try:
            actions.set_parcel(order, **form.columns(), user=request.user)
        except actions.BadAction as refusal:
            form.add_error("ounces", str(refusal))
        else:
            return _priced(request, order, number)
    return _panel(request, order, form=form, status=422)


@require_POST
@member(Right.PACK)
def requote(request: MemberRequest, order_id: int) -> HttpResponse:
    """Ask every account again, whatever is known."""
    return _priced(request, _order(request, order_id), _number(request.POST.get("part", "")))


@require_POST
@member(Right.BUY)
def choose(request: MemberRequest, order_id: int) -> HttpResponse:
    """Take another of the rates that are on the table; nothing is bought by it."""
    order = _order(request, order_id)
    quotes = get_object_or_404(QuoteSet, order=order, pk=_number(request.POST.get("quotes", "")))
    if words := _passed(order, quotes.part):
        return _panel(request, order, notice=words, status=422)
    shown = parts.view(order, quotes.part)
    now = timezone.now()
    try:
        index = _number(request.POST.get("rate", ""))
        chosen = choose_rate(quotes, index, by=str(request.user), user_id=request.user.pk, now=now)
    except CannotPlan as problem:
        return _panel(request, shown, notice=problem.sentence, status=422)
    _note(order, chosen)
    return _answer(request, order, shown.part)


def _note(order: Order, chosen: QuoteSet) -> None:
    """The order remembers what all of its parcels cost, that of the one in turn first."""
    if chosen.part != order.part and (first := plans_for([order]).get(order.pk)):
        chosen = first
    note_plans({order.pk: chosen_for(parts.view(order, chosen.part), chosen)})


def _passed(order: Order, number: int) -> str:
    """Said when a form is about a parcel that needs no label any more; "" when it does."""
    if number in parts.open_parts(order):
        return ""
    return "The order's parcels changed meanwhile: look at them again. Nothing was changed."


def _seen(order: Order, number: int) -> Order:
    """As if it were that parcel's turn, where it needs a label."""
    return parts.view(order, number) if number in parts.open_parts(order) else order


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1


def _priced(request: MemberRequest, order: Order, number: int) -> HttpResponse:
    """Quote all parcels afresh, note the plan on the order, show the panel as it was."""
    order = _order(request, order.pk)
    if not _has_label(order):
        context = replace(context_for([order]), latest={})
        note = note_for(order, timezone.now(), context)
        if note is not None:
            note_plans({order.pk: note})
    return _answer(request, order, number)


def _answer(request: MemberRequest, order: Order, number: int) -> HttpResponse:
    order = _order(request, order.pk)
    seen = _seen(order, number)
    if getattr(request, "htmx", False):
        return _panel(request, seen)
    query = f"?part={seen.part}" if seen.part else ""
    return go(request, wreverse(request.workspace, "orders:detail", order_id=order.pk) + query)


def _order(request: MemberRequest, order_id: int) -> Order:
    orders = Order.objects.of(request.workspace).light().select_related("shop", "workspace")
    return get_object_or_404(orders, pk=order_id)


def _has_label(order: Order) -> bool:
    """Whether there is nothing to price: no parcel, or not the one in turn, needs a label."""
    live = Label.objects.live().filter(order=order, part=order.part)
    return not parts.open_parts(order) or live.exists()


def _panel(
    request: MemberRequest,
    order: Order,
    *,
    form: ParcelForm | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    parcel = parcels_for([order])[order.pk]
    quotes = plans_for([order]).get(order.pk)
    rates = _offers(request, quotes) if quotes else []
    labels = _labels(order)
    to_buy = parts.open_parts(order)
    now = timezone.now()
    context = {
        "order": order,
        "parcel": parcel,
        "form": form or ParcelForm(initial=_initial(parcel)),
        "quotes": quotes,
        "expired": quotes is not None and quotes.expires_at <= now,
        "stale": quotes is not None and _is_stale(quotes, parcel),
        "why": explain(quotes) if quotes else None,
        "strategy": strategy_of(order, quotes, now=now),
        "rates": rates[:SHOWN],
        "more_rates": rates[SHOWN:],
        "labels": labels,
        "has_label": order.part not in to_buy
        or any(card["live"] and card["label"].part == order.part for card in labels),
        "parcel_name": parts.name(order.part, order.parts) if order.part in to_buy else "",
        "own_parcel": parts.own_parcel(order),
        "to_buy": to_buy,
        "idle": _idle(order),
        "notice": notice,
        "cancellation": part_of(order),
        "differing": readdressed.of_order(order),
    }
    return page_or_part(request, "shipping/order_panel.html", "panel", context, status=status)


def _idle(order: Order) -> str:
    """Why there is nothing to buy and nothing to prepare for it; "" where there may be."""
    if order.stage == Stage.SHIPPED:
        return "TikTok has this order as shipped, so no label is bought for it any more."
    if order.stage != Stage.CLOSED:
        return ""
    if order.blocker == "unpaid":
        return "Its parcel and rates are here as soon as the buyer has paid."
    return f"{sentence(order)} There is no parcel to set and no label to buy.".strip()


def _initial(parcel: ParcelChoice) -> dict[str, Any]:
    found = parcel.parcel
    if found is None:
        return {}
    sides = {s: shown_inches(getattr(found, f"{s}_mm")) for s in ("length", "width", "height")}
    return ParcelForm.weight_values(found.weight_g) | sides


def _is_stale(quotes: QuoteSet, parcel: ParcelChoice) -> bool:
    """Whether the rates on the table are for another parcel."""
    if parcel.parcel is None:
        return True
    names = ("weight_g", "length_mm", "width_mm", "height_mm")
    return any(quotes.spec["parcel"][name] != getattr(parcel.parcel, name) for name in names)


def _offers(request: MemberRequest, quotes: QuoteSet) -> list[Offered]:
    """The chosen rate and what would have been cheaper, struck out or late; then the others by
    price."""
    names = dict(LabelAccount.objects.filter(workspace=request.workspace).values_list("pk", "name"))
    accounts = {str(pk): name for pk, name in names.items()}
    rows = [
        Offered(
            index=index,
            service=full_name(rate["carrier"], rate["service_name"]),
            account=accounts.get(rate["account"], rate["provider"]),
            price=rate["price"],
            currency=rate["currency"],
            days=rate["days"],
            guaranteed=rate["guaranteed"],
            struck=rate["struck"] and {**rate["struck"], "since": since_words(rate["struck"])},
            chosen=index == quotes.chosen,
        )
        for index, rate in enumerate(quotes.rates)
    ]
    rows.sort(key=lambda row: (Decimal(row.price), row.service))
    chosen = next((at for at, row in enumerate(rows) if row.chosen), -1)
    tempting = rows[max(0, chosen - 3) : chosen]
    return [
        *rows[chosen : chosen + 1],
        *tempting,
        *(r for r in rows if not r.chosen and r not in tempting),
    ]


def _labels(order: Order) -> list[dict[str, Any]]:
    """The order's purchases: those in use by parcel, then the newest; with what moved in the ledger
    and what may be done."""
    found = order.labels.filter(state__in=SETTLED).select_related("account", "money_back")
    rows = list(found.prefetch_related("ledger", "tracking_events").order_by("-pk"))
    known = {number: known_number(order, number) for number in {row.part for row in rows}}
    cards = []
    for label in rows:
        live = label.state in ("buying", "unknown", "bought", "voiding")
        cards.append(
            {
                "label": label,
                "live": live,
                "name": full_name(label.carrier, label.service_name),
                "parcel": parcel_of(label),
                "ledger": sorted(label.ledger.all(), key=lambda entry: entry.pk),
                "can_void": _may_void(label),
                "known": known[label.part] != ""
                and known[label.part] == normal(label.tracking_number),
                "part": _name_of(order, label),
                "paid": label.state == "bought",
            }
        )
    return sorted(cards, key=lambda card: card["label"].part if card["live"] else parts.MOST + 1)


def _name_of(order: Order, label: Label) -> str:
    """Which parcel the label is for; parcels of an earlier split have no number any more."""
    if label.split_version == order.split_version:
        return parts.name(label.part, order.parts)
    return "of an earlier split" if label.part else ""


def _may_void(label: Label) -> bool:
    asked_back = label.state in ("bought", "voiding", "refunding")
    return asked_back and is_able(label.provider, Can.VOID)
