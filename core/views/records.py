"""What was told and what was done: notifications and the audit trail."""

from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member, wreverse
from core.audit_words import Subject, action_words, subjects_of
from core.htmx import page_or_part
from core.models import AuditEntry, Notification

PAGE = 50


@require_safe
@member(Right.VIEW)
def notifications(request: MemberRequest) -> HttpResponse:
    """Newest first; the ones nobody has seen are marked."""
    rows = Notification.objects.filter(workspace=request.workspace)
    page, before = _newest(request, rows, "created_at")
    unseen = Notification.objects.filter(workspace=request.workspace, seen_at=None).exists()
    context = {"page": page, "before": before, "unseen": unseen}
    return page_or_part(request, "core/notifications.html", "rows", context)


@require_POST
@member(Right.PACK)
def mark_seen(request: MemberRequest) -> HttpResponse:
    """Mark one notification (`id`), or all, as seen: for everybody in the workspace."""
    rows = Notification.objects.filter(workspace=request.workspace, seen_at=None)
    wanted = request.POST.get("id", "")
    if wanted.isdecimal():
        rows = rows.filter(pk=int(wanted))
    rows.update(seen_at=timezone.now())
    return redirect(wreverse(request.workspace, "core:notifications"))


@require_safe
@member(Right.SET_UP)
def audit_trail(request: MemberRequest) -> HttpResponse:
    """Who did what, newest first; `?subject=order:12` shows one subject's."""
    rows = AuditEntry.objects.filter(workspace=request.workspace).select_related("actor")
    subject = request.GET.get("subject", "")[:80]
    if subject:
        rows = rows.filter(subject=subject)
    page, before = _newest(request, rows, "at")
    named = subjects_of(request.workspace, page)
    context = {
        "rows": [(one, action_words(one.action), named[one.subject]) for one in page],
        "before": before,
        "subject": named.get(subject, Subject(subject)) if subject else None,
    }
    return page_or_part(request, "core/audit.html", "rows", context)


def _newest[M: Model](
    request: MemberRequest, rows: "QuerySet[M]", column: str
) -> tuple[list[M], int | None]:
    """One page by keyset (`?before=id`), and the id to ask for the next one with."""
    mark = request.GET.get("before", "")
    if mark.isdecimal() and len(mark) < 19:
        at = rows.filter(pk=int(mark)).values_list(column, flat=True).first()
        older: dict[str, Any] = {f"{column}__lt": at}
        same: dict[str, Any] = {column: at, "pk__lt": int(mark)}
        rows = rows.filter(Q(**older) | Q(**same)) if at else rows.none()
    page = list(rows.order_by(f"-{column}", "-pk")[: PAGE + 1])
    more = len(page) > PAGE
    return page[:PAGE], page[PAGE - 1].pk if more else None
