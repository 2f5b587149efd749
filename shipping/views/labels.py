"""What a person may do with one label: give it back, fetch its file again, find out what became of
it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods, require_POST

from core.access import MemberRequest, Right, member, wreverse
from core.errors import RemoteError
from core.htmx import go
from core.money import Money
from core.states import IllegalMove, LostRace
from orders import dispatch, telling
from shipping.forms import PaidForm
from shipping.labels import documents, reconcile
from shipping.labels import void as voiding
from shipping.labels.purchase import CannotBuy
from shipping.manifest_outcomes import on_form
from shipping.models import Label
from shipping.views.settings import form_page, posted


@require_POST
@member(Right.BUY)
def void(request: MemberRequest, label_id: int) -> HttpResponse:
    """Ask the provider for the money back."""
    label = _label(request, label_id, "bought", "voiding", "refunding")
    if state := give_back(request, label):
        _say_voided(request, label, state)
    return _back(request, label)


def give_back(request: MemberRequest, label: Label, *, why: str = "person") -> str:
    """Ask for the label's money; its state then, "" where it could not be asked for, which the
    person is told."""
    try:
        return voiding.void(label, request.user, why=why)
    except CannotBuy as refusal:
        messages.error(request, refusal.sentence)
    except (IllegalMove, LostRace):
        messages.warning(request, "The label was changed by somebody else meanwhile.")
    except RemoteError as error:
        messages.error(request, f"The label could not be voided: {error.message}")
    return ""


def _say_voided(request: MemberRequest, label: Label, state: str) -> None:
    if state == "voided":
        messages.success(request, f"The label is voided, {label.money} came back.")
    elif state == "refunding":
        messages.success(
            request,
            f"Void requested. {label.money} comes back when the provider agrees; the order can be "
            "bought again now.",
        )
    elif state == "voiding":
        messages.warning(
            request,
            "Whether the provider heard the request is not known yet. It is asked again by itself; "
            "until then the order cannot be bought again.",
        )
    elif state == "unused":
        messages.error(request, f"{label.money} is not given back: {label.reason}")
    else:
        messages.error(request, f"The label was not voided: {label.reason}")
        return
    if words := on_form(label):
        messages.warning(request, words)
    if label.tracking_number and knows(label):
        messages.warning(
            request, f"TikTok knows {label.tracking_number}, or may: tell it the new number there."
        )


def knows(label: Label) -> bool:
    """Whether TikTok has the label's number, or may have it."""
    return dispatch.known_number(label.order, label.part) == telling.normal(label.tracking_number)


@require_POST
@member(Right.PACK)
def fetch(request: MemberRequest, label_id: int) -> HttpResponse:
    """Get the label's file from the provider again; free."""
    label = _label(request, label_id, "bought", "voiding")
    if documents.fetch_again(label_id=label.pk):
        messages.success(request, "The label's file is here.")
    else:
        label.refresh_from_db()
        messages.warning(request, f"The file is not here yet. {label.document_error}")
    return _back(request, label)


@require_POST
@member(Right.BUY)
def ask(request: MemberRequest, label_id: int) -> HttpResponse:
    """Ask the provider now what became of a purchase whose answer was lost."""
    label = _label(request, label_id, "unknown")
    state = reconcile.ask_now(label_id=label.pk)
    if state == "bought":
        messages.success(request, "It was paid: the label is yours, and its file is fetched.")
    elif state == "refused":
        messages.success(request, "It was not paid. The order can be bought again.")
    else:
        label.refresh_from_db()
        messages.warning(request, f"Still not known. {label.reason}")
    return _back(request, label)


@require_http_methods(["GET", "HEAD", "POST"])
@member(Right.BUY)
def resolve(request: MemberRequest, label_id: int) -> HttpResponse:
    """A person who looked at the provider says what became of it; `outcome` is bought or
    not_bought."""
    label = _label(request, label_id, "unknown")
    form = PaidForm(posted(request), initial={"cost": label.price})
    if request.method == "POST":
        try:
            if request.POST.get("outcome") == "not_bought":
                reconcile.resolve_as_not_bought(label, user=request.user)
                messages.success(request, "Kept as not paid. The order can be bought again.")
                return _back(request, label)
            if form.is_valid():
                _keep_paid(request, label, form)
                return _back(request, label)
        except CannotBuy as refusal:
            messages.error(request, refusal.sentence)
            return _back(request, label)
    return form_page(
        request,
        form,
        "What became of this label?",
        "It was paid: keep it",
        text=f"Look up order {label.order.tiktok_id} at {label.account.name}. {label.reason}",
        other=("outcome", "not_bought", "There is no such label"),
        back=wreverse(request.workspace, "orders:detail", order_id=label.order_id),
    )


def _keep_paid(request: MemberRequest, label: Label, form: PaidForm) -> None:
    data = form.cleaned_data
    reconcile.resolve_as_bought(
        label,
        tracking_number=data["tracking_number"],
        provider_label_id=data["provider_label_id"],
        cost=Money(data["cost"], label.currency),
        user=request.user,
    )
    messages.success(request, "Kept as paid. Its file is fetched, and TikTok is told.")


def _label(request: MemberRequest, label_id: int, *states: str) -> Label:
    rows = Label.objects.of(request.workspace).filter(state__in=states)
    parts = ("order", "account__shop__authorization", "account__workspace", "workspace")
    return get_object_or_404(rows.select_related(*parts), pk=label_id)


def _back(request: MemberRequest, label: Label) -> HttpResponse:
    """To where the button was pressed: the page it names, else the order's."""
    if request.POST.get("from") == "word":
        return go(request, wreverse(request.workspace, "shipping:needs-word"))
    if request.POST.get("from") == "money":
        return go(request, wreverse(request.workspace, "shipping:money"))
    if request.POST.get("from") == "batch" and label.batch is not None:
        return go(
            request,
            wreverse(request.workspace, "shipping:batch", batch_id=label.batch.public_id),
        )
    return go(request, wreverse(request.workspace, "orders:detail", order_id=label.order_id))
