"""The shops page: connecting, checks, how fresh each shop is."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from core import events, inbox
from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shops import checks, connect, subscriptions
from shops.freshness import Age, age_of
from shops.models import Shop
from shops.reception import reception
from shops.tiktok_shop import scopes

REGIONS = {"US": "United States", "OTHER": "Other markets"}


@dataclass(frozen=True, slots=True)
class Row:
    """A shop on the page."""

    shop: Shop
    age: Age
    missing: tuple[scopes.Scope, ...]


@member()
@require_GET
def shop_list(request: MemberRequest) -> HttpResponse:
    """The page, or only its list of shops while that is watched."""
    now = timezone.now()
    shops = Shop.objects.of(request.workspace).select_related("authorization", "cursor")
    rows = [
        Row(
            shop,
            age_of(shop, now=now),
            scopes.missing(shop.authorization.scopes) if shop.authorization else (),
        )
        for shop in shops.filter(disconnected_at=None).order_by("name")
    ]
    context = {
        "rows": rows,
        "gone": shops.exclude(disconnected_at=None).order_by("name"),
        "busy": any(row.age.tone == "blue" for row in rows),
        "lost": any(
            row.shop.authorization is None or row.shop.authorization.state != "active"
            for row in rows
        ),
        "missing_settings": connect.missing_settings(),
        "redirect_url": settings.PUBLIC_URL + reverse("connect:callback"),
        "regions": REGIONS,
    }
    return page_or_part(request, "shops/list.html", "shops", context)


@member()
@require_GET
def check_list(request: MemberRequest) -> HttpResponse:
    """The checks, asked for by the page once it stands: one of them asks TikTok for the time."""
    found = checks.run(request.workspace, now=timezone.now())
    return render(request, "shops/checks.html", {"checks": found})


@member()
@require_GET
def webhook_list(request: MemberRequest) -> HttpResponse:
    """What TikTok tells of each shop, how late, and where to: a panel of the shops page."""
    shops = Shop.objects.of(request.workspace).connected().order_by("name")
    receptions, problem = reception(list(shops)), subscriptions.why_not()
    context = {
        "receptions": receptions,
        "waiting": not problem and any(one.last_at is None for one in receptions),
        "wanted": len(subscriptions.WANTED),
        "problem": problem,
        "address": inbox.address("tiktok"),
    }
    return page_or_part(request, "shops/webhooks.html", "panel", context)


@member(Right.SET_UP)
@require_POST
def check_webhooks(request: MemberRequest, shop_id: int) -> HttpResponse:
    """Compare with TikTok now instead of within the day, and repair."""
    shop = get_object_or_404(Shop.objects.of(request.workspace).connected(), pk=shop_id)
    subscriptions.subscribe.later(shop_id=shop.pk)
    messages.success(request, f"TikTok is being asked what it tells of {shop}.")
    return go(request, wreverse(request.workspace, "shops:list"))


@member(Right.SET_UP)
@require_POST
def connect_shop(request: MemberRequest) -> HttpResponse:
    """Out to TikTok's page for the chosen market."""
    region = request.POST.get("region", "US")
    try:
        url = connect.begin(request.workspace, request.user, "US" if region == "US" else "")
    except connect.ConnectError as error:
        messages.error(request, error.text)
        return go(request, wreverse(request.workspace, "shops:list"))
    return HttpResponseRedirect(url)


@member(Right.SET_UP)
@require_POST
def sync_now(request: MemberRequest, shop_id: int) -> HttpResponse:
    """Read the shop's orders now instead of within the minute."""
    shop = get_object_or_404(Shop.objects.of(request.workspace).connected(), pk=shop_id)
    events.publish("shop.sync_wanted", shop_id=shop.pk)
    messages.success(request, f"Reading the orders of {shop}.")
    return go(request, wreverse(request.workspace, "shops:list"))


@member(Right.SET_UP)
@require_POST
def disconnect_shop(request: MemberRequest, shop_id: int) -> HttpResponse:
    """Stop calling TikTok for the shop; its orders stay."""
    shops = Shop.objects.of(request.workspace).select_related("authorization")
    shop = get_object_or_404(shops, pk=shop_id)
    subscriptions.end(shop)  # while there is still a sign-in to ask with
    connect.disconnect(shop, request.user)
    messages.success(request, f"{shop} is disconnected. Its orders stay here.")
    return go(request, wreverse(request.workspace, "shops:list"))
