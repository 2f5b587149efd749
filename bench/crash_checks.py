"""What has to be true after every crash: charges are labels, labels have files, orders are right,
webhooks are done, tokens work."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.crash_trial import Trial, control
from bench.crash_world import World

# Paid, and in use
LIVE = ("bought", "voiding")
PAID = ("bought", "voiding", "refunding", "voided", "unused")
GIVEN_BACK = ("refunding", "voided", "unused")


@dataclass
class Findings:
    """Everything that is wrong, each in words; a run is good when all are empty."""

    double_purchases: list[str] = field(default_factory=list)
    lost_labels: list[str] = field(default_factory=list)
    lost_orders: list[str] = field(default_factory=list)
    lost_events: list[str] = field(default_factory=list)
    double_effects: list[str] = field(default_factory=list)
    dead_tokens: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return {name: len(found) for name, found in vars(self).items()}

    def words(self) -> list[str]:
        """Every finding in a line."""
        return [f"{name}: {one}" for name, found in vars(self).items() for one in found]


def open_ends(trial: Trial) -> dict[str, list[str]]:
    """What of a trial's orders has not come to its end yet, by the finding it would be."""
    from core.models import Batch, BatchItem
    from orders.models import Dispatch, Lane, Order
    from shipping.models import Label

    orders = {row.pk: row for row in Order.objects.filter(tiktok_id__in=trial.tiktok_ids)}
    found: dict[str, list[str]] = {"lost_orders": [], "lost_labels": []}
    read = {row.tiktok_id for row in orders.values()}
    found["lost_orders"] += [f"order {one} was never read" for one in set(trial.tiktok_ids) - read]
    if Batch.objects.filter(pk__in=trial.batch_ids, state="running").exists():
        found["lost_labels"].append("its batch still runs")
    paid = set(
        Label.objects.filter(order__in=orders, state__in=PAID).values_list("order_id", flat=True)
    )
    items = BatchItem.objects.filter(batch__in=trial.batch_ids)
    for item in items.exclude(state="done"):
        if item.state == "left_out" and item.subject_id in paid:  # bought by another sheet
            continue
        found["lost_labels"].append(f"row of order {item.subject_id} {item.state}: {item.reason}")
    for order in orders.values():
        if order.stage == "ready" or order.rate_problem:
            found["lost_orders"].append(f"order {order.tiktok_id} waits to be bought")
    labelled = _labels(orders, found)
    for state, number, reason in Dispatch.objects.filter(order__in=orders).values_list(
        "state", "order__tiktok_id", "reason"
    ):
        if state not in ("done", "withdrawn"):
            found["lost_orders"].append(f"TikTok's word on {number} is {state}: {reason}")
    told = set(Dispatch.objects.filter(order__in=orders).values_list("order_id", "part"))
    for pk, labels in labelled.items():
        for label in labels if orders[pk].lane == Lane.OWN else ():
            if label.state == "bought" and (pk, label.part) not in told:
                words = f"order {orders[pk].tiktok_id}, parcel {label.part}"
                found["lost_orders"].append(f"{words}, was never told")
    return {kind: words for kind, words in found.items() if words}


def _labels(orders: dict[int, Any], found: dict[str, list[str]]) -> dict[int, list[Any]]:
    """The labels by order, noting those that have not come to their end."""
    from shipping.models import Label

    labelled: dict[int, list[Label]] = {}
    for label in Label.objects.filter(order__in=orders):
        labelled.setdefault(label.order_id, []).append(label)
        if label.state in ("ready", "buying", "unknown", "voiding"):
            found["lost_labels"].append(f"label {label.pk} is {label.state}: {label.reason}")
        elif label.state == "bought" and not label.file_key:
            found["lost_labels"].append(f"label {label.pk} has no file: {label.document_error}")
        elif label.state == "bought" and label.tell_due_at:
            found["lost_orders"].append(f"label {label.pk} was not handed over")
    return labelled


def audit(world: World, trials: list[Trial]) -> Findings:
    """The whole world, once nothing moves any more."""
    found = Findings()
    _money(world, found)
    _files(found)
    _orders(world, trials, found)
    _events(world.thanked, found)
    _tokens(world, found)
    return found


def _money(world: World, found: Findings) -> None:
    """Charges at the providers are labels of ours, one living one a parcel, to the cent."""
    from django.db.models import Sum

    from shipping.models import Label, LedgerEntry

    paid = Label.objects.filter(state__in=PAID)
    ours = {(label.provider, label.provider_label_id): label for label in paid}
    live: Counter[tuple[int, int]] = Counter()
    for provider, entries in control(world, "ledger").items():
        charges = Counter(entry["ref"] for entry in entries if entry["kind"] == "charge")
        for ref, times in charges.items():
            label = ours.get((provider, ref))
            if label is None:
                found.lost_labels.append(
                    f"{provider} was paid for {ref}, which is no label of ours"
                )
            elif times > 1:
                found.double_purchases.append(f"{provider} was paid {times} times for {ref}")
            elif label.state in LIVE:
                live[label.order_id, label.part] += 1
        net = Decimal(control(world, "state")["wallets"][provider]["net"])
        booked = LedgerEntry.objects.filter(provider=provider).aggregate(n=Sum("amount"))["n"] or 0
        if net != booked:
            words = f"{provider}'s wallet says {net}, the ledger {booked}"
            found.double_purchases.append(words)
    found.double_purchases += [
        f"order {pk}, parcel {part}, has {times} living labels"
        for (pk, part), times in live.items()
        if times > 1
    ]


def _files(found: Findings) -> None:
    """Every paid label that is in use has its file, whole."""
    from core import files
    from shipping.models import Label

    for label in Label.objects.filter(state="bought"):
        try:
            files.read(label.file_key)
        except files.DamagedFile as problem:
            found.lost_labels.append(f"label {label.pk}: {problem}")


def _orders(world: World, trials: list[Trial], found: Findings) -> None:
    """Every order is there and stands where TikTok says; what could be bought was."""
    from orders.models import Order
    from shipping.models import Label

    ids = {number for trial in trials for number in trial.tiktok_ids}
    rows = control(world, f"orders?limit={10 * len(ids) + 1000}")["orders"]
    truth = {row["id"]: row["status"] for row in rows}
    ours = {
        row.tiktok_id: row
        for row in Order.objects.filter(tiktok_id__in=ids).only("tiktok_id", "status", "stage")
    }
    bought = set(Label.objects.filter(state__in=PAID).values_list("order__tiktok_id", flat=True))
    for number in sorted(ids):
        order = ours.get(number)
        if order is None or order.status != truth.get(number):
            words = f"{order and order.status} here, {truth.get(number)} at TikTok"
            found.lost_orders.append(f"order {number} is {words}")
        elif order.stage == "ready" and number not in bought:
            found.lost_orders.append(f"order {number} could be bought and was not")


def _events(thanked: Path, found: Findings) -> None:
    """No webhook waits, is held by a dead worker, or was given up; all that we thanked for are
    here; none is told twice by an order."""
    from django.db.models import Count

    from core.models import WebhookEvent
    from orders.models import OrderEvent

    sent = set(thanked.read_text().split()) if thanked.exists() else set()
    bodies = WebhookEvent.objects.values_list("body", flat=True).iterator()
    missing = sent - {hashlib.sha256(body).hexdigest() for body in bodies}
    found.lost_events += [f"an event we thanked for is not here: {one}" for one in sorted(missing)]
    told = OrderEvent.objects.filter(kind="webhook", detail__has_key="webhook").order_by()
    twice = told.values_list("detail__webhook", "order__tiktok_id").annotate(n=Count("pk"))
    found.double_effects += [
        f"order {order} tells event {event} {times} times"
        for event, order, times in twice.filter(n__gt=1)
    ]
    for row in WebhookEvent.objects.exclude(state="done")[:20]:
        found.lost_events.append(f"{row} {row.subject} is {row.state}: {row.reason}")


def _tokens(world: World, found: Findings) -> None:
    """Every authorization that we take for good is good, and no call was made with a dead one."""
    from core.errors import RemoteError
    from core.models import Notification
    from shops.clients import unbound_client
    from shops.models import Authorization
    from shops.tiktok_shop.shops import authorized_shops
    from shops.tokens import cause_of_loss

    for row in Authorization.objects.all():
        if row.state == "lost":
            if not Notification.objects.filter(cause=cause_of_loss(row)).exists():
                found.dead_tokens.append(f"nobody was told that {row} is lost")
            continue
        try:
            authorized_shops(unbound_client(row.access_token, row.workspace_id))
        except RemoteError as error:
            found.dead_tokens.append(f"{row} does not work: {error}")
    refused = {
        name: times
        for name, times in control(world, "state")["calls"].items()
        if name.startswith("refused token")
    }
    found.dead_tokens += [f"{name} ({times} times)" for name, times in refused.items()]


def describe(rows: Any) -> str:
    """A few words of many, for a line of the log."""
    words = [str(row) for row in rows]
    return "; ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
