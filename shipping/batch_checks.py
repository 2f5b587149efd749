"""Before money moves: what TikTok says about each order now, and whether it may still be bought."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.utils import timezone

from core.checkpoints import reached
from core.errors import NotAuthorized, RemoteError
from core.models import Batch, BatchItem
from core.money import Money
from core.states import IllegalMove, LostRace
from orders.models import Order
from orders.sync import read_orders
from shipping import part_plans
from shipping.batch_sheet import reason_code, reason_sentence
from shipping.box_checks import gone_from
from shipping.ceilings import NEW_SHEET, from_json, is_dearer
from shipping.labels.purchase import AlreadyLabelled, CannotBuy, prepare
from shipping.labels.states import GIVEN_BACK, LABEL
from shipping.labels.values import spec_of
from shipping.models import Label, QuoteSet
from shipping.plan import CannotPlan, Context, context_for, plan_order, spec_for
from shipping.rules import live as rules
from shipping.spec import spec_hash
from shipping.spend import guard
from shops.models import Shop

log = logging.getLogger(__name__)

PER_CALL = 50  # TikTok's order detail takes at most this many ids
MOVED = "The order changed while it waited to be bought: its label is chosen anew."


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an item ends (`state` of a batch item) without a purchase now; `later` is for
    "waiting"."""

    state: str
    reason: str
    fix: str = ""
    later: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The price that was confirmed for each order of a batch, where one was known; and what a price
    that nobody has seen is held against."""

    prices: Mapping[int, Money]
    guard: guard.Recently


NOT_ALL_PRICED = "The rates of its other parcels are still being asked for."
MOST_WAITS = 10  # for these rates
STOPPED = Verdict("left_out", "The batch was stopped.", "retry")


def known_orders(order_ids: list[int], batch: Batch) -> list[Order]:
    """As much of these orders of the batch's workspace as it takes to read them again."""
    theirs = Order.objects.filter(pk__in=order_ids, workspace_id=batch.workspace_id)
    found = list(theirs.only("tiktok_id", "shop", "parts", "part"))
    shops = Shop.objects.select_related("authorization").in_bulk({one.shop_id for one in found})
    for order in found:
        order.shop = shops[order.shop_id]
    return found


def reread(orders: Iterable[Order]) -> tuple[dict[int, Order], dict[int, Verdict]]:
    """The orders as TikTok has them now, and a verdict for those that could not be read. One call
    per shop."""
    by_shop: dict[Shop, list[Order]] = defaultdict(list)
    for order in orders:
        by_shop[order.shop].append(order)
    fresh: dict[int, Order] = {}
    verdicts: dict[int, Verdict] = {}
    for shop, theirs in by_shop.items():
        try:
            for order in read_orders(shop, [order.tiktok_id for order in theirs]):
                order.shop = shop
                fresh[order.pk] = order
            for pk, words in gone_from(
                shop, [fresh[o.pk] for o in theirs if o.pk in fresh]
            ).items():
                verdicts[pk] = Verdict("left_out", words, NEW_SHEET)
                del fresh[pk]
        except NotAuthorized as error:
            verdicts |= _for_all(theirs, Verdict("failed", error.message, "reconnect"))
        except RemoteError as error:
            pause = timedelta(seconds=error.retry_after or 10)
            verdicts |= _for_all(theirs, Verdict("waiting", error.message, "retry", pause))
        # A document nobody foresaw: these orders are not bought, the others are.
        except Exception:
            log.exception("shop %s: orders could not be read again", shop.pk)
            words = "Its state on TikTok could not be read."
            verdicts |= _for_all(theirs, Verdict("failed", words, "retry"))
        else:
            missing = [o for o in theirs if o.pk not in fresh and o.pk not in verdicts]
            verdicts |= _for_all(missing, Verdict("left_out", "TikTok no longer has this order."))
    return _ruled(fresh), verdicts


def _ruled(fresh: dict[int, Order]) -> dict[int, Order]:
    """The same, as automation rules leave them: one may hold an order that has just changed."""
    for order in Order.objects.filter(pk__in=rules.apply_to(fresh.values())):
        order.shop = fresh[order.pk].shop
        fresh[order.pk] = order
    return fresh


def _for_all(orders: list[Order], verdict: Verdict) -> dict[int, Verdict]:
    return {order.pk: verdict for order in orders}


def is_fresh(order: Order, now: datetime) -> bool:
    """Whether TikTok's word on the order is young enough to spend money on."""
    return now - order.synced_at <= timedelta(seconds=settings.RECHECK_SECONDS)


def last_look(order: Order, label: Label, batch: Batch) -> tuple[Order, Verdict | None]:
    """The order as it is at the moment of paying, read again where we last did too long ago; and
    why `label` is not bought for it after all."""
    if is_fresh(order, timezone.now()):
        return order, None
    fresh, verdicts = reread([order])
    if order.pk in verdicts:
        return order, verdicts[order.pk]
    order = fresh[order.pk]
    verdict = judge(order, None, batch)
    if verdict is None and not _is_for(label, order):
        verdict = Verdict("waiting", MOVED, "retry")
    return order, verdict


def _is_for(label: Label, order: Order) -> bool:
    """Whether the label's addresses and parcel are still the order's."""
    if (label.part, label.split_version) != (order.part, order.split_version):
        return False
    try:
        return spec_hash(spec_for(order, context_for([order]))) == spec_hash(spec_of(label))
    except CannotPlan:  # pricing it anew says why
        return False


def priced(
    order: Order,
    context: Context,
    batch: Batch,
    confirmed: Confirmed,
    waits: int = 0,
) -> Label | Verdict:
    """A ready label for the order at its chosen rate, or why there is none: also that it costs
    more than the order's price as it was confirmed. `waits`: how often the batch
    waited before for the rates of its other parcels."""
    try:
        quotes = plan_order(order, now=timezone.now(), context=context)
        ceiling = shown = confirmed.prices.get(order.pk)
        if ceiling and order.parts:
            ceiling = part_plans.ceiling_left(order, ceiling, batch)
            if ceiling is None and waits < MOST_WAITS:
                return Verdict("waiting", NOT_ALL_PRICED, "retry", timedelta(seconds=30))
            if ceiling is None:
                return Verdict("left_out", NOT_ALL_PRICED, NEW_SHEET)
        if dearer := _dearer(quotes, ceiling, shown):
            return dearer
        if shown is None and (above := _unseen(order, quotes, confirmed.guard)):
            return above
        label = prepare(order, quotes, batch)
        reached("batch.prepared")
    except CannotPlan as problem:
        return Verdict("failed", problem.sentence, problem.code)
    except part_plans.NotAsConfirmed as problem:
        return Verdict("left_out", str(problem), NEW_SHEET)
    except AlreadyLabelled as problem:
        return Verdict("left_out", problem.sentence, problem.code)
    except CannotBuy as problem:
        return Verdict("failed", problem.sentence, problem.code)
    # Rows we have already, so that nobody asks the database for them.
    label.workspace = batch.workspace
    for account in context.accounts[order.workspace_id]:
        if account.pk == label.account_id:
            account.workspace = batch.workspace
            label.account = account
    return label


def waits_for_rates(item: BatchItem) -> int:
    """How often its batch has waited for the rates of its other parcels."""
    return item.attempts if item.reason == NOT_ALL_PRICED else 0


def tries_after(item: BatchItem, verdict: Verdict) -> int | CombinedExpression:
    """The attempts of an item that is to wait: for its next parcel they count anew, and waiting for
    rates is counted by itself."""
    if not verdict.reason:
        return 0
    alike = (item.reason == NOT_ALL_PRICED) == (verdict.reason == NOT_ALL_PRICED)
    return F("attempts") + 1 if alike else 1


def confirmed(batch: Batch) -> Confirmed:
    """What was confirmed of the batch."""
    return Confirmed(from_json(batch.options.get("prices", {})), guard.Recently(batch.workspace))


def _dearer(quotes: QuoteSet, ceiling: Money | None, shown: Money | None) -> Verdict | None:
    """`ceiling`: what is left for this label of the price that was `shown` for the order."""
    if ceiling is None or shown is None or quotes.chosen is None or quotes.price is None:
        return None
    price = Money(quotes.price, quotes.currency)
    if not is_dearer(price, ceiling):
        return None
    now = shown - ceiling + price if price.currency == shown.currency else price
    return Verdict("left_out", f"The price went up from {shown} to {now}.", NEW_SHEET)


def _unseen(order: Order, quotes: QuoteSet, recently: guard.Recently) -> Verdict | None:
    """What the spend guard says of a price that nobody has seen before."""
    row = guard.priced(order.pk, order.due_at, quotes)
    if row is None:
        return None
    now = timezone.now()
    screened = guard.screen(recently.workspace, [row], now=now, recently=recently)
    refusal = screened.refused.get(order.pk)
    return Verdict("left_out", refusal.sentence, refusal.code) if refusal else None


def known_labels(order_ids: list[int], batch_ids: Iterable[int]) -> dict[int, Label]:
    """The label of each order that is in use; else the one that one of these batches bought and
    that was given back since: a batch was confirmed for one label an order, it buys no second. Of
    an order in several parcels, that of the one whose turn it is."""
    live = Q(state__in=["ready", "buying", "unknown", "bought", "voiding"])
    given_back = Q(batch__in=batch_ids, state__in=GIVEN_BACK)
    labels = Label.objects.in_turn().filter(live | given_back, order__in=order_ids)
    return {
        label.order_id: label
        for label in sorted(labels, key=lambda label: label.state not in GIVEN_BACK)
    }


def judge(order: Order, label: Label | None, batch: Batch) -> Verdict | None:
    """Why the order is not bought now, or None when it may be. A label left ready by a dead runner
    is dropped."""
    if label is not None and label.state == "ready":
        drop(label)
        label = None
    if label is not None and label.batch_id == batch.pk:
        return _own(label)
    code = reason_code(order, has_label=label is not None)
    return Verdict("left_out", reason_sentence(order, code), code) if code else None


def _own(label: Label) -> Verdict:
    """This batch had begun with the order before its runner died."""
    if label.state in ("bought", "voiding", *GIVEN_BACK):
        return Verdict("done", "")
    reason = (
        label.reason or "The purchase was interrupted; the provider is asked what became of it."
    )
    return Verdict("unknown", reason, "label_unknown")


def abandoned(label: Label | None, batch: Batch) -> Verdict | None:
    """How far a dead runner of the stopped `batch` had got with an order: None when nothing was
    asked for, and then nothing will be."""
    if label is None or label.batch_id != batch.pk:
        return None
    if label.state == "ready":
        drop(label)
        if label.state in ("ready", "dropped"):
            return None
    return _own(label)


def after_surprise(label: Label | None) -> Verdict:
    """How an item ends whose thread met an error nobody foresaw."""
    if label is not None:
        label.refresh_from_db(fields=["state", "reason"])
        if label.state == "ready":
            drop(label)
        elif label.state != "refused":
            return _own(label)
    return Verdict("failed", "Something unexpected happened. Nothing was bought.", "retry")


def drop(label: Label) -> None:
    """Give up a label that was never asked for."""
    try:
        LABEL.move(label, "dropped")
    except (IllegalMove, LostRace):
        label.refresh_from_db(fields=["state"])
