"""Where the receiver puts an event: one prepared statement on a connection that is kept open."""

from collections import deque
from collections.abc import Mapping
from typing import Any

import psycopg

from core.deliveries import Delivery

# A delivery must be answered within 3 s (TikTok); what cannot be stored by then is sent again.
CONNECT_SECONDS = 2
STATEMENT_MS = 1_000
MOST_KEPT = 16  # connections; a server with more threads opens some of them anew

STORE = """
INSERT INTO core_webhookevent (provider, event, dedupe, owner, subject, body, sent_at, state, reason,
    received_at, due_at, attempts, code, outcome)
VALUES (%s, %s, %s, %s, %s, %b, %s, %s, %s, statement_timestamp(), statement_timestamp(), 0, '', '')
ON CONFLICT (provider, dedupe) DO NOTHING
"""


class InboxStore:
    """Stores deliveries; any number of threads may call it. `settings` are Django's of the
    database, read when a connection is opened."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.free: deque[psycopg.Connection] = deque()

    def __call__(
        self, provider: str, delivery: Delivery, body: bytes, state: str, reason: str
    ) -> bool:
        """Whether this is the first delivery of its name. psycopg.Error when it is not stored."""
        values = (
            provider,
            delivery.event,
            delivery.dedupe,
            delivery.owner,
            delivery.subject,
            body,
            delivery.sent_at,
            state,
            reason[:400],
        )
        kept = self._kept()
        if kept is not None:
            try:
                return self._insert(kept, values)
            except psycopg.OperationalError:
                # Only a connection that died while it lay here is worth a second try.
                if not kept.broken:
                    raise
        return self._insert(self._connect(), values)

    def _kept(self) -> psycopg.Connection | None:
        try:
            return self.free.pop()  # the one used last: the others may be closed by the server
        except IndexError:
            return None

    def _insert(self, connection: psycopg.Connection, values: tuple[object, ...]) -> bool:
        try:
            return connection.execute(STORE, values, prepare=True, binary=True).rowcount == 1
        finally:
            if connection.broken or len(self.free) >= MOST_KEPT:
                connection.close()
            else:
                self.free.append(connection)

    def _connect(self) -> psycopg.Connection:
        own = self.settings
        given: dict[str, Any] = {
            "host": own["HOST"],
            "port": own["PORT"],
            "user": own["USER"],
            "password": own["PASSWORD"],
            "dbname": own["NAME"],
        }
        # Those of DATABASE_URL (sslmode, …); Django's own are no texts.
        given |= {name: value for name, value in own["OPTIONS"].items() if isinstance(value, str)}
        connection = psycopg.connect(
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            tcp_user_timeout=CONNECT_SECONDS * 1000,  # a server that vanished without a word
            application_name="creatorflow-inbox",
            **{name: value for name, value in given.items() if value},
        )
        connection.execute(f"SET statement_timeout = {STATEMENT_MS}")
        return connection

    def close(self) -> None:
        """Close what is kept."""
        while (connection := self._kept()) is not None:
            connection.close()
