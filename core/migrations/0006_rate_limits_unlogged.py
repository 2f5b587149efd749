"""Booking a turn waits for no disk: after a crash of the database, lines simply begin anew."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("core", "0005_circuits")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE core_ratelimit SET UNLOGGED", "ALTER TABLE core_ratelimit SET LOGGED"
        )
    ]
