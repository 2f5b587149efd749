"""Parcels at the door: which were handed to their carrier, when, by whom, and what it looked like."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from shipping.models.labels import Label
from shops.models import Shop


class CloseOutQuerySet(models.QuerySet["CloseOut"]):
    """Close-outs by who may see them."""

    def of(self, workspace: Workspace) -> "CloseOutQuerySet":
        """The workspace's close-outs."""
        return self.filter(workspace=workspace)


class CloseOut(models.Model):
    """One handover of one shop's parcels to one carrier: open while parcels are scanned, then
    closed with what was counted."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="close_outs")
    carrier = models.CharField(max_length=40)
    day = models.DateField()  # in the workspace's time zone
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(User, models.SET_NULL, null=True)
    pickup_at = models.DateTimeField(null=True)  # when the carrier took the parcels
    note = models.CharField(max_length=300, blank=True)
    # Counted when it was closed
    parcels = models.PositiveIntegerField(default=0)
    left_behind = models.PositiveIntegerField(default=0)  # bought that day or before, not scanned

    objects = CloseOutQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "shop", "carrier"],
                condition=models.Q(closed_at=None),
                name="one_open_close_out",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-opened_at", "-id"], name="close_out_newest"),
        ]

    def __str__(self) -> str:
        return f"close-out {self.carrier} {self.day}"


class HandoverScan(models.Model):
    """One parcel scanned as it was handed over; a parcel is handed over once."""

    close_out = models.ForeignKey(CloseOut, models.CASCADE, related_name="scans")
    label = models.OneToOneField(Label, models.CASCADE, related_name="handover")
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.SET_NULL, null=True)

    class Meta:
        indexes = [models.Index(fields=["close_out", "-at", "-id"], name="handover_newest")]

    def __str__(self) -> str:
        return f"handover of label {self.label_id}"


class HandoverPhoto(models.Model):
    """A picture of what was handed over: decoded and encoded anew, so that it carries no metadata."""

    close_out = models.ForeignKey(CloseOut, models.CASCADE, related_name="photos")
    file_key = models.CharField(max_length=80)  # core.files; empty: erased with a buyer's data
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(User, models.SET_NULL, null=True)

    class Meta:
        indexes = [models.Index(fields=["close_out", "id"], name="handover_photos")]

    def __str__(self) -> str:
        return f"photo {self.pk} of {self.close_out_id}"
