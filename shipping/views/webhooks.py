"""The webhooks of label accounts: where they go, what to press, and a button that presses it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST, require_safe

from core.access import MemberRequest, Right, member
from core.errors import NotAuthorized, RemoteError
from core.htmx import go, page_or_part
from core.vault import VaultError
from shipping import accounts, listening
from shipping.models import LabelAccount
from shipping.views.settings import back


@require_safe
@member(Right.SET_UP)
def receivers(request: MemberRequest) -> HttpResponse:
    """The panel of the settings page; the addresses hold a secret, so only who sets up sees it."""
    context = {"receivers": listening.receivers(request.workspace), "back": back(request)}
    return page_or_part(request, "shipping/webhooks.html", "panel", context)


@require_POST
@member(Right.SET_UP)
def listen(request: MemberRequest, account_id: str) -> HttpResponse:
    """Have the account's provider send its events here."""
    rows = LabelAccount.objects.of(request.workspace).filter(provider__in=accounts.KEYED)
    account = get_object_or_404(rows.select_related("workspace"), pk=account_id)
    try:
        listening.start(account, user=request.user)
    except listening.CannotListen as refusal:
        messages.error(request, str(refusal))
    except NotAuthorized as error:
        accounts.pause(account, error.message)
        messages.error(request, f"{account.name} does not work: {error.message}")
    except RemoteError as error:
        messages.error(request, f"{account.name} could not be asked: {error.message}")
    except VaultError:
        messages.error(request, f"The key of {account.name} cannot be read. Enter it again.")
    else:
        messages.success(request, f"{account.name} sends its events here from now on.")
    return go(request, back(request))
