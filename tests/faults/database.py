"""A database whose commits are real, as threads need it, and that is swept clean between cells: to
truncate every table would take longer than the cell."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

# Neither keys nor the triggers that keep the ledger stand in the way of forgetting a test.
_SWEEP = """
DO $$ DECLARE found record; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN
        ('django_migrations', 'django_content_type', 'auth_permission')
    LOOP EXECUTE format('DELETE FROM %I', found.tablename); END LOOP;
END $$
"""


@contextmanager
def swept() -> Iterator[None]:
    """Whatever the block commits is gone after it."""
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(_SWEEP)
