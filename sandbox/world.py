"""The one state every simulated third party shares: clock, wallets, numbers, timers, sections."""

import hashlib
import heapq
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Json = dict[str, Any]
TimerHandler = Callable[[str], None]
# provider, event, address, body, headers
Deliver = Callable[[str, str, str, bytes, dict[str, str]], None]


def _nobody(provider: str, event: str, url: str, body: bytes, headers: dict[str, str]) -> None:
    """Webhooks of a world that no server runs reach nobody."""


class World:
    """Everything that survives a restart, as plain JSON-able values."""

    def __init__(self, seed: int = 1, state: Json | None = None) -> None:
        state = state or {}
        self.seed: int = state.get("seed", seed)
        self.run: int = state.get("run", 0) + 1
        self.offset: float = state.get("offset", 0.0)
        self.counter: int = state.get("counter", 0)
        self.sections: dict[str, Json] = state.get("sections", {})
        self.ledger: dict[str, list[Json]] = state.get("ledger", {})
        self.timers: list[tuple[float, str, str]] = [
            (at, name, ref) for at, name, ref in state.get("timers", [])
        ]
        heapq.heapify(self.timers)
        self.timer_handlers: dict[str, TimerHandler] = {}
        self.calls: Counter[str] = Counter(state.get("calls", {}))
        self.version = 0
        # the server puts its own sender here; call it to have a webhook delivered with retries
        self.deliver: Deliver = _nobody
        # called after `reset`, so that each provider can lay its empty section out again
        self.reset_hooks: list[Callable[[], None]] = []
        self._rngs: dict[str, random.Random] = {}

    def reset(self, seed: int) -> None:
        """Empty the world in place, as if it had just been made with `seed`."""
        self.seed, self.run, self.offset, self.counter = seed, 1, 0.0, 0
        for section in self.sections.values():
            section.clear()
        self.ledger.clear()
        self.timers.clear()
        self.calls.clear()
        self._rngs.clear()
        for hook in self.reset_hooks:
            hook()
        self.touch()

    def to_state(self) -> Json:
        """The whole world as JSON-able values; `World(state=...)` reads it back."""
        return {
            "seed": self.seed,
            "run": self.run,
            "offset": self.offset,
            "counter": self.counter,
            "sections": self.sections,
            "ledger": self.ledger,
            "timers": self.timers,
            "calls": dict(self.calls),
        }

    def section(self, name: str) -> Json:
        """The provider's own dict, made empty on first use; keep only JSON-able values in it."""
        return self.sections.setdefault(name, {})

    def touch(self) -> None:
        """Note that something changed, so that the state file is written soon."""
        self.version += 1

    # ---- clock -------------------------------------------------------------------------------

    def now(self) -> datetime:
        """The travelled clock, as an aware UTC datetime."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def unix(self) -> int:
        """The travelled clock, in whole Unix seconds."""
        return int(time.time() + self.offset)

    def travel(self, seconds: float) -> None:
        """Move the clock forward (or back) and run every timer that fell due on the way."""
        self.offset += seconds
        self.run_timers()

    def schedule(self, at: float, name: str, ref: str) -> None:
        """Have `timer_handlers[name](ref)` called once the clock passes `at` (Unix seconds)."""
        heapq.heappush(self.timers, (at, name, ref))

    def run_timers(self) -> None:
        """Call the handlers of all timers due by now, earliest first."""
        now = time.time() + self.offset
        while self.timers and self.timers[0][0] <= now:
            _, name, ref = heapq.heappop(self.timers)
            handler = self.timer_handlers.get(name)
            if handler is not None:
                handler(ref)
                self.touch()

    def hasten(self, name: str) -> int:
        """Run all timers of that name now, without moving the clock; how many."""
        early = [timer for timer in self.timers if timer[1] == name]
        self.timers = [timer for timer in self.timers if timer[1] != name]
        heapq.heapify(self.timers)
        for _, _, ref in early:
            self.timer_handlers[name](ref)
        return len(early)

    # ---- chance and names --------------------------------------------------------------------

    def rng(self, name: str) -> random.Random:
        """A generator of its own per name; the same seed gives the same sequence in a new world."""
        if name not in self._rngs:
            suffix = "" if self.run == 1 else f":{self.run}"
            self._rngs[name] = random.Random(f"{self.seed}:{name}{suffix}")
        return self._rngs[name]

    def new_id(self, prefix: str = "") -> str:
        """`prefix` and 32 hexadecimal digits, unique in this world and equal for equal seeds."""
        self.counter += 1
        return prefix + hashlib.sha256(f"{self.seed}:{self.counter}".encode()).hexdigest()[:32]

    def new_number(self, head: str = "57", digits: int = 18) -> str:
        """A unique string of decimal digits that starts with `head`, as TikTok's ids are."""
        self.counter += 1
        room = digits - len(head)
        # an odd multiplier is a bijection modulo 10**room, so numbers look random but never repeat
        body = (self.counter * 7_368_787_130_477 + self.seed * 104_729) % 10**room
        return f"{head}{body:0{room}d}"

    # ---- wallets -----------------------------------------------------------------------------

    def charge(self, provider: str, amount: Decimal, currency: str, ref: str, what: str) -> None:
        """Take money from the provider's wallet; `ref` names the label, `what` is for people."""
        self._book("charge", provider, amount, currency, ref, what)

    def refund(self, provider: str, amount: Decimal, currency: str, ref: str, what: str) -> None:
        """Give money back to the provider's wallet."""
        self._book("refund", provider, amount, currency, ref, what)

    def _book(
        self, kind: str, provider: str, amount: Decimal, currency: str, ref: str, what: str
    ) -> None:
        self.ledger.setdefault(provider, []).append(
            {
                "at": self.now().isoformat(),
                "kind": kind,
                "amount": format(amount, "f"),
                "currency": currency,
                "ref": ref,
                "what": what,
            }
        )
        self.touch()

    def wallet(self, provider: str) -> Json:
        """Exact totals of one provider: count of charges, charged, refunded and net amounts."""
        entries = self.ledger.get(provider, [])
        charged = [Decimal(e["amount"]) for e in entries if e["kind"] == "charge"]
        refunded = [Decimal(e["amount"]) for e in entries if e["kind"] == "refund"]
        return {
            "charges": len(charged),
            "refunds": len(refunded),
            "charged": format(sum(charged, Decimal("0.00")), "f"),
            "refunded": format(sum(refunded, Decimal("0.00")), "f"),
            "net": format(sum(charged, Decimal("0.00")) - sum(refunded, Decimal("0.00")), "f"),
            "currencies": sorted({e["currency"] for e in entries}),
        }
