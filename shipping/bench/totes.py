"""Totes: the orders of a batch are put into numbered totes, a wave at a time, and packed from there."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from core import audit
from core.models import Batch, BatchItem, User, Workspace
from orders.models import Order
from shipping import batches
from shipping.bench.lookup import labels_to_pack
from shipping.models import Label, Tote


@dataclass(frozen=True, slots=True)
class Waiting:
    """A batch with orders that are bought and neither packed nor in a tote."""

    batch: Batch
    count: int


def held(workspace: Workspace) -> list[Tote]:
    """The totes in use, by number."""
    rows = Tote.objects.filter(workspace=workspace, freed_at=None)
    return list(rows.select_related("order", "batch").order_by("number"))


def waiting(workspace: Workspace) -> list[Waiting]:
    """The newest batches with orders for totes."""
    newest = list(batches.of(workspace).order_by("-created_at")[:20])
    labels = _labels(workspace).filter(batch__in=newest)
    counts = dict(labels.order_by().values_list("batch").annotate(Count("order", distinct=True)))
    return [Waiting(batch, counts[batch.pk]) for batch in newest if batch.pk in counts]


def fill(workspace: Workspace, batch: Batch, *, totes: int, user: User) -> int:
    """Put the batch's next orders, in pick order, into the free ones of so many totes; answers how
    many."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        used = set(
            Tote.objects.filter(workspace=workspace, freed_at=None).values_list("number", flat=True)
        )
        free = [number for number in range(1, totes + 1) if number not in used]
        orders = _next(workspace, batch, len(free))
        Tote.objects.bulk_create(
            [
                Tote(workspace=workspace, number=number, order_id=order_id, batch=batch)
                for number, order_id in zip(free, orders, strict=False)
            ]
        )
        if orders:
            words = f"{len(orders)} orders were put into totes"
            audit.record(workspace, "totes.filled", f"batch:{batch.pk}", words, actor=user)
    return len(orders)


def empty(workspace: Workspace, number: int) -> bool:
    """Take the order out of a tote; False when there is none in it."""
    rows = Tote.objects.filter(workspace=workspace, number=number, freed_at=None)
    return bool(rows.update(freed_at=timezone.now()))


def placed(workspace: Workspace) -> list[tuple[int, Order]]:
    """Tote and order, for the pick list: what goes into which tote."""
    rows = Tote.objects.filter(workspace=workspace, freed_at=None).order_by("number")
    found = rows.select_related("order__shop").prefetch_related("order__lines")
    return [(tote.number, tote.order) for tote in found]


def _labels(workspace: Workspace) -> QuerySet[Label]:
    """Labels of orders that still have to be packed and lie in no tote."""
    in_tote = Tote.objects.filter(order=OuterRef("order"), freed_at=None)
    return labels_to_pack(workspace).exclude(Exists(in_tote))


def _next(workspace: Workspace, batch: Batch, most: int) -> Sequence[int]:
    wanted = set(_labels(workspace).filter(batch=batch).values_list("order_id", flat=True))
    items = BatchItem.objects.filter(batch=batch, subject_id__in=wanted).order_by("position")
    return list(items.values_list("subject_id", flat=True)[:most])
