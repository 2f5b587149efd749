"""Make one archive of the database and the files it names."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core import backups
from core.backups import BackupFailed
from core.postgres_tools import NoTools


class Command(BaseCommand):
    help = "Make one archive of the database and the files it names. Web and workers may go on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("target", type=Path, help="a folder, or the name of the new file")

    def handle(self, *args: Any, target: Path, **options: Any) -> None:
        """Prints what is in the archive, and what is not: the secrets. Exits 1 when files were missing."""
        now = timezone.now()
        if target.is_dir():
            target /= f"creatorflow-{now:%Y%m%d-%H%M%S}.tar"
        try:
            manifest = backups.write(target, now=now)
        except (BackupFailed, NoTools) as error:
            raise CommandError(str(error)) from error
        megabytes = target.stat().st_size / 1e6
        self.stdout.write(f"{target}: {megabytes:.1f} MB, {len(manifest.files)} files")
        keys = ", ".join(manifest.vault_keys) or "none so far"
        self.stdout.write(
            f"Not in it: VAULT_KEYS (needed to read its tokens and keys: {keys}), SECRET_KEY, and every other "
            "setting. Keep those apart from it: whoever has both has everything."
        )
        if manifest.missing:
            names = ", ".join(manifest.missing[:5])
            raise CommandError(
                f"The archive is whole but for {len(manifest.missing)} files that are gone or damaged: {names}"
            )
