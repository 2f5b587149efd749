"""Presets: managed in the settings, pressed on selected orders of the queue by 1 to 9."""

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core import audit
from core.access import MemberRequest, Right, may, member, wreverse
from core.htmx import go, page_or_part
from core.models import AuditEntry
from shipping import bulk_presets
from shipping.models import Preset
from shipping.rule_forms import PresetForm
from shipping.rules import sentences
from shipping.rules.actions import check
from shipping.rules.conditions import BadRule
from shipping.rules.names import Names
from shipping.selection import NothingSelected, resolve
from shipping.views.bulk import back_to_queue, refused, tell
from shipping.views.rules import known_services
from shipping.views.settings import posted


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The nine keys and what each gives."""
    names = Names(request.workspace.pk)
    rows = [(preset, sentences.action_words(preset.actions, names)) for preset in _presets(request)]
    return page_or_part(request, "shipping/presets.html", "presets", {"rows": rows})


@require_safe
@member(Right.PACK)
def menu(request: MemberRequest) -> HttpResponse:
    """What the queue's bulk bar offers, fetched when something is selected."""
    able = may(request, Right.BUY)
    rows = [row for row in _presets(request) if able or not bulk_presets.sets_service(row)]
    return page_or_part(request, "shipping/preset_menu.html", "menu", {"presets": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def add(request: MemberRequest) -> HttpResponse:
    """A new preset, on the first free key."""
    taken = set(_presets(request).values_list("key", flat=True))
    free = next((key for key in range(1, 10) if key not in taken), 1)
    return _edit(request, Preset(workspace=request.workspace, key=free))


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def edit(request: MemberRequest, quick_id: int) -> HttpResponse:
    """Change a preset."""
    return _edit(request, get_object_or_404(_presets(request), pk=quick_id))


def _edit(request: MemberRequest, preset: Preset) -> HttpResponse:
    names = Names(request.workspace.pk)
    first = {"key": preset.key, "name": preset.name} | PresetForm.values_of(preset.actions)
    form = PresetForm(posted(request), initial=first, names=names)
    if posted(request) is not None and form.is_valid() and _saved(request, preset, form):
        messages.success(request, f"“{preset.name}” is on key {preset.key}.")
        return go(request, wreverse(request.workspace, "shipping:presets"))
    context = {
        "preset": preset,
        "form": form,
        "services": known_services(request.workspace.pk),
        "sides": [form[name] for name in ("length", "width", "height", "pounds", "ounces")],
    }
    status = 422 if form.errors else 200
    return page_or_part(request, "shipping/preset.html", "editor", context, status=status)


def _saved(request: MemberRequest, preset: Preset, form: PresetForm) -> bool:
    key = form.cleaned_data["key"]
    if _presets(request).exclude(pk=preset.pk).filter(key=key).exists():
        form.add_error("key", "Another preset has this key.")
        return False
    preset.key, preset.name = key, form.cleaned_data["name"]
    preset.actions = form.actions()
    try:
        check(preset.actions)
    except BadRule as error:
        form.add_error(None, str(error))
        return False
    preset.save()
    text = f"Preset {preset.key} “{preset.name}” saved."
    audit.record(request.workspace, "preset.saved", f"preset:{preset.pk}", text, actor=request.user)
    return True


@require_POST
@member(Right.SET_UP)
def delete(request: MemberRequest, quick_id: int) -> HttpResponse:
    """Free a key. What was on it is kept in the audit trail, so that it can be put back."""
    preset = get_object_or_404(_presets(request), pk=quick_id)
    entry = audit.entry(
        request.workspace,
        "preset.deleted",
        f"preset:{preset.pk}",
        f"Preset {preset.key} “{preset.name}” deleted.",
        actor=request.user,
        key=preset.key,
        name=preset.name,
        actions=preset.actions,
    )
    words = f"“{preset.name}” is deleted, key {preset.key} is free."
    with transaction.atomic():
        entry.save()
        preset.delete()
    url = wreverse(request.workspace, "shipping:quick-restore", entry_id=entry.pk)
    button = '{} <button type="button" class="btn btn-sm" hx-post="{}">Undo</button>'
    messages.success(request, format_html(button, words, url))
    return go(request, wreverse(request.workspace, "shipping:presets"))


@require_POST
@member(Right.SET_UP)
def restore(request: MemberRequest, entry_id: int) -> HttpResponse:
    """Put a deleted preset back on its key; `entry_id` is the deletion's in the audit trail."""
    deletions = AuditEntry.objects.filter(workspace=request.workspace, action="preset.deleted")
    entry = get_object_or_404(deletions, pk=entry_id, detail__has_key="actions")
    key, name = entry.detail["key"], entry.detail["name"]
    pk = int(entry.subject.rpartition(":")[2])
    preset = Preset(pk=pk, workspace=request.workspace, key=key, name=name)
    preset.actions = entry.detail["actions"]
    try:
        with transaction.atomic():
            preset.save(force_insert=True)
            text = f"Preset {key} “{name}” put back."
            audit.record(
                request.workspace, "preset.restored", entry.subject, text, actor=request.user
            )
    except IntegrityError:  # it is back already, or another one took the key
        here = _presets(request).filter(key=key).first()
        other = f"“{here.name}” is on key {key} now" if here else "it was put back already"
        messages.warning(request, f"“{name}” was not put back: {other}.")
    else:
        messages.success(request, f"“{name}” is on key {key} again.")
    return go(request, wreverse(request.workspace, "shipping:presets"))


@require_POST
@member(Right.PACK)
def press(request: MemberRequest) -> HttpResponse:
    """Give the selected orders what a key says."""
    key = request.POST.get("key", "")
    preset = _presets(request).filter(key=int(key) if key.isdigit() else 0).first()
    if preset is None:
        return refused(request, f"There is no preset on key {key[:1] or '?'} yet.")
    if bulk_presets.sets_service(preset) and not may(request, Right.BUY):
        return refused(request, "Your role does not choose services.")
    try:
        ids = resolve(request).ids
    except NothingSelected as refusal:
        return refused(request, str(refusal))
    now = timezone.now()
    done = bulk_presets.apply_preset(request.workspace, ids, preset, user=request.user, now=now)
    tell(request, done, f"given “{preset.name}”", "Preset")
    return go(request, back_to_queue(request))


def _presets(request: MemberRequest) -> "QuerySet[Preset]":
    return Preset.objects.filter(workspace=request.workspace).order_by("key")
