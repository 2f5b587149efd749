"""Weight, size and barcode per SKU: asked once, remembered; the ones without a weight come first."""

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping.bench.barcodes import Taken, set_barcode
from shipping.bench.scan import plain
from shipping.forms import BarcodeForm, SkuForm, shown_inches
from shipping.views.settings import form_page, posted
from shops.catalog import reading
from shops.catalog.models import Sku

PAGE = 50


@require_safe
@member(Right.VIEW)
def skus(request: MemberRequest) -> HttpResponse:
    """A page of SKUs. The address holds search, filter and place."""
    rows = Sku.objects.of(request.workspace).select_related("shop")
    words = request.GET.get("q", "").strip()[:100]
    for word in words.split()[:6]:
        named = Q(seller_sku__icontains=word) | Q(product_name__icontains=word)
        rows = rows.filter(
            named | Q(sku_name__icontains=word) | Q(tiktok_id=word) | Q(barcode=plain(word))
        )
    only_missing = request.GET.get("missing") == "1"
    if only_missing:
        rows = rows.filter(weight_g=None)
    page, after = _page(rows, request.GET.get("after", ""))
    context = {
        "skus": page,
        "after": after,
        "is_first": not request.GET.get("after"),
        "q": words,
        "only_missing": only_missing,
        "narrowed": bool(words or only_missing),
    }
    return page_or_part(request, "shipping/skus.html", "skus", context)


def _page(rows: Any, place: str) -> tuple[list[Sku], str]:
    """Weightless SKUs by id, then the others by id; the place is "m12" or "k12", the last row's
    id."""
    kind, number = place[:1], place[1:]
    last = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
    found: list[Sku] = []
    if kind != "k":
        found += rows.filter(weight_g=None, pk__gt=last).order_by("pk")[: PAGE + 1]
        last = 0
    if len(found) <= PAGE:
        room = PAGE + 1 - len(found)
        found += rows.filter(weight_g__isnull=False, pk__gt=last).order_by("pk")[:room]
    page = found[:PAGE]
    if len(found) <= PAGE:
        return page, ""
    return page, f"{'m' if page[-1].weight_g is None else 'k'}{page[-1].pk}"


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.PACK)
def edit(request: MemberRequest, sku_id: int) -> HttpResponse:
    """Weigh one unit; every open order with the SKU is decided and priced anew."""
    rows = Sku.objects.of(request.workspace).select_related("shop")
    sku = get_object_or_404(rows, pk=sku_id)
    initial = SkuForm.weight_values(sku.weight_g) | {
        side: shown_inches(getattr(sku, f"{side}_mm")) for side in ("length", "width", "height")
    }
    form = SkuForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            reading.measure(sku, weight_g=data["weight_g"], size=data["size"], user=request.user)
        except reading.BadMeasure as refusal:
            form.add_error("ounces", str(refusal))
        else:
            messages.success(request, f"{sku} is weighed. Orders with it are priced again.")
            return go(request, wreverse(request.workspace, "shipping:skus"))
    return form_page(
        request,
        form,
        f"Weight of {sku}",
        "Save the weight",
        text=f"{sku.product_name} {sku.sku_name}".strip() + ". One unit, without its box.",
        back=wreverse(request.workspace, "shipping:skus"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.PACK)
def barcode(request: MemberRequest, sku_id: int) -> HttpResponse:
    """Enter, change or clear what the packing bench knows the SKU by."""
    rows = Sku.objects.of(request.workspace).select_related("shop")
    sku = get_object_or_404(rows, pk=sku_id)
    url = wreverse(request.workspace, "shipping:skus")
    form = BarcodeForm(posted(request), initial={"barcode": sku.barcode})
    if request.method == "POST" and form.is_valid():
        try:
            changed = set_barcode(sku, form.cleaned_data["barcode"], user=request.user)
        except Taken as refusal:
            form.add_error("barcode", str(refusal))
        else:
            messages.success(request, _said(sku) if changed else f"{sku} stays as it was.")
            return go(request, url)
    return form_page(
        request,
        form,
        f"Barcode of {sku}",
        "Save the barcode",
        text=f"{sku.product_name} {sku.sku_name}".strip() + ". The packing bench knows it by this.",
        back=url,
    )


def _said(sku: Sku) -> str:
    if sku.barcode:
        return f"{sku} has the barcode {sku.barcode}."
    return f"{sku} has no barcode any more. The bench asks when it is scanned."
