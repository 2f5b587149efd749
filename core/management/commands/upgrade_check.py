"""Say whether this code can take over the database."""

from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, transaction
from django.utils.module_loading import import_string

from core.upgrades import Finding
from core.version import BUILD, VERSION

CHECKS = "creatorflow.upgrade.CHECKS"  # by name: apps do not import the project above them


class Command(BaseCommand):
    """Run with the new code, before `migrate`. It changes nothing."""

    help = "Say whether this version can take over the database; exits 1 when something has to be done first."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """One line a finding; those that begin with "!" stop the upgrade."""
        stops = 0
        checks: tuple[str, ...] = import_string(CHECKS)
        for path in checks:
            for finding in _findings(import_string(path)):
                stops += finding.stops
                self.stdout.write(f"{'!' if finding.stops else '-'} {finding.text}")
        if stops:
            self.stderr.write(f"Not yet: {stops} to put right first.")
            raise SystemExit(1)
        self.stdout.write(f"Version {VERSION} (build {BUILD}) can take over.")


def _findings(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    """What one check found. A table that only the new code has cannot be asked yet: there is nothing in it."""
    try:
        with transaction.atomic():
            return list(check())
    except DatabaseError:
        return [
            Finding(f"{check.__module__}.{check.__qualname__} could not look: not migrated yet.")
        ]
