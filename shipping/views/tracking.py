"""Where the parcels are: bought and never scanned, stalled, in trouble, on the way, delivered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.clock.budgets import Scope, lanes_of, scopes
from shipping.models import Label
from shipping.naming import name_of
from shipping.providers.base import Can
from shipping.providers.carriers import display_name
from shipping.providers.registry import is_able
from shipping.tracking import carriers, handled, lists
from shipping.tracking.advice import Advice, advise
from shipping.tracking.poll import poll_label
from shipping.tracking.shown import Status, status_of
from shipping.tracking.terms import Terms, terms_of
from shipping.views.health import moment_of
from shops.models import Shop

_EMPTY = {
    "unscanned": "Every parcel was scanned",
    "stalled": "No parcel is stalled",
    "exceptions": "No parcel is in trouble",
    "moving": "No parcel is on its way",
    "delivered": "Nothing was delivered yet",
    "handled": "Nothing was dealt with by hand",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One parcel of a list."""

    label: Label
    name: str
    status: Status
    advice: Advice
    deadline: datetime | None
    track_url: str
    contact_url: str


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """One list, filtered by shop and carrier; the place in it is in the address."""
    now = timezone.now()
    name = request.GET.get("list", "")
    name = name if name in lists.LISTS else "unscanned"
    shops = list(Shop.objects.of(request.workspace).order_by("name"))
    terms = terms_of(request.workspace.pk, shops, on=now.date())
    filters = _filters(request, shops)
    week = _week_at_risk(request, shops, filters, now) if name == "unscanned" else None
    rows = (
        lists.at_risk(week.shop.pk, week.begins, week.ends, lanes_of(week), now=now)
        if week
        else lists.labels_in(request.workspace, name, terms, now=now, **filters)
    )
    found = lists.page_of(rows, name, after=request.GET.get("after", ""))
    context = {
        "list": name,
        "counts": lists.counts(request.workspace, terms, now=now, **filters),
        "lists": lists.LISTS,
        "most": lists.MOST,
        "rows": [_row(label, name, terms, now) for label in found.labels],
        "after": found.after,
        "is_first": not request.GET.get("after"),
        "empty": _EMPTY[name],
        "shops": shops,
        "carriers": _carriers(request, terms, now),
        "filters": filters,
        "week": week,
    }
    return page_or_part(request, "shipping/tracking.html", "list", context)


def _filters(request: MemberRequest, shops: list[Shop]) -> dict[str, Any]:
    """The filters of the address that are ones of this workspace."""
    shop = request.GET.get("shop", "")
    known = next((one.pk for one in shops if str(one.pk) == shop), None)
    return {"shop": known, "carrier": request.GET.get("carrier", "")[:40]}


def _week_at_risk(
    request: MemberRequest, shops: list[Shop], filters: dict[str, Any], now: datetime
) -> Scope | None:
    """The week of a shop whose valid-tracking budget is looked into: `week` and `shop` say it."""
    if not request.GET.get("week") or not filters["shop"]:
        return None
    shop = next(one for one in shops if one.pk == filters["shop"])
    (scope,) = scopes(request.workspace.pk, [shop], on=moment_of(request.GET["week"], now))
    return scope


def _carriers(request: MemberRequest, terms: Terms, now: datetime) -> list[tuple[str, str]]:
    found = lists.carriers_of(request.workspace, now=now, last=terms.watched())
    return sorted(((slug, display_name(slug)) for slug in found), key=lambda one: one[1])


def _row(label: Label, name: str, terms: Terms, now: datetime) -> Row:
    number = label.tracking_number
    return Row(
        label=label,
        name=name_of(label),
        status=status_of(label),
        advice=advise(label, name, terms, takes_back=is_able(label.provider, Can.VOID), now=now),
        deadline=lists.scan_deadline(label),
        track_url=carriers.track_url(label.carrier, number),
        contact_url=carriers.contact_url(label.carrier, number),
    )


@require_safe
@member(Right.VIEW)
def claim(request: MemberRequest, label_id: int) -> HttpResponse:
    """What to do, step by step, to get a lost parcel paid, and what the carrier will ask."""
    label = _label(request, label_id)
    context = {
        "label": label,
        "name": name_of(label),
        "carrier": display_name(label.carrier),
        "status": status_of(label),
        "steps": carriers.claim_steps(label.carrier, label.account.name),
        "pages": carriers.pages_of(label.carrier),
        "track_url": carriers.track_url(label.carrier, label.tracking_number),
        "contact_url": carriers.contact_url(label.carrier, label.tracking_number),
        "back": _back_url(request),
    }
    return page_or_part(request, "shipping/claim.html", "claim", context)


@require_POST
@member(Right.HANDLE)
def handle(request: MemberRequest, label_id: int) -> HttpResponse:
    """Take a parcel off its list with a note, or put it back (`undo`)."""
    label = _label(request, label_id)
    now = timezone.now()
    if request.POST.get("undo"):
        done = handled.put_back(label, user=request.user, now=now)
        words = f"Parcel {label.tracking_number} is back on its list."
    else:
        note = request.POST.get("note", "").replace("\x00", "")
        done = handled.mark(label, note, user=request.user, now=now)
        words = (
            f"Parcel {label.tracking_number} is dealt with. News from the carrier bring it back."
        )
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, "Somebody else was faster: nothing was changed.")
    return go(request, _back_url(request))


@require_POST
@member(Right.PACK)
def ask(request: MemberRequest, label_id: int) -> HttpResponse:
    """Ask the provider now where the parcel is; free."""
    label = _label(request, label_id)
    if poll_label(label_id=label.pk):
        label.refresh_from_db()
        messages.success(request, f"Asked just now: {status_of(label).words}.")
    else:
        messages.warning(request, "There was no answer about this parcel. It is asked again later.")
    return go(request, wreverse(request.workspace, "orders:detail", order_id=label.order_id))


def _back_url(request: HttpRequest) -> str:
    """The list the person came from."""
    given = request.POST if request.method == "POST" else request.GET
    name = given.get("list", "")
    address = wreverse(request.workspace, "shipping:tracking")  # type: ignore[attr-defined]
    return f"{address}?list={name}" if name in lists.LISTS else address


def _label(request: MemberRequest, label_id: int) -> Label:
    rows = Label.objects.of(request.workspace).filter(state="bought")
    return get_object_or_404(rows.select_related("order", "account"), pk=label_id)
