"""What a workspace's choices saved: sums per day, and the service they are measured against."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace


class SavingsBaseline(models.Model):
    """The service that a lane's labels are compared with, as its owner chose it. A row that is not
    there means the default one."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    lane = models.CharField(max_length=10)  # own, platform
    service = models.CharField(max_length=180)  # shipping.naming.full_name
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "lane"], name="baseline_once")]

    def __str__(self) -> str:
        return f"{self.lane}: always {self.service}"


class SavingsDay(models.Model):
    """The labels of one day of the workspace's clock, one lane and one currency: derived from labels
    and their stored quotes, and written anew whenever these change."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    day = models.DateField()
    lane = models.CharField(max_length=10)
    currency = models.CharField(max_length=3)
    labels = models.PositiveIntegerField()
    paid = models.DecimalField(max_digits=14, decimal_places=2)
    # Of the labels whose stored quotes hold the baseline's service
    compared = models.PositiveIntegerField()
    paid_compared = models.DecimalField(max_digits=14, decimal_places=2)
    baseline = models.DecimalField(max_digits=14, decimal_places=2)
    offered = models.JSONField(default=dict)  # service → labels it was offered for and allowed
    services = models.JSONField(default=dict)  # the baselines met, by service → labels

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "day", "lane", "currency"], name="savings_day_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.lane}: {self.baseline - self.paid_compared} {self.currency}"
