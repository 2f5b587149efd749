"""Who does not answer: one row per circuit that ever failed; see core.breaker."""

from django.db import models
from django.utils import timezone

from core.states import StateTable

CIRCUIT = StateTable(
    {"closed": {"open"}, "open": {"half-open"}, "half-open": {"open", "closed", "half-open"}}
)


class Circuit(models.Model):
    """The line to one provider account, shop or host, as all processes see it."""

    key = models.CharField(max_length=120, primary_key=True)  # "easypost:account:5"
    state = models.CharField(max_length=10, choices=CIRCUIT.choices, default="closed")
    changed_at = models.DateTimeField(default=timezone.now)
    # Calls in a row that failed; 0: it answers
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    # While it is not closed: how often in a row it was opened, and when it is tried again
    openings = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    probe_until = models.DateTimeField(null=True)  # half-open: somebody tries it until then
    # The last trouble, also after it is over
    last_error = models.CharField(max_length=200, blank=True)  # a sentence
    last_error_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["key"], condition=models.Q(failures__gt=0), name="circuits_in_trouble"
            )
        ]

    def __str__(self) -> str:
        return f"circuit {self.key}"
