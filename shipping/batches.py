"""Bulk buying as pages see it: the sheet, start, stop, retry; and the sweep that brings stalled
batches back."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit
from core import batches as items
from core.jobs import job
from core.models import BATCH, ITEM, Batch, BatchItem, User, Workspace
from core.money import Money
from core.patience import patience
from core.states import IllegalMove, LostRace
from orders.models import Order
from shipping import batch_checks as checks
from shipping import ceilings
from shipping.batch_runner import run_batch
from shipping.batch_sheet import LeftOut, Share, Sheet, sheet
from shipping.labels.prints import build_print_files
from shipping.spend.limits import above_alone, second_words

__all__ = [
    "KIND",
    "LeftOut",
    "NeedsSecond",
    "NothingToBuy",
    "Share",
    "Sheet",
    "build_print_files",
    "cancel",
    "of",
    "resume_stalled",
    "retry_failed",
    "retry_item",
    "run_batch",
    "sheet",
    "start",
    "started_by",
    "why_not_retried",
]

KIND = "labels"
# A runner shows itself every few seconds; one that is silent for this long is dead.
STALLED = patience(seconds=45)


class NothingToBuy(Exception):
    """None of the selected orders can be bought now; the sheet says why."""


class NeedsSecond(NothingToBuy):
    """It is more than one person may spend; nothing was bought."""


def start(
    workspace: Workspace,
    orders: "QuerySet[Order]",
    user: User | None,
    *,
    once: str = "",
    prices: Mapping[int, Money] | None = None,
    approved: bool = False,
    label_format: str = "PDF",
) -> Batch:
    """A running batch of what the sheet for `orders` offers now. NothingToBuy when that is nothing;
    NeedsSecond when it comes to more than one person may spend, unless a second one `approved` it.

    `once` is the sheet's own name: a second start by the same sheet answers the first one's batch.
    `prices` by order are what a person confirmed: only those are bought, none for more. Without
    them the planned prices bind, where there are any. `label_format` ZPL is for providers that
    make it; the others' labels are PDF.
    """
    offer = sheet(workspace, orders)
    if prices is not None:
        offer.order_ids = [pk for pk in offer.order_ids if pk in prices]
    else:
        prices = _planned(offer)
    if not offer.order_ids:
        raise NothingToBuy("None of the selected orders can be bought now.")
    if not approved:
        _check_alone(workspace, offer, prices)
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        if once and (first := started_by(workspace, once)):
            return first
        options = _options(offer, once, prices) | {"label_format": label_format}
        batch = items.start(workspace, KIND, offer.order_ids, user=user, options=options)
        words = f"Buying {offer.count} labels for {_words(offer)}"
        _note(batch, "batch.started", words, user, orders=len(offer.order_ids))
        run_batch.later(batch_id=batch.pk)
    return batch


def _check_alone(workspace: Workspace, offer: Sheet, prices: Mapping[int, Money]) -> None:
    binding = {pk: prices[pk] for pk in offer.order_ids if pk in prices}
    if limits := above_alone(workspace, binding):
        raise NeedsSecond(second_words(limits))


def _options(offer: Sheet, once: str, prices: Mapping[int, Money]) -> dict[str, Any]:
    # An order that travels in fewer parcels than was shown is not to cost as much.
    binding = {
        pk: offer.prices[pk]
        if pk in offer.parcels
        and pk in offer.prices
        and not ceilings.is_dearer(offer.prices[pk], price)
        else price
        for pk, price in prices.items()
    }
    return {
        "expected": [[str(total.amount), total.currency] for total in offer.totals],
        "unpriced": offer.unpriced,
        "prices": ceilings.to_json(binding),
        "parcels": {str(pk): numbers for pk, numbers in offer.parcels.items()},
        "once": once,
    }


def _planned(offer: Sheet) -> dict[int, Money]:
    """The sheet's prices, and for orders whose rates ran out since, what the queue shows."""
    others = [pk for pk in offer.order_ids if pk not in offer.prices]
    noted = Order.objects.filter(pk__in=others).exclude(plan_price=None)
    rows = noted.values_list("pk", "plan_price", "plan_currency")
    return offer.prices | {
        pk: Money(amount, currency) for pk, amount, currency in rows if amount is not None
    }


def started_by(workspace: Workspace, once: str) -> Batch | None:
    """The batch that the sheet called `once` has started, if it was pressed before."""
    recent = of(workspace).filter(created_at__gt=timezone.now() - timedelta(hours=3))
    return recent.filter(options__once=once).first()


def _words(offer: Sheet) -> str:
    return " and ".join(str(total) for total in offer.totals) or "prices to come"


def of(workspace: Workspace) -> "QuerySet[Batch]":
    """The workspace's label batches, newest first."""
    return items.of(workspace).filter(kind=KIND)


def cancel(batch: Batch, user: User | None) -> int:
    """Stop before the next purchase; what is being paid right now is finished. Answers how many
    items never started."""
    with transaction.atomic():
        left_out = items.cancel(batch, now=timezone.now())
        _note(batch, "batch.cancelled", f"Batch stopped, {left_out} orders not begun", user)
    return left_out


def retry_failed(batch: Batch, user: User | None) -> int:
    """Try the failed and left-out rows again, never the unknown ones, nor those that cost more now:
    they need a new sheet. Answers how many; none while a stopped batch still ends."""
    if items.is_ending(batch):
        return 0
    with transaction.atomic():
        count = items.retry_failed(batch, now=timezone.now(), but=[ceilings.NEW_SHEET])
        if count:
            _note(batch, "batch.retried", f"{count} rows tried again", user)
            run_batch.later(batch_id=batch.pk)
    return count


def retry_item(batch: Batch, item: BatchItem, user: User | None) -> bool:
    """Try one failed or left-out row again; False where `retry_failed` would not."""
    if item.fix == ceilings.NEW_SHEET or items.is_ending(batch):
        return False
    try:
        with transaction.atomic():
            now = timezone.now()
            ITEM.move(item, "waiting", reason="", fix="", settled_at=None, due_at=now)
            if batch.state != "running":
                BATCH.move(batch, "running", finished_at=None)
            _note(batch, "batch.retried", "One row tried again", user)
            run_batch.later(batch_id=batch.pk)
    except (IllegalMove, LostRace):
        return False
    return True


def why_not_retried(batch: Batch) -> str:
    """Why `retry_failed` or `retry_item` did nothing, in words."""
    if items.is_ending(batch):
        return (
            "What was being paid when the batch was stopped is still being finished. Try again in "
            "a few minutes."
        )
    if batch.items.filter(state="left_out", fix=ceilings.NEW_SHEET).exists():
        return "These are not as they were confirmed: open a new sheet, which shows what they cost now."
    return "There is nothing left to try again."


def _note(batch: Batch, action: str, words: str, user: User | None, **detail: int) -> None:
    audit.record(batch.workspace_id, action, f"batch:{batch.pk}", words, actor=user, **detail)


@job
def resume_stalled() -> int:
    """Start a runner for every running batch that has none, and end what dead ones left of stopped
    batches; answers how many were started."""
    now = timezone.now()
    _end_stopped(now)
    silent = Q(runner_seen_at=None, created_at__lt=now - STALLED)
    silent |= Q(runner_seen_at__lt=now - STALLED)
    stalled = list(Batch.objects.filter(silent, kind=KIND, state="running"))
    for batch in stalled:
        # What the dead runner held is free at once: its label rows say what was under way.
        BatchItem.objects.filter(batch=batch, state="working").update(claimed_until=now)
        run_batch.later(batch_id=batch.pk)
    return len(stalled)


def _end_stopped(now: datetime) -> None:
    """Close what a dead runner of a stopped batch had in hand: paid or unknown as its label says,
    else left out, so that no later "Try again" buys it along."""
    found = items.left_behind(KIND, now=now)
    labels = checks.known_labels(
        [item.subject_id for item in found], {item.batch_id for item in found}
    )
    for item in found:
        verdict = checks.abandoned(labels.get(item.subject_id), item.batch) or checks.STOPPED
        if item.state == "waiting":  # given back just when the batch was stopped
            verdict = checks.STOPPED
        items.settle(item, verdict.state, now=now, reason=verdict.reason, fix=verdict.fix)
        if verdict.state == "done":
            build_print_files.later(batch_id=item.batch_id)
