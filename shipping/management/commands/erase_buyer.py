"""Erase one buyer for good."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.models import Workspace
from shipping import privacy


class Command(BaseCommand):
    help = "Erase one buyer's personal data from all orders that are done with. Amounts and the ledger stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", help="the workspace's name in addresses, as in /w/NAME/")
        parser.add_argument("buyer", help="an order's number, or TikTok's number of the buyer")
        parser.add_argument(
            "--yes", action="store_true", help="do it; without, say what would be done"
        )

    def handle(self, *args: Any, workspace: str, buyer: str, yes: bool, **options: Any) -> None:
        """Exits 1 when there is no such buyer, or orders of theirs are still to be shipped."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace {workspace}.")
        orders = privacy.find(found, buyer)
        if not orders.exists():
            raise CommandError("No order of that number or buyer.")
        if not yes:
            names = ", ".join(orders.values_list("tiktok_id", flat=True))
            self.stdout.write(f"Would erase the buyer of {names}. Say --yes to do it.")
            return
        erased, left = privacy.erase_buyer(found, buyer, user=None)
        self.stdout.write(f"Erased from {erased} orders.")
        if left:
            raise CommandError(
                f"{left} orders are still to be shipped and keep their address until then."
            )
