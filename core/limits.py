"""One rate limit for all processes: each caller books the next free moment in a table row and waits for it."""

import threading
import time
from collections import deque
from collections.abc import Callable

from django.db import connection

from core.errors import RateLimited

_BOOK = """
INSERT INTO core_ratelimit AS r (key, next_at)
VALUES (%(key)s, clock_timestamp() + make_interval(secs => %(more)s))
ON CONFLICT (key) DO UPDATE SET next_at = make_interval(secs => %(more)s) + GREATEST(
    r.next_at + make_interval(secs => %(gap)s), clock_timestamp() - make_interval(secs => %(burst)s))
WHERE r.next_at + make_interval(secs => %(gap)s - %(patience)s) <= clock_timestamp()
RETURNING EXTRACT(EPOCH FROM next_at - clock_timestamp()) - %(more)s
"""
_ASK = """
SELECT EXTRACT(EPOCH FROM next_at - clock_timestamp()) FROM core_ratelimit WHERE key = %(key)s
"""
_PUSH_BACK = """
UPDATE core_ratelimit SET next_at = GREATEST(next_at, clock_timestamp() + make_interval(secs => %(seconds)s))
WHERE key = %(key)s
"""


class SharedLimiter:
    """At most `per_second` calls a second per key, over every process that uses this database.

    Up to `burst` calls that were not made in the last moments may follow each other at once. `together` turns are
    booked in one go and handed out from memory, where there are so many a second that asking each time would cost
    more than the turns that a process then leaves unused.
    """

    def __init__(
        self,
        per_second: float,
        *,
        burst: int = 1,
        together: int = 1,
        patience: float = 120,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.gap = 1 / per_second
        self.burst = burst
        self.together = together
        self.patience = patience
        self.sleep = sleep
        # Turns that are ours and until when, by the monotonic clock
        self._held: dict[str, tuple[deque[float], float]] = {}
        self._lock = threading.Lock()

    def acquire(self, key: str) -> None:
        """Wait for this caller's turn. RateLimited, without taking one, when it is more than
        `patience` seconds away."""
        wait = self._next(key) if self.together > 1 else self._book(key)
        if wait > 0:
            self.sleep(wait)

    def _next(self, key: str) -> float:
        """Seconds until the next of our turns; what is left unused does not stay ours for long."""
        with self._lock:
            turns, until = self._held.get(key, (deque(), 0.0))
            if not turns or time.monotonic() > until:
                first = self._book(key) + time.monotonic()
                turns = deque(first + n * self.gap for n in range(self.together))
                # As long as a burst: what is saved up for less than that may come at once anyway.
                kept = max(self.burst, self.together) * self.gap
                self._held[key] = turns, max(turns[-1], time.monotonic()) + kept
            return turns.popleft() - time.monotonic()

    def _book(self, key: str) -> float:
        """Seconds until the turn that is ours now."""
        values: dict[str, str | float] = {
            "key": key,
            "gap": self.gap,
            "more": self.gap * (self.together - 1),
            "burst": self.gap * (self.burst - 1),
            "patience": self.patience,
        }
        with connection.cursor() as cursor:
            cursor.execute(_BOOK, values)
            if row := cursor.fetchone():
                return float(row[0])
            cursor.execute(_ASK, values)
            wait = float(cursor.fetchone()[0])
        raise RateLimited(
            "Too many calls are waiting in line already.",
            provider=key,
            retry_after=max(wait - self.patience, 0) + 1,
        )

    def push_back(self, key: str, seconds: float) -> None:
        """The other side asked for a pause: nobody calls before it is over."""
        with self._lock:
            self._held.pop(key, None)
        with connection.cursor() as cursor:
            cursor.execute(_PUSH_BACK, {"key": key, "seconds": seconds})
