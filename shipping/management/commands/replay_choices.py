"""Make every stored choice of a rate again from its stored quotes."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from shipping.models import QuoteSet
from shipping.replays import replay


class Command(BaseCommand):
    """Reads only. Ends with status 1 and the ids when a choice comes out differently."""

    help = "Make every stored choice of a rate again, and report those that come out differently."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which quotes."""
        parser.add_argument("--days", type=int, help="only those of the last so many days")
        parser.add_argument("--workspace", help="only those of the workspace with this slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Replay and count."""
        quotes = QuoteSet.objects.all()
        if options["days"] is not None:
            quotes = quotes.filter(at__gte=timezone.now() - timedelta(days=options["days"]))
        if options["workspace"]:
            quotes = quotes.filter(workspace__slug=options["workspace"])
        found = replay(quotes)
        self.stdout.write(
            f"{found.total} choices: {found.same} come out the same, {found.by_person} were a "
            f"person's own, {found.unexplained} have nothing stored to make them from, "
            f"{len(found.different)} differ."
        )
        if found.different:
            ids = ", ".join(map(str, found.different[:50]))
            raise CommandError(f"These quote sets give another choice: {ids}", returncode=1)
