"""Label accounts: add with a key, test, give a new key, remove."""

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from core import breaker
from core.access import MemberRequest, Right, member
from core.errors import NotAuthorized, RemoteError
from core.htmx import go
from core.vault import VaultError
from shipping import accounts
from shipping.forms import KeyForm, NewKeyForm
from shipping.models import LabelAccount
from shipping.quoting import set_up_changed
from shipping.views.settings import back, form_page, posted

NOTHING_LOST = "Nothing was saved and nothing was changed."


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def add(request: MemberRequest) -> HttpResponse:
    """A new account; its key is tested before it is kept. `server=1` takes the key from the
    server's settings."""
    form = KeyForm(_posted(request), initial={"provider": request.GET.get("provider")})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            account = accounts.add(
                request.workspace,
                data["provider"],
                data["key"].strip(),
                name=data["name"].strip(),
                user=request.user,
            )
        except accounts.BadKey as refusal:
            form.add_error("key", str(refusal))
        except RemoteError as error:
            form.add_error("key", f"The key could not be tested: {error.message} {NOTHING_LOST}")
        else:
            set_up_changed(request.workspace.pk)
            messages.success(request, f"{account.name} is connected. {words(account)}")
            return go(request, back(request))
    if request.POST.get("server") == "1":
        form.data = {**form.data, "key": ""}  # the server's own key never reaches a page
    return form_page(request, form, "Add a label account", "Test and add")


def _posted(request: MemberRequest) -> dict[str, str] | None:
    if request.method != "POST":
        return None
    data = {name: request.POST.get(name, "") for name in ("provider", "key", "name")}
    if request.POST.get("server") == "1":
        given = accounts.server_keys(request.workspace, request.user)
        data["key"] = given.get(data["provider"], "")
    return data


@sensitive_post_parameters("key")
@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def new_key(request: MemberRequest, account_id: str) -> HttpResponse:
    """Another key for the same account; the old one stays until the new one has been tested."""
    account = _account(request, account_id, keyed=True)
    form = NewKeyForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            accounts.replace_key(account, form.cleaned_data["key"].strip(), user=request.user)
        except accounts.BadKey as refusal:
            form.add_error("key", f"{refusal} The old key stays.")
        except RemoteError as error:
            form.add_error(
                "key", f"The key could not be tested: {error.message} The old key stays."
            )
        else:
            set_up_changed(request.workspace.pk)
            messages.success(request, f"{account.name} has a new key. {words(account)}")
            return go(request, back(request))
    title = f"New key for {account.name}"
    return form_page(request, form, title, "Test and replace")


@require_POST
@member(Right.SET_UP)
def check(request: MemberRequest, account_id: str) -> HttpResponse:
    """Test the kept key and say what the account can do."""
    account = _account(request, account_id)
    paused = account.state == "paused"
    breaker.try_now(accounts.circuit_of(account))
    try:
        found = accounts.recheck(account, now=timezone.now(), user=request.user)
    except NotAuthorized as error:
        accounts.pause(account, error.message)
        messages.error(request, f"{account.name} does not work: {error.message}")
    except RemoteError as error:
        messages.warning(request, f"{account.name} could not be tested: {error.message}")
    except VaultError:
        messages.error(request, f"The key of {account.name} cannot be read. Enter it again.")
    else:
        if paused:
            set_up_changed(request.workspace.pk)
        messages.success(request, f"{account.name} works. {words(account)} {found.detail}".strip())
    return go(request, back(request))


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.SET_UP)
def remove(request: MemberRequest, account_id: str) -> HttpResponse:
    """Take an account out of use, after a page that says what stays."""
    account = _account(request, account_id, keyed=True)
    if request.method == "POST":
        try:
            accounts.remove(account, user=request.user)
        except accounts.StillNeeded as refusal:
            messages.error(request, str(refusal))
            return go(request, back(request))
        set_up_changed(request.workspace.pk)
        messages.success(request, f"{account.name} is removed. Its labels and their ledger stay.")
        return go(request, back(request))
    return form_page(
        request,
        Form(),
        f"Remove {account.name}",
        "Remove the account",
        danger=True,
        text="No rates are asked of it and no labels bought with it any more. Its key is "
        "forgotten. Labels bought with it, their files and the ledger stay.",
    )


def words(account: LabelAccount) -> str:
    """What a tested account can do, as a sentence."""
    carriers = f" Carriers: {', '.join(account.carriers)}." if account.carriers else ""
    kind = "a test account, its labels cannot be shipped with" if account.mode == "test" else "live"
    return f"It is {kind}.{carriers}"


def _account(request: MemberRequest, account_id: str, *, keyed: bool = False) -> LabelAccount:
    rows = LabelAccount.objects.of(request.workspace).select_related(
        "workspace", "shop__authorization"
    )
    if keyed:
        rows = rows.filter(provider__in=accounts.KEYED)
    return get_object_or_404(rows, pk=account_id)
