"""Shipping settings: where parcels start, what they travel in, which accounts are asked."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.htmx import go, page_or_part
from shipping import outfit
from shipping.accounts import KEYED, server_keys
from shipping.forms import PresetForm, ShipFromForm
from shipping.models import LabelAccount, ParcelPreset, ShipFrom
from shipping.views.pictures import draw
from shops.catalog.models import Sku

FORM = "components/form_page.html"
COUNTED = 1000


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """Everybody sees how parcels are sent; who may set up changes it."""
    workspace = request.workspace
    accounts = LabelAccount.objects.of(workspace).select_related("shop").order_by("created_at")
    presets = ParcelPreset.objects.filter(workspace=workspace).order_by("-is_default", "name")
    context = {
        "addresses": ShipFrom.objects.filter(workspace=workspace).order_by("-is_default", "label"),
        "presets": draw(presets),
        "accounts": [(a, ", ".join(a.carriers)) for a in accounts],
        "offered": offered_keys(request, accounts),
        "names": KEYED,
        "unweighed": _unweighed(request),
        "counted": COUNTED,
    }
    return page_or_part(request, "shipping/settings.html", "settings", context)


def offered_keys(request: MemberRequest, accounts: Any) -> list[tuple[str, str]]:
    """Providers whose key the server's own settings hold for this person and this workspace has no
    account of."""
    given = server_keys(request.workspace, request.user)
    have = {account.provider for account in accounts}
    return [(slug, KEYED[slug]) for slug in given if slug not in have]


def _unweighed(request: MemberRequest) -> int:
    skus = Sku.objects.of(request.workspace).filter(weight_g=None)
    return skus[: COUNTED + 1].count()


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def add_address(request: MemberRequest) -> HttpResponse:
    """A new ship-from address."""
    return _edit_address(request, ShipFrom(workspace=request.workspace), "Add a ship-from address")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def edit_address(request: MemberRequest, address_id: int) -> HttpResponse:
    """Change a ship-from address."""
    return _edit_address(request, _address(request, address_id), "Change the ship-from address")


def _edit_address(request: MemberRequest, address: ShipFrom, title: str) -> HttpResponse:
    form = ShipFromForm(posted(request), instance=address)
    if request.method == "POST" and form.is_valid():
        outfit.save_address(form.save(commit=False), user=request.user)
        return _done(request, f"“{address.label}” is saved.")
    return form_page(request, form, title, "Save the address")


@require_POST
@member(Right.SET_UP)
def default_address(request: MemberRequest, address_id: int) -> HttpResponse:
    """Send parcels from here."""
    address = _address(request, address_id)
    outfit.make_default_address(address, user=request.user)
    return _done(request, f"Parcels are sent from “{address.label}” now.")


@require_POST
@member(Right.SET_UP)
def delete_address(request: MemberRequest, address_id: int) -> HttpResponse:
    """Take an address away."""
    address = _address(request, address_id)
    try:
        outfit.delete_address(address, user=request.user)
    except outfit.LastOne as refusal:
        return _refused(request, str(refusal))
    return _done(request, f"“{address.label}” is deleted.")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def add_preset(request: MemberRequest) -> HttpResponse:
    """A new box."""
    return _edit_preset(request, ParcelPreset(workspace=request.workspace), "Add a box or mailer")


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def edit_preset(request: MemberRequest, preset_id: int) -> HttpResponse:
    """Change a box."""
    return _edit_preset(request, _preset(request, preset_id), "Change the box")


def _edit_preset(request: MemberRequest, preset: ParcelPreset, title: str) -> HttpResponse:
    initial = PresetForm.values_of(preset) if preset.pk else None
    form = PresetForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        for column, value in form.columns().items():
            setattr(preset, column, value)
        outfit.save_preset(preset, user=request.user)
        return _done(request, f"“{preset.name}” is saved.")
    return form_page(request, form, title, "Save the box")


@require_POST
@member(Right.SET_UP)
def default_preset(request: MemberRequest, preset_id: int) -> HttpResponse:
    """Prefer this box among those that fit as many."""
    preset = _preset(request, preset_id)
    outfit.make_default_preset(preset, user=request.user)
    return _done(request, f"“{preset.name}” is the first choice now.")


@require_POST
@member(Right.SET_UP)
def delete_preset(request: MemberRequest, preset_id: int) -> HttpResponse:
    """Take a box away."""
    preset = _preset(request, preset_id)
    outfit.delete_preset(preset, user=request.user)
    return _done(request, f"“{preset.name}” is deleted.")


def posted(request: MemberRequest) -> QueryDict | None:
    """What a form is bound to: also a POST that sent nothing is one."""
    return request.POST if request.method == "POST" else None


def form_page(
    request: MemberRequest, form: Any, title: str, button: str, **extra: Any
) -> HttpResponse:
    """A form as a page of its own, or as what fills the sheet; 422 when it came back with
    errors."""
    for field in form.visible_fields()[:1]:
        field.field.widget.attrs["autofocus"] = True
    context = {"form": form, "title": title, "button": button, "back": back(request)} | extra
    return page_or_part(request, FORM, "sheet", context, status=422 if form.errors else 200)


def back(request: MemberRequest) -> str:
    """The settings page."""
    return wreverse(request.workspace, "shipping:settings")


def _done(request: MemberRequest, text: str) -> HttpResponse:
    messages.success(request, text)
    return go(request, back(request))


def _refused(request: MemberRequest, text: str) -> HttpResponse:
    messages.error(request, text)
    return go(request, back(request))


def _address(request: MemberRequest, address_id: int) -> ShipFrom:
    return get_object_or_404(ShipFrom, workspace=request.workspace, pk=address_id)


def _preset(request: MemberRequest, preset_id: int) -> ParcelPreset:
    return get_object_or_404(ParcelPreset, workspace=request.workspace, pk=preset_id)
