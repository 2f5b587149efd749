"""The spend guard over a selection of orders: which of them are not bought for their price, and how
far the limits are used. The same limits hold once more when each label is paid.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from core.models import Workspace
from core.money import Money
from shipping.models import QuoteSet, SpendLimits
from shipping.spend import limits as spending
from shipping.spend.limits import DAILY_CAP, JUMP, Refusal
from shipping.spend.usual import Parcel, Usual, Usuals, parcel_of, usuals_of

# Fewer comparable orders than this do not make a batch whose average means something.
LEAST = 5
# How long what was read is good for orders that are looked at one after the other, in seconds.
RECENT = 2.0


@dataclass(frozen=True, slots=True)
class Priced:
    """An order with the price it would be bought for."""

    order_id: int
    due_at: datetime
    price: Money
    parcel: Parcel | None


@dataclass(slots=True)
class State:
    """The guard in one currency, for the sheet."""

    limits: SpendLimits
    total: Money  # of what is left to be bought
    spent: Money | None = None  # today, before this
    change: int | None = None  # percent against what such parcels usually cost
    compared: int = 0  # orders that there was something to compare with
    passing: bool = False  # unusual prices are let through for now

    @property
    def fall(self) -> int:
        """Percent below what such parcels usually cost."""
        return max(0, -(self.change or 0))

    @property
    def after(self) -> Money | None:
        """What the day comes to with this purchase."""
        return None if self.spent is None else self.spent + self.total

    @property
    def needs_second(self) -> bool:
        """Whether a second person has to look."""
        alone = self.limits.alone
        return alone is not None and alone < self.total

    @property
    def watches(self) -> bool:
        """Whether unusual prices are stopped."""
        alarms = (self.limits.jump_percent, self.limits.batch_jump_percent)
        return not self.passing and any(percent is not None for percent in alarms)


@dataclass(slots=True)
class Screened:
    """What the guard says about a selection."""

    refused: dict[int, Refusal] = field(default_factory=dict)  # by order
    states: list[State] = field(default_factory=list)


class Recently:
    """Limits and usual prices of a workspace as they were a moment ago, for the threads of a batch.
    The limits hold once more, to the cent, when each label is paid."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._lock = threading.Lock()
        self._read = -RECENT
        self._known: tuple[dict[str, SpendLimits], Usuals]

    def known(self) -> tuple[dict[str, SpendLimits], Usuals]:
        """Limits by currency, and usual prices."""
        with self._lock:
            if time.monotonic() - self._read >= RECENT:
                self._known = _known(self.workspace)
                self._read = time.monotonic()
            return self._known


def _known(workspace: Workspace) -> tuple[dict[str, SpendLimits], Usuals]:
    return spending.limits_of(workspace), usuals_of(workspace)


def priced(order_id: int, due_at: datetime, quotes: QuoteSet) -> Priced | None:
    """The order at its chosen rate; None without one."""
    if quotes.chosen is None:
        return None
    rate = quotes.rates[quotes.chosen]
    return Priced(
        order_id,
        due_at,
        Money.of(rate["price"], rate["currency"]),
        parcel_of(quotes.spec, rate["carrier"], rate["service_name"]),
    )


def screen(
    workspace: Workspace,
    rows: Iterable[Priced],
    *,
    now: datetime,
    recently: Recently | None = None,
) -> Screened:
    """What of these may be bought together now; where the daily cap has no room for all, those with
    the nearest deadline are. A few queries, however many rows."""
    by_currency: dict[str, list[Priced]] = defaultdict(list)
    for row in rows:
        by_currency[row.price.currency].append(row)
    result = Screened()
    if by_currency:
        known, usuals = recently.known() if recently else _known(workspace)
        for currency, theirs in sorted(by_currency.items()):
            limits = spending.of_currency(known, workspace, currency)
            result.states.append(_screen(limits, theirs, usuals, result.refused, now=now))
    return result


def _screen(
    limits: SpendLimits,
    rows: list[Priced],
    usuals: Usuals,
    refused: dict[int, Refusal],
    *,
    now: datetime,
) -> State:
    state = State(limits, Money(Decimal(0), limits.currency), passing=is_passing(limits, now))
    for row in rows:
        if refusal := refusal_of(limits, usuals, row, now=now):
            refused[row.order_id] = refusal
    left = [row for row in rows if row.order_id not in refused]
    if risen := _risen(state, left, usuals):
        refused.update({row.order_id: risen for row in left})
        left = []
    if limits.daily_cap is not None:
        state.spent = spending.spent_today(limits.workspace, limits.currency, now=now)
        left = _fitting(limits, left, state.spent, refused)
    for row in left:
        state.total += row.price
    return state


def refusal_of(
    limits: SpendLimits, usuals: Usuals, row: Priced, *, now: datetime
) -> Refusal | None:
    """Why this one is not bought at its price, whatever else is."""
    if above := spending.above_ceiling(limits, row.price):
        return above
    if limits.jump_percent is None or is_passing(limits, now) or row.parcel is None:
        return None
    usual = usuals.of(row.parcel, row.price.currency)
    if usual is None or not _is_above(row.price, usual.price, limits.jump_percent):
        return None
    return Refusal(JUMP, _jump_words(row.price, usual))


def is_passing(limits: SpendLimits, now: datetime) -> bool:
    """Whether a person let unusual prices pass for now."""
    return limits.jump_allowed_until is not None and limits.jump_allowed_until > now


def _is_above(price: Money, usual: Money, percent: int) -> bool:
    return price.amount * 100 > usual.amount * (100 + percent)


def _jump_words(price: Money, usual: Usual) -> str:
    times = price.amount / usual.price.amount if usual.price.amount else Decimal(999)
    return (
        f"It costs {price}, {times:.1f} times as much as usual: {usual.count} labels of the last "
        f"30 days ({usual.words}) cost {usual.price}."
    )


def _risen(state: State, rows: list[Priced], usuals: Usuals) -> Refusal | None:
    """Notes how the prices compare, and refuses all when they are too high on average."""
    pairs = [
        (row.price, usual)
        for row in rows
        if row.parcel and (usual := usuals.of(row.parcel, row.price.currency))
    ]
    now = sum((price.amount for price, _ in pairs), Decimal(0))
    before = sum((usual.price.amount for _, usual in pairs), Decimal(0))
    state.compared = len(pairs)
    if not before:
        return None
    state.change = round(100 * (now / before - 1))
    percent = state.limits.batch_jump_percent
    few = len(pairs) < LEAST
    if percent is None or state.passing or few or now * 100 <= before * (100 + percent):
        return None
    currency = state.limits.currency
    return Refusal(
        JUMP,
        f"Prices have jumped by {state.change} %: {len(pairs)} labels come to "
        f"{Money(now, currency)}, and such parcels cost {Money(before, currency)} in the last 30 "
        f"days.",
    )


def _fitting(
    limits: SpendLimits, rows: list[Priced], spent: Money, refused: dict[int, Refusal]
) -> list[Priced]:
    """The rows that the rest of the day's cap is enough for."""
    room = (limits.daily_cap or Decimal(0)) - spent.amount
    taken = Money(Decimal(0), spent.currency)
    fitting: set[int] = set()
    for row in sorted(rows, key=lambda one: (one.due_at, one.order_id)):
        if taken.amount + row.price.amount <= room:
            taken += row.price
            fitting.add(row.order_id)
    refusal = Refusal(DAILY_CAP, spending.cap_words(limits, spent, taken))
    refused.update({row.order_id: refusal for row in rows if row.order_id not in fitting})
    return [row for row in rows if row.order_id in fitting]
