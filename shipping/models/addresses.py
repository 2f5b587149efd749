"""Where parcels start, and the boxes they travel in."""

from django.db import models

from core.models import Workspace


class ShipFrom(models.Model):
    """An address parcels are sent from; one per workspace is the default."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="ship_from")
    label = models.CharField(max_length=80)  # "Garage", "Studio"
    name = models.CharField(max_length=120)
    company = models.CharField(max_length=120, blank=True)
    street1 = models.CharField(max_length=200)
    street2 = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=40)
    postal_code = models.CharField(max_length=20)
    country = models.CharField(max_length=2, default="US")
    phone = models.CharField(max_length=40)
    email = models.EmailField(blank=True)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=models.Q(is_default=True),
                name="one_default_ship_from",
            )
        ]

    def __str__(self) -> str:
        return self.label


class ParcelPreset(models.Model):
    """A box or mailer: its outer size, its own weight, and how much fits."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="parcel_presets")
    name = models.CharField(max_length=80)
    length_mm = models.PositiveIntegerField()
    width_mm = models.PositiveIntegerField()
    height_mm = models.PositiveIntegerField()
    weight_g = models.PositiveIntegerField(default=0)  # the empty box
    most_units = models.PositiveIntegerField(null=True, blank=True)  # null: any number
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace"],
                condition=models.Q(is_default=True),
                name="one_default_parcel",
            )
        ]

    def __str__(self) -> str:
        return self.name
