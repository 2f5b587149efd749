"""Money without floats: an exact amount that cannot be mixed with another currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Self

# ISO 4217 currencies of TikTok Shop's markets whose smallest unit is not a hundredth.
_PLACES = {"JPY": 0, "VND": 0, "IDR": 0, "KRW": 0, "CLP": 0}


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An amount in one currency, e.g. ``Money.of("6.07", "USD")``."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, amount: str | int | Decimal, currency: str) -> Self:
        """Exact money from a string, integer or Decimal. ValueError for anything that is not a
        finite number."""
        if isinstance(amount, float):
            raise TypeError("money is never a float")
        try:
            value = Decimal(amount)
        except InvalidOperation as error:
            raise ValueError(f"not an amount of money: {amount!r}") from error
        if not value.is_finite():
            raise ValueError(f"not an amount of money: {amount!r}")
        return cls(value, currency.upper())

    @property
    def places(self) -> int:
        """Digits after the point people write in this currency."""
        return _PLACES.get(self.currency, 2)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other.amount

    def __add__(self, other: "Money") -> "Money":
        return Money(self.amount + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.amount - self._same(other), self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.amount <= self._same(other)

    def __str__(self) -> str:
        number = f"{self.amount:,.{self.places}f}"
        if self.currency != "USD":
            return f"{number} {self.currency}"
        return f"-${number[1:]}" if number.startswith("-") else f"${number}"


def total(parts: Iterable[Money], currency: str) -> Money:
    """The sum of `parts`, which all have to be in `currency`."""
    result = Money(Decimal(0), currency)
    for part in parts:
        result = result + part
    return result
