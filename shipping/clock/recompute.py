"""The clocks of open orders, worked out anew when their facts, their shop's history, a rule or the
time changes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import batched
from zoneinfo import ZoneInfo

from django.utils import timezone

from core.jobs import job
from core.models import Workspace
from core.queues import Queue
from orders.clock_notes import ClockNote, note_clocks
from orders.redating import redate
from shipping.clock import facts, history
from shipping.clock.lags import Lags
from shipping.clock.predict import Desk, pickups_of
from shipping.clock.risk import Verdict, judge_all
from shipping.models import Label
from shops.models import Shop
from shops.policy.book import market_of
from shops.policy.ours import books_for

# Verdicts kept while many orders are judged: most deadlines fall on the same few moments
_REMEMBERED = 50_000
# First words of the rules that deadlines and forecasts depend on
_MATTERS = ("ship_by.", "dispatch.", "cutoff.", "days.", "handover.")


@job(queue=Queue.READING)
def catch_up(*, workspace_id: int | None = None) -> int:
    """Work out the clocks that have grown old, of one workspace or of all; answers how many."""
    chosen = Workspace.objects.order_by("pk")
    if workspace_id is not None:
        chosen = chosen.filter(pk=workspace_id)
    done = 0
    for workspace in chosen:
        facts.forget_over(workspace.pk)
        done += _judge_all(workspace, facts.stale_ids(workspace.pk, now=timezone.now()))
    return done


@job
def orders_changed(*, workspace_id: int, order_ids: list[int]) -> int:
    """Something happened to these orders' parcels: scanned, handed over, bought."""
    return _judge_all(Workspace.objects.get(pk=workspace_id), order_ids)


@job
def handed_over(*, label_id: int) -> int:
    """The label's parcel went out of the door."""
    label = Label.objects.only("workspace_id", "order_id").get(pk=label_id)
    return _judge_all(Workspace.objects.get(pk=label.workspace_id), [label.order_id])


@job(queue=Queue.READING)
def rules_changed(*, workspace_id: int, key: str = "") -> int:
    """A rule (`key`) counts otherwise for the workspace: deadlines and clocks follow."""
    if key and not key.startswith(_MATTERS):
        return 0
    redate(workspace_id)
    return recompute(workspace_id)


@job(queue=Queue.READING)
def refresh_history() -> int:
    """Roll up how long parcels waited, for every workspace; where it changed, the clocks follow.
    Answers for how many."""
    changed = 0
    for workspace in Workspace.objects.order_by("pk"):
        if history.refresh(workspace.pk, workspace.time_zone, now=timezone.now()):
            changed += 1
            recompute(workspace.pk)
    return changed


def recompute(workspace_id: int, *, now: datetime | None = None) -> int:
    """Every open order of the workspace, a part at a time; answers how many clocks say something
    else now."""
    workspace = Workspace.objects.get(pk=workspace_id)
    now = now or timezone.now()
    judges = _Judge(desks_of(workspace, now=now), now)
    facts.forget_over(workspace_id)
    return sum(note_clocks(judges.notes(ids)) for ids in facts.open_ids(workspace_id))


def desks_of(workspace: Workspace, *, now: datetime) -> dict[int, Desk]:
    """Shop → where its orders are shipped from: three queries."""
    zone = ZoneInfo(workspace.time_zone)
    shops = list(Shop.objects.filter(workspace=workspace))
    books = books_for(workspace.pk, sorted({market_of(shop.region) for shop in shops}))
    known = history.lags_of(workspace.pk)
    today = now.astimezone(zone).date()
    pickups = {market: pickups_of(book, zone, on=today) for market, book in books.items()}
    return {
        shop.pk: Desk(known.get(shop.pk, Lags({})), pickups[market_of(shop.region)])
        for shop in shops
    }


def _judge_all(workspace: Workspace, order_ids: Iterable[int]) -> int:
    ids = list(order_ids)
    if not ids:
        return 0
    now = timezone.now()
    judges = _Judge(desks_of(workspace, now=now), now)
    return sum(note_clocks(judges.notes(part)) for part in batched(ids, facts.CHUNK))


class _Judge:
    """Judges orders as of one moment; those with the same facts are judged once."""

    def __init__(self, desks: Mapping[int, Desk], now: datetime) -> None:
        self.desks, self.now = desks, now
        self._found: dict[facts.Facts, Verdict] = {}

    def notes(self, order_ids: Iterable[int]) -> list[ClockNote]:
        """The clocks of these orders; memory does not grow with how many parts there are."""
        if len(self._found) > _REMEMBERED:
            self._found.clear()
        return [
            ClockNote(known.orders, known.workspace_id, *self._verdict(known), known.basis)
            for known in facts.read(list(order_ids))
        ]

    def _verdict(self, known: facts.Known) -> Verdict:
        found = self._found.get(known.facts)
        if found is None:
            found = judge_all(known.parcels, self.desks[known.shop_id], now=self.now)
            self._found[known.facts] = found
        return found
