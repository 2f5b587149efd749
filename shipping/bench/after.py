"""What follows when an order is packed: its label prints, or is bought first, or somebody is told
what is missing."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core.models import User
from core.money import Money
from orders import parts
from orders.blockers import sentence
from orders.models import Order, Stage
from shipping import batches
from shipping.bench.refusals import labels_of, parcels_without, why_no_label
from shipping.models import Label, PackBench, PackScan, PackSession, PackSettings, PrintJob
from shipping.printing import jobs
from shipping.printing.choice import Choice

# A parcel that stood there for longer is not waited for any more: its label is printed by hand.
WAITS = timedelta(hours=12)
_MOST = 20
_NOT_THERE = Q(state__in=["buying", "unknown", "bought"], file_key="") | Q(state="voiding")


@dataclass(frozen=True, slots=True)
class Missing:
    """An order that is packed at this bench and has no label to stick on it yet."""

    order: Order
    words: str


def follow(session: PackSession, *, user: User, may_buy: bool) -> str:
    """Buy what a packed order has no label for, where the workspace wants that and the person may;
    words about it, "" where its labels are there."""
    order = session.order
    if not parcels_without(order):
        late = sum(not label.file_key for label in labels_of(order.pk))
        if not late:
            return ""
        return _on_its_way(late, "is on its way and prints", "are on their way and print")
    if not PackSettings.objects.filter(workspace=session.workspace_id, buys=True).exists():
        return f"{why_no_label(order)} Buy it in the queue; it prints here by itself."
    if not may_buy:
        return f"{why_no_label(order)} Your role may not buy it; it prints here once it is bought."
    return _buy(session, order, user)


def _buy(session: PackSession, order: Order, user: User) -> str:
    """Never for more than the queue shows, and not without a price."""
    if order.stage != Stage.READY:
        return f"{why_no_label(order)} {sentence(order)}"
    if order.plan_price is None:
        return f"{why_no_label(order)} Its price is not known yet: see it in the queue."
    prices = {order.pk: Money(order.plan_price, order.plan_currency)}
    try:
        with transaction.atomic():
            orders, once = Order.objects.filter(pk=order.pk), f"bench-{session.pk}"
            batches.start(session.workspace, orders, user, once=once, prices=prices)
    except batches.NothingToBuy as refusal:  # also the spend guard's
        return f"{why_no_label(order)} {refusal}"
    count = len(parcels_without(order))
    return _on_its_way(count, "is being bought and prints", "are being bought and print")


def _on_its_way(count: int, one: str, several: str) -> str:
    words, end = (one, "itself") if count == 1 else (several, "themselves")
    return f"Its {'label' if count == 1 else f'{count} labels'} {words} by {end}."


def settings_of(workspace_id: int) -> PackSettings:
    """How the workspace packs; the defaults where nobody said."""
    found = PackSettings.objects.filter(workspace=workspace_id).first()
    return found or PackSettings(workspace_id=workspace_id)


def to_print(bench: PackBench) -> list[Label]:
    """Labels of orders packed at this bench that are there and were not printed, the order packed
    first first, its parcels in their order."""
    packed = PackSession.objects.filter(bench=bench, packed_at__gt=timezone.now() - WAITS)
    labels = Label.objects.filter(order__in=packed.values("order"), state="bought", printed_at=None)
    labels = labels.exclude(file_key="").exclude(print_jobs__bench=bench)
    found = list(labels.select_related("order").order_by("pk")[:_MOST])
    first = {label.order_id: label.pk for label in reversed(found)}
    return sorted(found, key=lambda label: (first[label.order_id], label.part))


def print_over_service(bench: PackBench, choice: Choice, *, user: User) -> None:
    """Hand the bench's labels to the print service, each once."""
    with transaction.atomic():
        PackBench.objects.select_for_update().get(pk=bench.pk)
        for label in to_print(bench):
            jobs.put_label(label, choice, user=user, bench=bench)


def print_again(
    bench: PackBench, wish: PackScan, choice: Choice, *, user: User
) -> tuple[str, list[Label]]:
    """Print the labels of what lies on the bench once more, as somebody wished by `wish`: over the
    service, or answered for the browser to print. Words where there is none."""
    labels = labels_of(bench.session.order_id) if bench.session else []
    labels = [label for label in labels if label.file_key]
    if not labels:
        return "There is no label to print yet.", []
    if choice.way != "service":
        return "", labels
    for label in labels:
        if not PrintJob.objects.filter(label=label, bench=bench, created_at__gte=wish.at).exists():
            jobs.put_label(label, choice, user=user, bench=bench)
    return "", []


def missing(bench: PackBench) -> list[Missing]:
    """Orders packed at this bench of which a label has no file yet."""
    packed = PackSession.objects.filter(bench=bench, packed_at__gt=timezone.now() - WAITS)
    there = Label.objects.filter(order__in=packed.values("order"), state="bought")
    whole = ~Q(order__in=there.exclude(file_key="").values("order"))
    late = Label.objects.filter(_NOT_THERE, order=OuterRef("order"))
    in_parts = Q(order__part__gt=0) & (~Q(order__label_state="bought") | Exists(late))
    rows = packed.filter(whole & Q(order__part=0) | in_parts)
    sessions = rows.select_related("order").order_by("pk")[:_MOST]
    return [Missing(one.order, words) for one in sessions if (words := _missing(one.order))]


def _missing(order: Order) -> str:
    """What of the order is not there, in words."""
    labels = labels_of(order.pk)
    late = [label for label in labels if not label.file_key]
    if not late or parcels_without(order):
        return why_no_label(order)
    if len(labels) == 1:
        return _progress(labels[0])
    return " ".join(f"{_named(label, order)}: {_progress(label)}" for label in late)


def _named(label: Label, order: Order) -> str:
    return parts.name(label.part, order.parts).capitalize()


def _progress(label: Label) -> str:
    if label.state == "bought":
        return label.document_error or "Its file is on its way."
    return "Being bought." if label.state == "buying" else "Whether it was paid is being found out."
