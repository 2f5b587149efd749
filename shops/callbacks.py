"""A seller comes back from TikTok: connected, refused with words, or asked for which workspace."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from core import vault
from core.access import wreverse
from core.models import User
from shops import checks, connect

_INSTALL = "tiktok_install"


@never_cache
@login_required
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """The address TikTok sends sellers back to, with a code or a refusal."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    try:
        outcome = connect.complete(request.GET.dict(), request.user)
    except connect.ConnectError as error:
        return _refused(request, error)
    if isinstance(outcome, connect.Connected):
        return _connected(request, outcome)
    # Kept sealed on the server: the page that asks for a workspace never sees the code.
    request.session[_INSTALL] = vault.seal(outcome.code, owner=_owner(request.user))
    return redirect("connect:install")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def install(request: HttpRequest) -> HttpResponse:
    """An install from TikTok's App Store carries no state of ours: a person confirms it, and says
    for which workspace."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    workspaces = connect.workspaces_of(request.user)
    sealed = request.session.get(_INSTALL)
    if sealed is None:
        return _refused(request, connect.ConnectError("There is no shop waiting to be connected."))
    if request.method == "GET":
        return render(request, "shops/install.html", {"workspaces": workspaces})
    del request.session[_INSTALL]
    chosen = next((w for w in workspaces if w.slug == request.POST.get("workspace")), None)
    try:
        if chosen is None:
            raise connect.ConnectError("Choose one of your workspaces, and install again.")
        code = vault.unseal(sealed, owner=_owner(request.user))
        outcome = connect.connect(chosen, request.user, code, now=timezone.now())
    except connect.ConnectError as error:
        return _refused(request, error)
    except vault.VaultError:
        text = "Somebody else started this install. Start it again from TikTok."
        return _refused(request, connect.ConnectError(text))
    return _connected(request, outcome)


def _connected(request: HttpRequest, outcome: connect.Connected) -> HttpResponse:
    names = ", ".join(shop.name for shop in outcome.shops)
    messages.success(request, f"{names} connected. Its orders are being read.")
    if outcome.missing:
        messages.warning(request, checks.without(outcome.missing))
    return redirect(wreverse(outcome.workspace, "shops:list"))


def _refused(request: HttpRequest, error: connect.ConnectError) -> HttpResponse:
    assert isinstance(request.user, User)  # noqa: S101 - both views need a sign-in
    context = {"error": error, "workspaces": connect.workspaces_of(request.user)}
    return render(request, "shops/refused.html", context, status=400)


def _owner(user: User) -> str:
    return f"shops.install:{user.pk}"
