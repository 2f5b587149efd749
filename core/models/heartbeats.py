"""Signs of life of the workers."""

from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """One worker group (a `qcluster`): where it runs, since when, and with which code; see core.heartbeats."""

    process = models.CharField(max_length=120, primary_key=True)  # "host:pid"
    version = models.CharField(max_length=20)
    build = models.CharField(max_length=12)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.process} ({self.version}, build {self.build})"
