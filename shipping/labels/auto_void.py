"""Labels of orders that were cancelled after the purchase: given back by themselves, where the
workspace wants that, nobody has scanned them, and their provider still takes them back."""

import logging

from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from core import audit, notifications
from core.access import wreverse
from core.errors import RemoteError
from core.jobs import job
from core.models import User, Workspace
from core.queues import Queue
from core.states import IllegalMove, LostRace
from orders import parts, sweep
from orders.models import Order, OrderEvent
from orders.models.orders import NOT_COLLECTED
from orders.parts import SOME
from orders.readiness import CANCELLED
from shipping.labels import money_back
from shipping.labels.purchase import CannotBuy
from shipping.labels.void import void
from shipping.models import Label, MoneyBack, VoidSetting
from shipping.models.labels import LabelQuerySet
from shipping.models.money_back import LEFT

log = logging.getLogger(__name__)

MOST = 200  # labels a run
# The labels of parcels have an index of their own, and few of them wait for a scan.
_EMPTIED = """
SELECT l.id FROM shipping_label l JOIN orders_order o ON o.id = l.order_id
WHERE l.part > 0 AND l.state = 'bought' AND l.first_scan_at IS NULL AND o.status = ANY(%s)
    AND jsonb_array_length(o.parts) >= l.part
    AND EXISTS (SELECT FROM orders_line n WHERE n.order_id = o.id)
    AND NOT EXISTS (
        SELECT FROM orders_line n WHERE n.order_id = o.id AND n.status <> 'CANCELLED'
            AND jsonb_exists(o.parts -> (l.part - 1) -> 'lines', n.tiktok_id))
"""
_BEFORE_SCAN = ("", "unknown", "pre_transit")


def is_automatic(workspace_id: int) -> bool:
    """Whether labels of cancelled orders are given back by themselves; they are unless the
    workspace said no."""
    choice = VoidSetting.objects.filter(workspace=workspace_id).first()
    return choice is None or choice.when_cancelled


def set_automatic(workspace: Workspace, wanted: bool, *, user: User | None) -> None:
    """Keep the workspace's choice; those left alone because it was off are looked at again."""
    VoidSetting.objects.update_or_create(workspace=workspace, defaults={"when_cancelled": wanted})
    if wanted:
        MoneyBack.objects.of(workspace).filter(outcome="left", left_because="off").delete()
    words = "are given back by themselves" if wanted else "are kept until a person voids them"
    audit.record(
        workspace,
        "workspace.void_setting",
        f"workspace:{workspace.pk}",
        f"Labels of cancelled orders {words}",
        actor=user,
    )


@job(queue=Queue.BUYING)
def void_cancelled() -> int:
    """Give back, or tell why not, every label whose order was cancelled; answers how many were
    looked at."""
    ids = list(_due().values_list("pk", flat=True)[:MOST])
    sweep.each(_one, ids)
    return len(ids)


def _due() -> LabelQuerySet:
    """Labels of cancelled orders that nobody dealt with, and those whose provider could not be
    asked before."""
    known = MoneyBack.objects.filter(label=OuterRef("pk"))
    again = known.filter(outcome="in_use", retry_at__lte=timezone.now())
    # Worded like the condition of the index order_cancelled_labelled, which holds nothing else.
    orders = Order.objects.filter(
        label_state__in=["bought", SOME], status__in=["CANCELLED", "CANCEL"]
    )
    wanted = Q(order__in=orders) | Q(pk__in=_emptied())
    labels = Label.objects.filter(wanted, state="bought")
    return labels.filter(Q(~Exists(known)) | Q(Exists(again))).order_by("settled_at", "pk")


def _emptied() -> list[int]:
    """Labels of parcels of which every item was cancelled, while the order's others still
    travel."""
    with connection.cursor() as cursor:
        cursor.execute(_EMPTIED, [NOT_COLLECTED])
        return [pk for (pk,) in cursor.fetchall()]


def is_emptied(label: Label) -> bool:
    """Whether nothing is left to be shipped in the label's parcel, one of several."""
    if not 0 < label.part <= len(label.order.parts):
        return False
    inside = parts.lines_of(parts.view(label.order, label.part)) or ()
    statuses = dict(label.order.lines.values_list("tiktok_id", "status"))
    live = [line for line, status in statuses.items() if status != "CANCELLED" and line in inside]
    return bool(statuses) and not live


def _one(label_id: int) -> str:
    related = ("account__shop__authorization", "account__workspace", "workspace", "order__shop")
    label = Label.objects.select_related(*related).get(pk=label_id)
    is_over = label.order.status in CANCELLED or is_emptied(label)
    if label.state != "bought" or not is_over:
        return label.state
    if because := why_left(label):
        _leave(label, because)
        return "left"
    try:
        state = void(label, None, why="cancelled")
    except CannotBuy as refusal:
        if refusal.code == "void_unsupported":
            _leave(label, "unsupported")
        return "left"
    except (IllegalMove, LostRace):  # somebody else was faster
        return "left"
    except RemoteError as error:  # a key that is not accepted: a person has to renew it first
        log.info("label %s of a cancelled order: %s", label.pk, error.message)
        return "later"
    _note(label, state)
    return state


def why_left(label: Label) -> str:
    """A key of LEFT: why the label of a cancelled order is not given back; "" where it is."""
    if not is_automatic(label.workspace_id):
        return "off"
    if label.first_scan_at is not None or label.tracking_status not in _BEFORE_SCAN:
        return "scanned"
    until = money_back.window_end(label)
    return "window" if until is not None and until < timezone.now() else ""


def _leave(label: Label, because: str) -> None:
    if not money_back.left(label, because):
        return
    text = f"{_what(label)} was cancelled; its label is kept. {LEFT[because]}"
    OrderEvent.objects.create(order_id=label.order_id, kind="label", text=text)
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:cancelled",
        f"{_what(label, named=True)} was cancelled after its label of {label.money} was bought. "
        f"{LEFT[because]}",
        level="info" if because == "unsupported" else "warn",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
    )


def _what(label: Label, *, named: bool = False) -> str:
    order = f"Order {label.order.tiktok_id}" if named else "The order"
    return f"Parcel {label.part} of order {label.order.tiktok_id}" if label.part else order


def _note(label: Label, state: str) -> None:
    """The order's own history, and people, learn what was done."""
    words = {
        "voided": f"{label.money} came back",
        "refunding": f"{label.money} is asked back",
        "voiding": "whether the provider heard it is being found out",
    }.get(state)
    if words is None:
        told = f"{_what(label)} was cancelled; its label could not be given back: {label.reason}"
    else:
        told = f"{_what(label)} was cancelled: its label is voided by itself, {words}."
    OrderEvent.objects.create(order_id=label.order_id, kind="label", text=told[:400])
    notifications.notify(
        label.workspace,
        f"label:{label.pk}:cancelled",
        f"Order {label.order.tiktok_id}: {told[0].lower()}{told[1:]}",
        level="info" if words else "warn",
        link=wreverse(label.workspace, "orders:detail", order_id=label.order_id),
    )
