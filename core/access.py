"""Who may do what: the current workspace comes from the URL, the right from the member's role."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from core import logs
from core.errors import RateLimited
from core.limits import SharedLimiter
from core.models import Membership, Role, User, Workspace


class Right(StrEnum):
    """One thing a role may be allowed."""

    VIEW = "view"  # read every page
    PACK = "pack"  # print, pick, weigh, note
    HANDLE = "handle"  # hold, release, tag, correct orders
    BUY = "buy"  # spend money on labels, void them
    SET_UP = "set_up"  # shops, label accounts, addresses, parcels
    TEAM = "team"  # members and roles
    RULES = "rules"  # put own values in place of TikTok's rules


RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.TEAM, Right.RULES},
    Role.PACKER: frozenset({Right.VIEW, Right.PACK, Right.HANDLE}),
    Role.VIEWER: frozenset({Right.VIEW}),
}


# Presses that may spend money: thirty at once, then one a second, counted for all processes. A
# person works slower than that; a script with somebody's cookie does not.
_SPENDING = SharedLimiter(1, patience=30, sleep=lambda seconds: None)


class MemberRequest(HttpRequest):
    """A request of a signed-in member, as views behind `member` see it."""

    user: User
    workspace: Workspace
    membership: Membership


type View[**P] = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def may(request: MemberRequest, right: Right) -> bool:
    """Whether the member's role has `right`."""
    return right in RIGHTS.get(request.membership.role, frozenset())


def member[**P](right: Right = Right.VIEW) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """A view for members of the workspace named in the URL (keyword `workspace`, taken off before
    the view is called).

    Signed out: to the sign-in page. Not a member: 404, as if the workspace did not exist. A role
    without `right`: 403.
    """

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, workspace: str, **kwargs: Any
        ) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _sign_in(request)
            membership = (
                Membership.objects.select_related("workspace")
                .filter(user_id=request.user.pk, workspace__slug=workspace)
                .first()
            )
            if membership is None:
                raise Http404("no such workspace")
            logs.in_workspace(workspace)
            request.workspace = membership.workspace  # type: ignore[attr-defined]
            request.membership = membership  # type: ignore[attr-defined]
            if right not in RIGHTS.get(membership.role, frozenset()):
                raise PermissionDenied(right)
            if right is Right.BUY and request.method == "POST" and not _has_turn(membership):
                return _too_quick(request)
            # Every time on the page is the workspace's own.
            with timezone.override(zone(membership.workspace)):
                return view(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.right = right  # type: ignore[attr-defined]
        return guarded

    return decorate


def _has_turn(membership: Membership) -> bool:
    try:
        _SPENDING.acquire(f"spending:{membership.pk}")
    except RateLimited:
        return False
    return True


def _too_quick(request: HttpRequest) -> HttpResponseBase:
    response = render(request, "core/429.html", status=429)
    response["Retry-After"] = "10"
    return response


def zone(workspace: Workspace) -> ZoneInfo:
    """The workspace's time zone; UTC when this machine does not know it."""
    try:
        return ZoneInfo(workspace.time_zone)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("account_login")
        return response
    return redirect_to_login(request.get_full_path())


def wreverse(workspace: Workspace, name: str, **kwargs: Any) -> str:
    """`reverse` for a page inside `workspace`."""
    return reverse(name, kwargs={"workspace": workspace.slug, **kwargs})
