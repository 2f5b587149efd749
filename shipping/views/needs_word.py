"""Purchases whose answer was lost: those that only a person can settle, and those still asked
about."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from core.access import MemberRequest, Right, member
from core.htmx import page_or_part
from shipping.forms import PaidForm
from shipping.labels.person import Places, where_to_look
from shipping.models import Label
from shipping.naming import name_of

# More than this at once is an outage, and its providers will be asked again.
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Case:
    """One purchase nobody knows the outcome of."""

    label: Label
    service: str
    places: Places
    form: PaidForm | None  # None while the provider can still tell


@require_safe
@member(Right.VIEW)
def page(request: MemberRequest) -> HttpResponse:
    """The oldest first, as its order waits longest."""
    rows = (
        Label.objects.of(request.workspace)
        .filter(state="unknown")
        .select_related("order__shop", "account", "batch")
        .order_by("intent_at", "pk")
    )
    cases = [_case(label) for label in rows[: SHOWN + 1]]
    context = {
        "yours": [case for case in cases[:SHOWN] if case.form],
        "asked": [case for case in cases[:SHOWN] if not case.form],
        "more": len(cases) > SHOWN,
    }
    return page_or_part(request, "shipping/needs_word.html", "cases", context)


def _case(label: Label) -> Case:
    form = None
    places = where_to_look(label)
    if label.needs_person_since is not None:
        initial = {"cost": label.price, "provider_label_id": places.label_id}
        form = PaidForm(initial=initial, prefix=None, auto_id=f"label-{label.pk}-%s")
    return Case(label, name_of(label), places, form)
