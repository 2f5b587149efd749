"""Everything held about one buyer, as JSON."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from core.models import Workspace
from shipping import privacy


class Command(BaseCommand):
    help = "Print everything held about one buyer as JSON: orders, lines, timeline, labels."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workspace", help="the workspace's name in addresses, as in /w/NAME/")
        parser.add_argument("buyer", help="an order's number, or TikTok's number of the buyer")

    def handle(self, *args: Any, workspace: str, buyer: str, **options: Any) -> None:
        """Exits 1 when there is no such buyer."""
        found = Workspace.objects.filter(slug=workspace).first()
        if found is None:
            raise CommandError(f"There is no workspace {workspace}.")
        document = privacy.export_buyer(found, buyer, user=None)
        if not document["orders"]:
            raise CommandError("No order of that number or buyer.")
        self.stdout.write(json.dumps(document, cls=DjangoJSONEncoder, indent=1, ensure_ascii=False))
