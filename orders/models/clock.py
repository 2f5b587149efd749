"""When an order's first scan is expected, and whether that is in time."""

from django.db import models

from core.models import Workspace
from orders.models.orders import Order


class Risk(models.TextChoices):
    """How an order stands against its deadline; scanned ones have nothing to fear."""

    OK = "ok", "In time"
    RISK = "risk", "At risk"
    LATE = "late", "Late"
    SCANNED = "scanned", "Scanned"


class Clock(models.Model):
    """The clock of one open order, written by shipping through orders.clock_notes.

    Beside the order and not on it: it changes by time alone, for every open order at once, and the
    order's row with its many indexes would have to be written anew each time. No index is on what
    changes each time, and half of each page is left free (migration 0012): a clock that only says
    something else is written in place, without touching an index.
    """

    order = models.OneToOneField(Order, models.CASCADE, primary_key=True, related_name="clock")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    risk = models.CharField(max_length=8, choices=Risk.choices)
    risk_why = models.CharField(max_length=300, blank=True)  # a sentence for a person
    predicted_scan_at = models.DateTimeField(null=True)  # null: scanned, or too late to matter
    next_risk_at = models.DateTimeField(null=True)  # when time alone may change it
    basis = models.BigIntegerField()  # hash of what it was worked out from

    class Meta:
        indexes = [
            models.Index(
                fields=["workspace", "risk", "order"],
                condition=models.Q(risk__in=["risk", "late"]),
                name="clock_at_risk",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.risk}: {self.risk_why}"
