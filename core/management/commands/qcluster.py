"""`manage.py qcluster`: the workers of all queues, with core.worker's watch over them."""

from typing import Any

from django.core.management.base import BaseCommand

from core import worker


class Command(BaseCommand):
    """Stands before django-q2's command of this name; it works every queue, so no option is left."""

    help = "Works off the queues with WORKERS processes each, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends when it is asked to."""
        worker.run()
