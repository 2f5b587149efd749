"""What we would buy for an order, and why: parcel, allowed rates, the choice. Free; kept as a quote
set."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from core.errors import NotAuthorized, RemoteError
from core.models import Workspace
from core.money import Money
from core.vault import VaultError
from orders.models import Order
from shipping import accounts, parcels
from shipping.choice import choose_from, need_for
from shipping.models import LabelAccount, QuoteSet, ShipFrom
from shipping.naming import full_name
from shipping.policy import gate
from shipping.providers.base import Address, ShipmentSpec
from shipping.rating import engine
from shipping.spec import rate_to_json, spec_hash, spec_to_json
from shops.models import Shop

LONGEST = timedelta(hours=24)
# A quote that runs out while a batch is at work is not worth choosing.
MARGIN = timedelta(minutes=10)
# Nothing to choose because somebody did not answer: soon worth another try.
ASK_AGAIN = timedelta(minutes=10)


class CannotPlan(Exception):
    """The order cannot be rated as it is; `code` is a blocker of the queue, `sentence` for a
    person."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class Context:
    """What planning needs to know about many orders, loaded at a constant number of queries."""

    parcels: Mapping[int, parcels.ParcelChoice]
    ship_from: Mapping[int, ShipFrom]  # by workspace
    accounts: Mapping[int, list[LabelAccount]]  # by workspace, active ones
    shops: Mapping[int, Shop]
    zones: Mapping[int, ZoneInfo]  # by workspace
    latest: Mapping[int, QuoteSet]  # by order


def context_for(orders: Iterable[Order]) -> Context:
    """Load the context of `orders`."""
    chosen = list(orders)
    workspaces = {order.workspace_id for order in chosen}
    by_workspace: dict[int, list[LabelAccount]] = {workspace: [] for workspace in workspaces}
    rows = LabelAccount.objects.filter(workspace__in=workspaces, state="active")
    for account in rows.select_related("shop__authorization").order_by("created_at"):
        by_workspace[account.workspace_id].append(account)
    defaults = ShipFrom.objects.filter(workspace__in=workspaces).order_by("is_default")
    return Context(
        parcels=parcels.parcels_for(chosen),
        ship_from={row.workspace_id: row for row in defaults},
        accounts=by_workspace,
        shops=Shop.objects.in_bulk({order.shop_id for order in chosen}),
        zones={
            pk: ZoneInfo(zone)
            for pk, zone in Workspace.objects.filter(pk__in=workspaces).values_list(
                "pk", "time_zone"
            )
        },
        latest=plans_for(chosen),
    )


def plans_for(orders: Iterable[Order]) -> dict[int, QuoteSet]:
    """The newest quote set of each order, by its pk; one query."""
    newest = (
        QuoteSet.objects.filter(order__in=[order.pk for order in orders])
        .order_by("order_id", "-at")
        .distinct("order_id")
    )
    return {quotes.order_id: quotes for quotes in newest}


def spec_for(order: Order, context: Context) -> ShipmentSpec:
    """What we would ship for `order`. CannotPlan names what is missing."""
    sender = context.ship_from.get(order.workspace_id)
    if sender is None:
        raise CannotPlan("no_ship_from", "There is no ship-from address yet.")
    choice = context.parcels[order.pk]
    if choice.parcel is None:
        code = "no_weight" if choice.missing_skus or choice.source == "" else "bad_parcel"
        raise CannotPlan("no_parcel" if "No parcel" in choice.problem else code, choice.problem)
    platform = order.lane == "platform"
    if not platform and not order.address.get("street1"):
        raise CannotPlan("no_address", "TikTok has not given an address for this order.")
    return ShipmentSpec(
        sender=address_of(sender),
        recipient=None if platform else Address(**order.address),
        parcel=choice.parcel,
        reference=order.tiktok_id,
        tiktok_order_ids=(order.tiktok_id,) if platform else (),
    )


def address_of(row: ShipFrom) -> Address:
    """A ship-from row as adapters want it."""
    names = ("name", "company", "street1", "street2", "city", "state", "postal_code", "country")
    fields = {name: getattr(row, name) for name in (*names, "phone", "email")}
    return Address(**fields)


def plan_order(order: Order, *, now: datetime, context: Context | None = None) -> QuoteSet:
    """The order's valid quote set, asked for anew unless one with an equal spec is still good.

    `chosen` is None when nothing may be bought. CannotPlan when the order cannot even be rated.
    Makes remote calls.
    """
    context = context or context_for([order])
    spec = spec_for(order, context)
    able = [account for account in context.accounts[order.workspace_id] if _serves(account, order)]
    if not able:
        raise CannotPlan("no_account", _no_account(order))
    fingerprint = _fingerprint(spec, able)
    known = context.latest.get(order.pk)
    if known and known.chosen is not None and _holds(known, fingerprint, now):
        return known
    gathered = _gather(able, spec)
    _pause_dead(gathered, able)
    return _store(order, spec, fingerprint, gathered, context, now)


def _holds(quotes: QuoteSet, fingerprint: str, now: datetime) -> bool:
    return quotes.spec_hash == fingerprint and quotes.expires_at > now + MARGIN


def _gather(able: list[LabelAccount], spec: ShipmentSpec) -> engine.Gathered:
    """Rates of all accounts; one whose key cannot even be read counts as failed."""
    asked: list[engine.Asked] = []
    failures: list[engine.Failure] = []
    for account in able:
        try:
            provider = accounts.provider_for(account)
        except RemoteError as error:
            failures.append(engine.Failure(str(account.pk), account.name, error.message, error))
        except VaultError:
            text = "its stored key cannot be read: enter it again"
            failures.append(engine.Failure(str(account.pk), account.name, text))
        else:
            asked.append(engine.Asked(str(account.pk), account.name, provider))
    gathered = engine.ask_all(asked, spec, seconds=settings.QUOTE_SECONDS)
    return replace(gathered, failures=(*failures, *gathered.failures))


def _serves(account: LabelAccount, order: Order) -> bool:
    if order.lane == "platform":
        return account.provider == "tiktok" and account.shop_id == order.shop_id
    return order.lane == "own" and account.provider != "tiktok"


def _no_account(order: Order) -> str:
    if order.lane == "platform":
        return "TikTok Shipping is not available for this shop: reconnect it."
    return "No label account can be used: add Shippo or EasyPost, or put a paused account right."


def _fingerprint(spec: ShipmentSpec, able: list[LabelAccount]) -> str:
    """Equal while the parcel, the addresses and the accounts that could be asked are equal."""
    text = spec_hash(spec) + "".join(sorted(str(account.pk) for account in able))
    return hashlib.sha256(text.encode()).hexdigest()


def _pause_dead(gathered: engine.Gathered, able: list[LabelAccount]) -> None:
    dead = {
        f.account_id: f.remote for f in gathered.failures if isinstance(f.remote, NotAuthorized)
    }
    for account in able:
        if error := dead.get(str(account.pk)):
            accounts.pause(account, error.message)


def _store(
    order: Order,
    spec: ShipmentSpec,
    fingerprint: str,
    gathered: engine.Gathered,
    context: Context,
    now: datetime,
) -> QuoteSet:
    shop = context.shops[order.shop_id]
    need = need_for(order, context.zones[order.workspace_id], now)
    today = date.fromisoformat(need["today"])
    rates = [_offer_json(offer, order, shop, today) for offer in gathered.offers]
    choice = choose_from(rates, need, now=now)
    chosen = None if choice.index is None else rates[choice.index]
    expires_at = _expiry(gathered, context.zones[order.workspace_id], now)
    if chosen is None and gathered.failures:
        expires_at = min(expires_at, now + MARGIN + ASK_AGAIN)
    return QuoteSet.objects.create(
        workspace_id=order.workspace_id,
        order=order,
        at=now,
        expires_at=expires_at,
        spec=spec_to_json(spec),
        spec_hash=fingerprint,
        rates=rates,
        failures=[
            {"account": f.account_id, "name": f.name, "message": f.message}
            for f in gathered.failures
        ],
        chosen=choice.index,
        price=Decimal(chosen["price"]) if chosen else None,
        currency=chosen["currency"] if chosen else "",
        reason=choice.reason | {"need": need, "messages": list(gathered.messages[:20])},
    )


def _offer_json(offer: engine.Offer, order: Order, shop: Shop, today: date) -> dict[str, Any]:
    struck = gate.strike(
        offer.rate.carrier,
        market=shop.region,
        lane=order.lane,
        seller_type=shop.seller_type,
        on=today,
    )
    as_json = (
        {
            "rule": struck.rule,
            "sentence": struck.sentence,
            "since": struck.since,
            "source": struck.source,
        }
        if struck
        else None
    )
    return rate_to_json(offer.rate, account_id=offer.account_id, struck=as_json)


def _expiry(gathered: engine.Gathered, zone: ZoneInfo, now: datetime) -> datetime:
    """The first rate's end, at most a day, and never past midnight: days to the deadline count from
    today."""
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    ends = [offer.rate.expires_at for offer in gathered.offers if offer.rate.expires_at]
    return min([now + LONGEST, max(midnight.astimezone(UTC), now + 2 * MARGIN), *ends])


def choose_rate(quotes: QuoteSet, index: int, *, by: str, user_id: int, now: datetime) -> QuoteSet:
    """A person's choice among quotes that hold, kept as the order's newest. CannotPlan for one that
    may not be bought."""
    if not 0 <= index < len(quotes.rates):
        raise CannotPlan("no_rate", "This rate is no longer offered.")
    rate = quotes.rates[index]
    if rate["struck"]:
        raise CannotPlan("no_rate", rate["struck"]["sentence"])
    if quotes.expires_at <= now + MARGIN:
        raise CannotPlan("no_rate", "These rates have run out. Ask for new ones.")
    price = Decimal(rate["price"])
    return QuoteSet.objects.create(
        workspace_id=quotes.workspace_id,
        order_id=quotes.order_id,
        at=now,
        expires_at=quotes.expires_at,
        spec=quotes.spec,
        spec_hash=quotes.spec_hash,
        rates=quotes.rates,
        failures=quotes.failures,
        chosen=index,
        price=price,
        currency=rate["currency"],
        reason=quotes.reason
        | {
            "sentence": f"{full_name(rate['carrier'], rate['service_name'])} "
            f"{Money(price, rate['currency'])}: chosen by {by}.",
            "chosen_by": user_id,
        },
    )
