"""Put a backup in place of the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import restoring
from core.postgres_tools import NoTools
from core.restoring import CannotRestore


class Command(BaseCommand):
    help = "Put a backup in place of the database and add its files. Stop web and workers first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path)
        parser.add_argument(
            "--force", action="store_true", help="replace a database that is in use"
        )
        parser.add_argument(
            "--without-keys",
            action="store_true",
            help="although VAULT_KEYS cannot read its secrets",
        )
        parser.add_argument(
            "--check", action="store_true", help="verify the archive, change nothing"
        )

    def handle(self, *args: Any, archive: Path, **options: Any) -> None:
        """Everything is verified before anything is touched; exits 1 with the reason otherwise."""
        try:
            manifest = restoring.check(archive)
            self.stdout.write(
                f"{archive}: of {manifest.made_at}, version {manifest.version} (build {manifest.build}), "
                f"{len(manifest.files)} files, all checksums right"
            )
            if options["check"]:
                return
            told = restoring.obstacles(
                manifest, force=options["force"], without_keys=options["without_keys"]
            )
            if told:
                raise CannotRestore("\n".join(told))
            restoring.apply(archive, manifest)
        except (CannotRestore, NoTools) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "Restored. Now: migrate, apply_schedules, then start web and workers. Orders are read again from where "
            "the backup stood. Labels bought after it are not in it: see the runbook before buying."
        )
