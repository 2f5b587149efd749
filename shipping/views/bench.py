"""The packing bench: one order at a time, by scanner and keyboard alone."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_POST, require_safe

from core import audit, files
from core.access import MemberRequest, Right, may, member, wreverse
from core.htmx import go
from shipping.bench import after, cards, pictures
from shipping.bench.packing import bench_of, scan, state_of
from shipping.bench.scan import Does
from shipping.bench.shown import Aside, Shown, aside_of, is_news, shown
from shipping.models import Label, PackBench, PackScan, PackSettings
from shipping.printing.choice import Choice
from shipping.views.print_jobs import machine_choice, printing_context
from shipping.views.printing import paper
from shops.catalog.models import Sku

MACHINE = "machine"  # the cookie that tells benches apart
_YEAR = 365 * 86_400
MOST_TOTES = 500


@require_safe
@never_cache
@member(Right.PACK)
def page(request: MemberRequest) -> HttpResponse:
    """The bench of this machine, with whatever lies on it."""
    bench, choice = _bench(request), machine_choice(request)
    context = {
        "bench": shown(
            bench,
            state_of(bench.session, asked=bench.asked),
            scan=None,
            aside=aside_of(bench, request.user, choice),
        ),
        "pack_settings": after.settings_of(request.workspace.pk),
        **printing_context(request),
    }
    return _with_machine(render(request, "shipping/bench.html", context), bench)


@require_POST
@member(Right.PACK)
def take(request: MemberRequest) -> HttpResponse:
    """One scan: `code`, and `key`, the browser's own name for it. Sent again, it changes nothing."""
    by_script = request.headers.get("X-Bench") == "1"
    code = request.POST.get("code", "").strip()
    if not code:
        return HttpResponse("Nothing was scanned.", status=400, content_type="text/plain")
    bench, choice = _bench(request), machine_choice(request)
    row, state = scan(bench, _uuid(request.POST.get("key", "")), code, user=request.user)
    if not by_script:  # typed before the page's script was there
        messages.info(request, row.words)
        back = go(request, wreverse(request.workspace, "shipping:bench"))
        return _with_machine(back, bench)
    words, again = "", list[Label]()
    if row.does == Does.REPRINT:
        words, again = after.print_again(bench, row, choice, user=request.user)
    elif row.does == Does.COMPLETE and bench.session:
        may_buy = may(request, Right.BUY)
        words = after.follow(bench.session, user=request.user, may_buy=may_buy)
    aside = _aside(request, bench, choice, again) if is_news(row) else None
    return _desk(request, shown(bench, state, scan=row, words=words, aside=aside))


@require_POST
@member(Right.PACK)
def waiting(request: MemberRequest) -> HttpResponse:
    """The same picture again, while labels are on their way; prints those that arrived."""
    bench, choice = _bench(request), machine_choice(request)
    last = PackScan.objects.filter(bench=bench).order_by("-pk").first()
    state = state_of(bench.session, asked=bench.asked)
    return _desk(request, shown(bench, state, scan=last, aside=_aside(request, bench, choice)))


def _aside(
    request: MemberRequest, bench: PackBench, choice: Choice, again: Sequence[Label] = ()
) -> Aside:
    if choice.way == "service":
        after.print_over_service(bench, choice, user=request.user)
    return aside_of(bench, request.user, choice, again=again)


def _desk(request: MemberRequest, what: Shown) -> HttpResponse:
    response = render(request, "shipping/bench.html#desk", {"bench": what})
    return _with_machine(response, what.bench)


def _bench(request: MemberRequest) -> PackBench:
    return bench_of(request.workspace, _uuid(request.COOKIES.get(MACHINE, "")))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _with_machine(response: HttpResponse, bench: PackBench) -> HttpResponse:
    response.set_cookie(
        MACHINE,
        str(bench.key),
        max_age=_YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@require_POST
@member(Right.SET_UP)
def change(request: MemberRequest) -> HttpResponse:
    """Whether the bench buys labels, and how many totes there are."""
    given = request.POST.get("totes", "")
    count = int(given) if given.isascii() and given.isdigit() and len(given) < 4 else 0
    if not 1 <= count <= MOST_TOTES:
        messages.error(request, f"Totes are counted from 1 to {MOST_TOTES}.")
        return go(request, wreverse(request.workspace, "shipping:totes"))
    buys = request.POST.get("buys") == "on"
    PackSettings.objects.update_or_create(
        workspace=request.workspace, defaults={"buys": buys, "totes": count}
    )
    words = "The bench buys missing labels" if buys else "The bench buys no labels"
    subject = f"workspace:{request.workspace.pk}"
    audit.record(
        request.workspace, "bench.changed", subject, words, actor=request.user, totes=count
    )
    messages.success(request, "Saved.")
    return go(request, wreverse(request.workspace, "shipping:totes"))


@require_GET
@csp_override({})
@member(Right.PACK)
def command_card(request: MemberRequest) -> HttpResponse:
    """The bench's commands as barcodes, for people who hold nothing but a scanner."""
    return paper(cards.command_card(), "bench-commands")


@require_GET
@csp_override({})
@member(Right.PACK)
def tote_cards(request: MemberRequest) -> HttpResponse:
    """A card for each tote: its number and its barcode."""
    count = after.settings_of(request.workspace.pk).totes
    return paper(cards.tote_cards(range(1, count + 1)), "tote-cards")


@require_safe
@member(Right.VIEW)
def picture(request: MemberRequest, sku_id: int) -> HttpResponse:
    """A SKU's picture, from our own store; a drawing of a box while there is none."""
    sku = get_object_or_404(Sku.objects.of(request.workspace), pk=sku_id)
    key, content = pictures.picture_of(sku), b""
    if key:
        try:
            content = files.read(key)
        except files.DamagedFile:
            pictures.forget(sku)
    if content:
        return _image(content, "image/jpeg", seconds=86_400)
    return _image(pictures.PLACEHOLDER, "image/svg+xml", seconds=30)


def _image(content: bytes, kind: str, *, seconds: int) -> HttpResponse:
    response: Any = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = f"private, max-age={seconds}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
