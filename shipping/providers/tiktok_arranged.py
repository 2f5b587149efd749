"""TikTok's labels where they are arranged, not bought: South-East Asia, Brazil and Mexico.

An order has its package from payment on. Arranging it makes the label; what TikTok takes for it is
settled later with the seller's statements, so its price is not known here and stands as zero. An
order in several parcels was split at TikTok first: each parcel has its own package.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from core.errors import Rejected, RemoteError
from core.money import Money
from shipping.providers import fields
from shipping.providers.base import BoughtLabel, Quotes, Rate, Unsupported
from shipping.providers.tiktok_parse import (
    NAME,
    RATES_LAST,
    SLUG,
    parse_held,
    parse_packages,
    unknown,
)
from shipping.providers.wire import nonsense
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import already_done
from shops.tiktok_shop.orders import order_detail
from shops.tiktok_shop.packages import (
    Handover,
    Slot,
    ToShip,
    handover_slots,
    package_detail,
    ship_package,
)

PRICE_LATER = "TikTok settles the price of its label later: it is not known here."


class Arranged:
    """The quoting and arranging of one shop's packages."""

    def __init__(self, client: TikTokShopClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._now = now

    def quote(self, order_id: str, lines: Sequence[str] = (), package: str = "") -> Quotes:
        """How the order's one package, or this one of several with `lines` in it, may be handed
        over, each way as a rate of price zero; nothing is made at TikTok."""
        package, currency = self._waiting(order_id, frozenset(lines), package)
        ways = _ways(self._handover(package))
        rates = [self._rate(order_id, package, currency, way, slot) for way, slot in ways]
        return Quotes(tuple(rates), (PRICE_LATER,))

    def buy(self, rate: Rate, package_id: str = "") -> BoughtLabel:
        """Arrange the rate's package, sending once; Unsupported where another one was meant."""
        ref = rate.provider_ref
        if package_id and package_id != ref["package_id"]:
            raise Unsupported("the rate was made for another package")
        slot = None
        if ref.get("slot_start"):
            start, end = (
                datetime.fromtimestamp(int(ref[f"slot_{name}"]), UTC) for name in ("start", "end")
            )
            slot = Slot(start, end, available=True)
        package = ToShip(ref["package_id"], handover_method=ref.get("handover", ""), slot=slot)
        try:
            ship_package(self._client, package)
        except RemoteError as error:
            if already_done(error):
                raise unknown(error.message, error.code) from error
            raise
        return BoughtLabel(
            provider_label_id=package.package_id,
            tracking_number="",
            carrier=rate.carrier,
            service=rate.service,
            cost=rate.price,
            pending_document=True,
            extra={"order_id": ref["order_id"], "cost_from": "later"},
        )

    def find(self, rate: Rate) -> BoughtLabel | None:
        """The package as a label, once it is arranged."""
        detail = package_detail(self._client, package_id=rate.provider_ref["package_id"])
        return parse_packages([detail], rate)

    def _waiting(self, order_id: str, lines: frozenset[str], wanted: str) -> tuple[str, str]:
        """The package named, or the one package of the order; and the order's currency."""
        orders = order_detail(self._client, order_ids=[order_id])
        packages = parse_held(orders, order_id)
        if problem := _problem(packages, lines, wanted):
            raise Rejected(problem, provider=NAME, code="packages")
        payment = orders[0].get("payment") if orders else None
        currency = fields.text(payment or {}, "currency")
        if not currency:
            raise nonsense(NAME)
        return wanted or next(iter(packages)), currency

    def _handover(self, package: str) -> Handover | None:
        try:
            return handover_slots(self._client, package_id=package)
        except Rejected:  # not asked for here: TikTok decides how it changes hands
            return None

    def _rate(
        self, order_id: str, package: str, currency: str, way: str, slot: Slot | None
    ) -> Rate:
        ref = {"order_id": order_id, "service_id": way or "ANY", "package_id": package}
        ref |= {"handover": way} if way else {}
        words = {
            "PICKUP": "TikTok Shipping, pickup",
            "DROP_OFF": "TikTok Shipping, drop-off",
        }
        name = words.get(way, "TikTok Shipping")
        if slot:
            ref["slot_start"] = str(int(slot.start.timestamp()))
            ref["slot_end"] = str(int(slot.end.timestamp()))
            name += f" {slot.start:%-d %b %H:%M} UTC"
        return Rate(
            provider=SLUG,
            carrier="tiktok",
            service=way or "ANY",
            service_name=name,
            price=Money.of("0", currency),
            delivery_days=None,
            guaranteed=False,
            expires_at=self._now() + RATES_LAST,
            provider_ref=ref,
        )


def _problem(packages: Mapping[str, frozenset[str]], lines: frozenset[str], wanted: str) -> str:
    """Why the parcel's package cannot be arranged, as a sentence; "" where it can."""
    if wanted:
        if wanted not in packages:
            return "TikTok no longer shows the package of this parcel."
        strangers = packages[wanted] - lines
        missing = any(inside & lines for name, inside in packages.items() if name != wanted)
        if lines and (strangers or missing):
            return "TikTok has other order lines in the package of this parcel."
    elif lines:
        return "TikTok has no package for this parcel alone: the order is not split there yet."
    elif len(packages) != 1:
        words = "TikTok shows several packages" if packages else "TikTok shows no package yet"
        return f"{words} for this order."
    return ""


def _ways(handover: Handover | None) -> list[tuple[str, Slot | None]]:
    if handover is None:
        return [("", None)]
    free = next((slot for slot in handover.slots if slot.available), None)
    ways: list[tuple[str, Slot | None]] = [("DROP_OFF", None)] if handover.drop_off else []
    if handover.pickup and free:
        ways.append(("PICKUP", free))
    return ways or [("", None)]
