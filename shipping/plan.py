"""What we would buy for an order, and why: parcel, allowed rates, the choice. Free; kept as a quote
set."""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from core import breaker
from core.errors import NotAuthorized, RemoteError
from core.models import Workspace
from core.money import Money
from core.vault import VaultError
from orders import parts
from orders.addresses import PARTS
from orders.models import Line, Order
from shipping import accounts, parcels, quote_sets, wished, wishes
from shipping.choice import rank_of
from shipping.models import LabelAccount, QuoteSet, ShipFrom
from shipping.naming import full_name
from shipping.policy import gate
from shipping.providers.base import Address, ShipmentSpec, Signature
from shipping.quote_sets import MARGIN
from shipping.rating import engine
from shipping.spec import spec_hash
from shops.models import Shop
from shops.policy.book import market_of
from shops.policy.ours import books_for

_NO_EXTRAS = "TikTok's own labels take no insurance or signature from us: it was left out."


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
    forbidden: Mapping[int, Sequence[gate.CarrierRule]]  # by shop, as its workspace sees the rules


def context_for(orders: Iterable[Order]) -> Context:
    """Load the context of `orders`."""
    chosen = list(orders)
    workspaces = {order.workspace_id for order in chosen}
    by_workspace: dict[int, list[LabelAccount]] = {workspace: [] for workspace in workspaces}
    rows = LabelAccount.objects.filter(workspace__in=workspaces, state="active")
    for account in rows.select_related("shop__authorization").order_by("created_at"):
        by_workspace[account.workspace_id].append(account)
    defaults = ShipFrom.objects.filter(workspace__in=workspaces).order_by("is_default")
    shops = Shop.objects.in_bulk({order.shop_id for order in chosen})
    return Context(
        parcels=parcels.parcels_for(chosen),
        ship_from={row.workspace_id: row for row in defaults},
        accounts=by_workspace,
        shops=shops,
        zones={
            pk: ZoneInfo(zone)
            for pk, zone in Workspace.objects.filter(pk__in=workspaces).values_list(
                "pk", "time_zone"
            )
        },
        latest=plans_for(chosen),
        forbidden=_forbidden(shops.values()),
    )


def _forbidden(shops: Collection[Shop]) -> dict[int, Sequence[gate.CarrierRule]]:
    """The carrier rules of each shop's market with its workspace's own values; a query a
    workspace."""
    found: dict[int, Sequence[gate.CarrierRule]] = {}
    for workspace_id in {shop.workspace_id for shop in shops}:
        theirs = [shop for shop in shops if shop.workspace_id == workspace_id]
        books = books_for(workspace_id, sorted({market_of(shop.region) for shop in theirs}))
        found |= {shop.pk: gate.rules_of(books[market_of(shop.region)]) for shop in theirs}
    return found


def plans_for(orders: Iterable[Order]) -> dict[int, QuoteSet]:
    """The newest quote set of each order, by its pk: of the parcel whose turn it is. One query."""
    turns = {order.pk: order.part for order in orders}
    newest = (
        QuoteSet.objects.filter(order__in=turns)
        .order_by("order_id", "part", "-at")
        .distinct("order_id", "part")
    )
    if not any(turns.values()):
        newest = newest.filter(part=0)
    return {quotes.order_id: quotes for quotes in newest if quotes.part == turns[quotes.order_id]}


def spec_for(order: Order, context: Context) -> ShipmentSpec:
    """What we would ship for `order`. CannotPlan names what is missing."""
    sender = context.ship_from.get(order.workspace_id)
    if sender is None:
        raise CannotPlan("no_ship_from", "There is no ship-from address yet.")
    choice = context.parcels[order.pk]
    if choice.parcel is None:
        code = "no_weight" if choice.missing_skus or choice.source == "" else "bad_parcel"
        raise CannotPlan("no_parcel" if "No parcel" in choice.problem else code, choice.problem)
    lines = _lines(order)
    if order.parts and (order.part not in parts.open_parts(order) or not lines):
        raise CannotPlan("no_rate", "Nothing is left to be shipped in this parcel.")
    platform = order.lane == "platform"
    insured, signature = wishes.extras(order)
    if not platform and not order.address.get("street1"):
        raise CannotPlan("no_address", "TikTok has not given an address for this order.")
    return ShipmentSpec(
        sender=address_of(sender),
        recipient=None if platform else Address(**order.address),
        parcel=choice.parcel,
        reference=order.tiktok_id,
        # One label for the whole box: TikTok is asked for all of them, other providers do not mind
        tiktok_order_ids=(order.tiktok_id, *choice.with_orders)
        if platform or choice.with_orders
        else (),
        tiktok_lines=tuple(line.tiktok_id for line in lines) if platform else (),
        tiktok_bundles=tuple((line.tiktok_id, part) for line in lines for part in line.bundled)
        if platform
        else (),
        tiktok_package=parts.current(order).get("package", "") if platform else "",
        insured=None if platform else insured,
        signature=Signature("" if platform else signature),
    )


def _lines(order: Order) -> list[Line]:
    """What is wanted in this parcel; [] where everything travels in one."""
    inside = parts.lines_of(order)
    if inside is None:
        return []
    return list(order.lines.filter(tiktok_id__in=inside).exclude(status="CANCELLED").order_by("pk"))


def address_of(row: ShipFrom) -> Address:
    """A ship-from row as adapters want it."""
    fields = {name: getattr(row, name) for name in (*PARTS, "phone", "email")}
    return Address(**fields)


def plan_order(order: Order, *, now: datetime, context: Context | None = None) -> QuoteSet:
    """The order's valid quote set, asked for anew unless one with an equal spec is still good.

    `chosen` is None when nothing may be bought. CannotPlan when the order cannot even be rated.
    Makes remote calls.
    """
    context = context or context_for([order])
    spec = spec_for(order, context)
    able = [account for account in context.accounts[order.workspace_id] if _serves(account, order)]
    able.sort(key=lambda account: rank_of(account.provider, settings.PROVIDER_ORDER))
    if not able:
        raise CannotPlan("no_account", _no_account(order))
    fingerprint = _fingerprint(spec, able)
    known = context.latest.get(order.pk)
    wish = wished.wish_of(order, known)
    if (
        known
        and _holds(known, fingerprint, now)
        and not _is_forbidden(known, order, context, now)
        and not _has_stand_in(known, able)
    ):
        return known if wished.is_met(known, wish) else wished.choose_again(known, wish, now=now)
    gathered = _gather(able, spec)
    if order.lane == "platform" and wishes.extras(order) != (None, ""):
        gathered = replace(gathered, messages=(*gathered.messages, _NO_EXTRAS))
    _pause_dead(gathered, able)
    return quote_sets.keep(
        order,
        spec,
        fingerprint,
        gathered,
        shop=context.shops[order.shop_id],
        zone=context.zones[order.workspace_id],
        forbidden=context.forbidden[order.shop_id],
        wish=wish,
        now=now,
    )


def _holds(quotes: QuoteSet, fingerprint: str, now: datetime) -> bool:
    chosen = quotes.chosen is not None and quotes.spec_hash == fingerprint
    return chosen and quotes.expires_at > now + MARGIN


def _is_forbidden(quotes: QuoteSet, order: Order, context: Context, now: datetime) -> bool:
    """Whether the rules no longer allow the chosen rate's carrier: one was changed meanwhile."""
    today = now.astimezone(context.zones[order.workspace_id]).date()
    forbidden, shop = context.forbidden[order.shop_id], context.shops[order.shop_id]
    strike = quote_sets.struck_by(forbidden, order, shop, today)
    return strike(quotes.rates[quotes.chosen or 0]["carrier"]) is not None


def _has_stand_in(quotes: QuoteSet, able: list[LabelAccount]) -> bool:
    """Whether the account of the chosen rate is not answering, and another one may be."""
    away = {str(a.pk): breaker.is_open(accounts.circuit_of(a)) for a in able}
    chosen: str = quotes.rates[quotes.chosen or 0]["account"]
    return away.get(chosen, False) and not all(away.values())


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
    name = full_name(rate["carrier"], rate["service_name"])
    sentence = f"{name} {Money.of(rate['price'], rate['currency'])}: chosen by {by}."
    reason = quotes.reason | {"sentence": sentence, "chosen_by": user_id}
    return wished.copy(quotes, index, reason, now=now)
