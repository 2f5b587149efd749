"""One rate limit for all processes: each caller books the next free moment in a table row and waits for it."""

import time
from collections.abc import Callable

from django.db import connection

from core.errors import RateLimited

_BOOK = """
INSERT INTO core_ratelimit AS r (key, next_at) VALUES (%(key)s, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET next_at = GREATEST(
    r.next_at + make_interval(secs => %(gap)s), clock_timestamp() - make_interval(secs => %(burst)s))
WHERE r.next_at + make_interval(secs => %(gap)s - %(patience)s) <= clock_timestamp()
RETURNING EXTRACT(EPOCH FROM next_at - clock_timestamp())
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

    Up to `burst` calls that were not made in the last moments may follow each other at once.
    """

    def __init__(
        self,
        per_second: float,
        *,
        burst: int = 1,
        patience: float = 120,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.gap = 1 / per_second
        self.burst = burst
        self.patience = patience
        self.sleep = sleep

    def acquire(self, key: str) -> None:
        """Wait for this caller's turn. RateLimited, without taking one, when it is more than
        `patience` seconds away."""
        wait = self._book(key)
        if wait > 0:
            self.sleep(wait)

    def _book(self, key: str) -> float:
        """Seconds until the turn that is ours now."""
        values: dict[str, str | float] = {
            "key": key,
            "gap": self.gap,
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
        with connection.cursor() as cursor:
            cursor.execute(_PUSH_BACK, {"key": key, "seconds": seconds})
