"""Attempts at signing in are counted in one place for all processes and machines."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0002_audit_only_grows")]

    operations = [
        migrations.RunSQL(
            """
            CREATE TABLE IF NOT EXISTS core_cache (
                cache_key varchar(255) NOT NULL PRIMARY KEY,
                value text NOT NULL,
                expires timestamp with time zone NOT NULL
            );
            CREATE INDEX IF NOT EXISTS core_cache_expires ON core_cache (expires);
            """,
            "DROP TABLE IF EXISTS core_cache",
        )
    ]
