"""What was offered for an order, kept with the choice, its reason, and who could not be asked."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from core import writes
from orders.models import Order
from shipping.choice import choose_from, need_for
from shipping.models import QuoteSet
from shipping.policy import gate
from shipping.providers.base import ShipmentSpec
from shipping.rating import engine, failover
from shipping.spec import rate_to_json, spec_to_json
from shipping.wishes import Wish
from shops.models import Shop
from shops.policy.book import market_of

LONGEST = timedelta(hours=24)
# A quote that runs out while a batch is at work is not worth choosing.
MARGIN = timedelta(minutes=10)
# Nothing to choose because somebody did not answer: soon worth another try.
ASK_AGAIN = timedelta(minutes=10)
# Chosen among what is left while somebody was not even asked: worth another look when it is back.
STANDS_IN = timedelta(hours=1)

_EXPIRE = (
    "UPDATE shipping_quoteset SET expires_at = %s WHERE order_id = %s AND part = %s "
    "AND expires_at > %s"
)


def keep(
    order: Order,
    spec: ShipmentSpec,
    fingerprint: str,
    gathered: engine.Gathered,
    *,
    shop: Shop,
    zone: ZoneInfo,
    forbidden: Sequence[gate.CarrierRule],
    wish: Wish | None = None,
    now: datetime,
) -> QuoteSet:
    """The quote set of what was gathered for `order`, with the choice made; `chosen` is None when
    nothing may be bought. `forbidden`: the carrier rules as the order's workspace sees them;
    `wish`: what rules or people narrow the choice to."""
    need = need_for(order, zone, now) | ({"wish": wish} if wish else {})
    strike = struck_by(forbidden, order, shop, date.fromisoformat(need["today"]))
    rates = [_offer_json(offer, strike) for offer in gathered.offers]
    choice = choose_from(rates, need, now=now)
    chosen = None if choice.index is None else rates[choice.index]
    standing_in = failover.sentence(gathered, zone, now=now)
    reason = choice.reason | {"need": need, "messages": list(gathered.messages[:20])}
    reason["sentence"] = f"{reason['sentence']} {standing_in}".strip()
    quotes = QuoteSet(
        workspace_id=order.workspace_id,
        order=order,
        part=order.part,
        at=now,
        expires_at=_expiry(gathered, zone, now, chosen=chosen is not None),
        spec=spec_to_json(spec),
        spec_hash=fingerprint,
        rates=rates,
        failures=_failures(gathered),
        chosen=choice.index,
        price=Decimal(chosen["price"]) if chosen else None,
        currency=chosen["currency"] if chosen else "",
        reason=reason,
    )
    writes.insert(quotes)
    return quotes


def tried(order_id: int, part: int, *, now: datetime) -> writes.Statement:
    """What ends a parcel's quotes. A rate is tried once: providers sell a shipment's postage a
    single time, and a refused rate would be refused again."""
    return _EXPIRE, [now, order_id, part, now]


def _failures(gathered: engine.Gathered) -> list[dict[str, str]]:
    """Who could not be asked, or did not answer, as it is kept."""
    return [
        {"account": f.account_id, "name": f.name, "message": f.message} for f in gathered.failures
    ]


def struck_by(
    forbidden: Sequence[gate.CarrierRule], order: Order, shop: Shop, on: date
) -> Callable[[str], gate.Strike | None]:
    """Carrier (slug) → why the order's label may not be its, on that day."""
    return partial(
        gate.strike,
        market=market_of(shop.region),
        lane=order.lane,
        seller_type=shop.seller_type,
        on=on,
        among=forbidden,
    )


def _offer_json(offer: engine.Offer, strike: Callable[[str], gate.Strike | None]) -> dict[str, Any]:
    struck = strike(offer.rate.carrier)
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


def _expiry(gathered: engine.Gathered, zone: ZoneInfo, now: datetime, *, chosen: bool) -> datetime:
    """The first rate's end, at most a day, and never past midnight: days to the deadline count from
    today. Sooner where somebody gave no rates."""
    midnight = datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)
    ends = [offer.rate.expires_at for offer in gathered.offers if offer.rate.expires_at]
    soon = _asked_again(gathered, chosen)
    early = [] if soon is None else [now + MARGIN + soon]
    return min([now + LONGEST, max(midnight.astimezone(UTC), now + 2 * MARGIN), *ends, *early])


def _asked_again(gathered: engine.Gathered, chosen: bool) -> timedelta | None:
    """How soon rates are worth another try because somebody gave none; None for as long as they
    hold."""
    pauses = [f.remote.retry_after or 0.0 for f in gathered.failures if f.since and f.remote]
    if chosen:
        return STANDS_IN if pauses else None
    if pauses:  # asking costs nothing while the circuit is open
        return min(max(timedelta(seconds=min(pauses)), timedelta(minutes=1)), ASK_AGAIN)
    return ASK_AGAIN if gathered.failures else None
