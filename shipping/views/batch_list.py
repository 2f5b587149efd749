"""The list of batches, newest first."""

from dataclasses import dataclass

from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from core.access import MemberRequest, Right, member
from core.htmx import page_or_part
from core.models import Batch, BatchItem
from core.money import Money
from shipping import batches, newest
from shipping.models import LedgerEntry, PrintFile

PAGE = 30


@dataclass(frozen=True, slots=True)
class Summary:
    """One batch in the list."""

    batch: Batch
    states: dict[str, int]
    spent: list[Money]
    files: int
    printed: int

    @property
    def total(self) -> int:
        """Items of the batch."""
        return sum(self.states.values())

    @property
    def done(self) -> int:
        """Labels bought."""
        return self.states.get("done", 0)

    @property
    def problems(self) -> int:
        """Rows that need a person."""
        return self.states.get("failed", 0) + self.states.get("unknown", 0)

    @property
    def left_out(self) -> int:
        """Rows that were not bought for a reason of their own."""
        return self.states.get("left_out", 0)


@require_safe
@member(Right.VIEW)
def listing(request: MemberRequest) -> HttpResponse:
    """The workspace's batches, newest first."""
    rows = batches.of(request.workspace).select_related("created_by")
    page = newest.page_of(rows, "created_at", after=request.GET.get("after", ""), size=PAGE)
    context = {
        "batches": summaries(page.rows),
        "after": page.after,
        "is_first": not request.GET.get("after"),
    }
    return page_or_part(request, "shipping/batches.html", "batches", context)


def summaries(rows: list[Batch]) -> list[Summary]:
    """Counts, money and files of many batches, in three queries."""
    ids = [batch.pk for batch in rows]
    states: dict[int, dict[str, int]] = {pk: {} for pk in ids}
    counted = BatchItem.objects.filter(batch__in=ids).values_list("batch_id", "state")
    for pk, state, count in counted.annotate(n=Count("id")).order_by():
        states[pk][state] = count
    spent: dict[int, list[Money]] = {pk: [] for pk in ids}
    sums = LedgerEntry.objects.filter(label__batch__in=ids).values_list("label__batch", "currency")
    for pk, currency, amount in sums.annotate(sum=Sum("amount")).order_by("currency"):
        spent[pk].append(Money(amount, currency))
    files: dict[int, tuple[int, int]] = {}
    kept = PrintFile.objects.filter(batch__in=ids, label_count__gt=0).values_list("batch_id")
    printed = Count("id", filter=Q(printed_at__isnull=False))
    for pk, n, done in kept.annotate(n=Count("id"), done=printed).order_by():
        files[pk] = (n, done)
    return [
        Summary(batch, states[batch.pk], spent[batch.pk], *files.get(batch.pk, (0, 0)))
        for batch in rows
    ]
