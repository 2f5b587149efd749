"""What sign-ins leave behind, cleared away."""

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection

from core.jobs import job


@job
def clear_ended() -> None:
    """Delete sessions and counted attempts whose time is over; they hold addresses of visitors."""
    SessionStore.clear_expired()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_cache WHERE expires < now()")
