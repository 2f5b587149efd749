"""What we tell TikTok about shipped orders."""

from django.db import models
from django.utils import timezone

from core.carriers import carrier_name
from orders.models.orders import Order
from orders.states import DISPATCH


class Dispatch(models.Model):
    """What we tell TikTok about a shipped order, once: intent, told, settled. Unknown is resolved
    by reading the order."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="dispatches")
    state = models.CharField(max_length=10, choices=DISPATCH.choices, default="due")
    part = models.PositiveSmallIntegerField(default=0)  # of an order in several parcels
    tracking_number = models.CharField(max_length=120)
    carrier = models.CharField(max_length=40)  # canonical slug
    provider_id = models.CharField(max_length=40, blank=True)  # TikTok's id for that carrier
    package_id = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=400, blank=True)  # a sentence for a person
    code = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)  # when the call left us
    # Its label was voided while a call was out: not told again, should TikTok not know it
    withdraw_wanted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "part"],
                condition=~models.Q(state="withdrawn"),
                name="dispatch_once_per_parcel",
            )
        ]
        indexes = [
            models.Index(fields=["state", "due_at"], name="dispatch_due"),
            models.Index(fields=["tracking_number"], name="dispatch_number"),
        ]

    def __str__(self) -> str:
        return f"dispatch of order {self.order_id}"

    @property
    def carrier_name(self) -> str:
        """The carrier as people read it."""
        return carrier_name(self.carrier)
