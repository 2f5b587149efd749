"""What follows when an order is packed: its label prints, or is bought first, or somebody is told
what is missing."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from core.models import User
from core.money import Money
from orders.blockers import sentence
from orders.models import Order, Stage
from shipping import batches
from shipping.bench.refusals import label_of, why_no_label
from shipping.models import Label, PackBench, PackScan, PackSession, PackSettings, PrintJob
from shipping.printing import jobs
from shipping.printing.choice import Choice

# A parcel that stood there for longer is not waited for any more: its label is printed by hand.
WAITS = timedelta(hours=12)
_MOST = 20


@dataclass(frozen=True, slots=True)
class Missing:
    """An order that is packed at this bench and has no label to stick on it yet."""

    order: Order
    words: str


def follow(session: PackSession, *, user: User, may_buy: bool) -> str:
    """Buy the label of a packed order that has none, where the workspace wants that and the person
    may; words about it, "" where its label is there."""
    order = session.order
    label = label_of(order.pk)
    if label is not None:
        return "" if label.file_key else "Its label is on its way and prints by itself."
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
    return "Its label is being bought and prints by itself."


def settings_of(workspace_id: int) -> PackSettings:
    """How the workspace packs; the defaults where nobody said."""
    found = PackSettings.objects.filter(workspace=workspace_id).first()
    return found or PackSettings(workspace_id=workspace_id)


def to_print(bench: PackBench) -> list[Label]:
    """Labels of orders packed at this bench that are there and were not printed, oldest first."""
    packed = PackSession.objects.filter(bench=bench, packed_at__gt=timezone.now() - WAITS)
    labels = Label.objects.filter(order__in=packed.values("order"), state="bought", printed_at=None)
    labels = labels.exclude(file_key="").exclude(print_jobs__bench=bench)
    return list(labels.select_related("order").order_by("pk")[:_MOST])


def print_over_service(bench: PackBench, choice: Choice, *, user: User) -> None:
    """Hand the bench's labels to the print service, each once."""
    with transaction.atomic():
        PackBench.objects.select_for_update().get(pk=bench.pk)
        for label in to_print(bench):
            jobs.put_label(label, choice, user=user, bench=bench)


def print_again(
    bench: PackBench, wish: PackScan, choice: Choice, *, user: User
) -> tuple[str, list[Label]]:
    """Print the label of what lies on the bench once more, as somebody wished by `wish`: over the
    service, or answered for the browser to print. Words where there is none."""
    label = label_of(bench.session.order_id) if bench.session else None
    if label is None or not label.file_key:
        return "There is no label to print yet.", []
    if choice.way != "service":
        return "", [label]
    if not PrintJob.objects.filter(label=label, bench=bench, created_at__gte=wish.at).exists():
        jobs.put_label(label, choice, user=user, bench=bench)
    return "", []


def missing(bench: PackBench) -> list[Missing]:
    """Orders packed at this bench whose label has no file yet."""
    packed = PackSession.objects.filter(bench=bench, packed_at__gt=timezone.now() - WAITS)
    there = Label.objects.filter(order__in=packed.values("order"), state="bought")
    rows = packed.exclude(order__in=there.exclude(file_key="").values("order"))
    found = []
    for session in rows.select_related("order").order_by("pk")[:_MOST]:
        label = label_of(session.order_id)
        words = _progress(label) if label else why_no_label(session.order)
        found.append(Missing(session.order, words))
    return found


def _progress(label: Label) -> str:
    if label.state == "bought":
        return label.document_error or "Its file is on its way."
    return "Being bought." if label.state == "buying" else "Whether it was paid is being found out."
