"""`manage.py qcluster`: the workers of the queue, with core.worker's watch over them."""

from typing import Any

from django.core.management.base import BaseCommand

from core import worker


class Command(BaseCommand):
    """Stands before django-q2's command of this name; there is one queue, so no option is left."""

    help = "Works off the queue with WORKERS processes, until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Ends when it is asked to."""
        worker.run()
