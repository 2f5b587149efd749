"""Pages for when something is not as expected, in words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static

from core.access import Right

_DOING = {
    Right.VIEW: "see this page",
    Right.PACK: "print, pick or write notes",
    Right.HANDLE: "hold, tag or correct orders",
    Right.BUY: "spend money on labels",
    Right.SET_UP: "change shops, label accounts or settings",
    Right.TEAM: "change members and roles",
    Right.RULES: "put other values in place of TikTok's rules",
}


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: what the role may not do, and whom to ask."""
    given = exception.args[0] if exception and exception.args else ""
    doing = _DOING.get(given, "do that") if isinstance(given, Right) else "do that"
    membership = getattr(request, "membership", None)
    context = {"doing": doing, "role": membership.get_role_display() if membership else ""}
    return render(request, "core/403.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same words whether it never existed or belongs to somebody else."""
    return render(request, "core/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: drawn without database, session or context, which may be what broke."""
    return HttpResponse(render_to_string("core/500.html"), status=500)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form from before signing in or out, or from another site: nothing was done."""
    return render(request, "core/stale_form.html", status=403)


def favicon(request: HttpRequest) -> HttpResponse:
    """For browsers that ask without reading the page (the admin has no icon link)."""
    return redirect(static("favicon.svg"), permanent=False)
