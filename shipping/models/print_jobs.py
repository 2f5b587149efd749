"""Files on their way to a print service."""

import uuid

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.states import StateTable
from shipping.models.bench import PackBench
from shipping.models.labels import Label, PrintFile

PRINT_JOB = StateTable(
    {
        "waiting": {"sent", "failed"},
        "sent": set(),
        "failed": {"waiting"},
    }
)


class PrintJob(models.Model):
    """One label, or one print file, for one printer. The service prints one `key` once."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    label = models.ForeignKey(Label, models.CASCADE, null=True, related_name="print_jobs")
    print_file = models.ForeignKey(PrintFile, models.CASCADE, null=True, related_name="jobs")
    bench = models.ForeignKey(PackBench, models.SET_NULL, null=True, related_name="print_jobs")
    title = models.CharField(max_length=120)
    layout = models.CharField(max_length=10, default="4x6")  # see shipping.printing.choice
    printer = models.CharField(max_length=80, blank=True)  # the service's name; empty: its default
    state = models.CharField(max_length=10, choices=PRINT_JOB.choices, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=300, blank=True)  # a sentence for a person
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(label__isnull=False) ^ models.Q(print_file__isnull=False),
                name="print_job_of_one_file",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(state="waiting"), name="print_job_due"
            ),
            models.Index(fields=["workspace", "-id"], name="print_job_newest"),
        ]

    def __str__(self) -> str:
        return f"print job {self.pk}"
