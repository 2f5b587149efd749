"""Scans of the packing bench that nobody asks for any more."""

from datetime import timedelta
from typing import Final

from django.utils import timezone

from core.jobs import job
from shipping.models import PackBench, PackScan

KEEP: Final = timedelta(days=90)
_SOME: Final = 1000


@job
def forget_old() -> int:
    """Delete scans older than KEEP, in pieces; answers how many. Who packed an order, and when,
    stays known; so do the scans of an order that still lies on a bench."""
    lying = PackBench.objects.exclude(session=None).values("session")
    old = PackScan.objects.filter(at__lt=timezone.now() - KEEP).exclude(session__in=lying)
    gone = 0
    while ids := list(old.values_list("pk", flat=True)[:_SOME]):
        gone += PackScan.objects.filter(pk__in=ids).delete()[0]
    return gone
