"""A provider that thinks about each refund by itself, and the ways it may answer."""

from dataclasses import replace
from decimal import Decimal
from itertools import count

from core.errors import NotAuthorized, OutcomeUnknown, RateLimited, Rejected, Unavailable
from shipping.providers.base import BoughtLabel, Rate, ShipmentSpec, VoidOutcome, VoidResult
from shipping.providers.memory import LOST_AFTER_CHARGE, LOST_BEFORE_CHARGE, Memory, Offer
from tests.shipping.labels.papers import pdf

_numbers = count(1)

ANSWERS = {
    "bought": None,
    "lost after the charge": LOST_AFTER_CHARGE,
    "lost before the charge": LOST_BEFORE_CHARGE,
    "refused": Rejected("No such service.", provider="x"),
    "down": Unavailable("Down.", provider="x"),
    "throttled": RateLimited("Slow down.", provider="x", retry_after=1),
    "key dead": NotAuthorized("Revoked.", provider="x"),
    "nonsense, unpaid": ValueError("an answer nobody foresaw"),
}
SILENCE = {
    "down": Unavailable("Down.", provider="x"),
    "silent": OutcomeUnknown("No answer.", provider="x"),
    "refused": Rejected("Not now.", provider="x"),
    "key dead": NotAuthorized("Revoked.", provider="x"),
    "nonsense": ValueError("an answer nobody foresaw"),
}


class Wallet(Memory):
    """One account with its money, as the provider keeps it."""

    def __init__(self) -> None:
        offers = (Offer("ups", "Ground", "UPS Ground", "8.41", 3),)
        super().__init__("easypost", offers=offers)
        self.file = pdf("A label")
        self.wishes: dict[str, VoidOutcome] = {}
        self.loses_void = False
        self.at_once = VoidOutcome.REQUESTED

    def _charge(self, spec: ShipmentSpec, rate: Rate, key: str) -> BoughtLabel:
        """No two accounts use one number."""
        label = replace(super()._charge(spec, rate, key), provider_label_id=f"shp_{next(_numbers)}")
        self.charges[-1] = replace(self.charges[-1], label=label)
        return label

    def void(self, label: BoughtLabel) -> VoidResult:
        self._enter("void")
        number = label.provider_label_id
        if number not in {charge.label.provider_label_id for charge in self.charges}:
            raise Rejected("No such label.", provider=self.slug)
        if number in self.wishes:
            return VoidResult(VoidOutcome.REFUSED, "It was asked for already.")
        if self.at_once is not VoidOutcome.REFUSED:
            self.wishes[number] = self.at_once
        if self.loses_void:
            self.loses_void = False
            raise OutcomeUnknown("No answer.", provider=self.slug)
        return VoidResult(self.at_once)

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        self._enter("refund_status")
        wish = self.wishes.get(label.provider_label_id)
        return None if wish is None else VoidResult(wish)

    def net(self) -> Decimal:
        """What the wallet has paid so far."""
        back = VoidOutcome.REFUNDED
        return sum(
            (
                charge.label.cost.amount
                for charge in self.charges
                if self.wishes.get(charge.label.provider_label_id) is not back
            ),
            Decimal(0),
        )
