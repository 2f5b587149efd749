"""Parcels as TikTok counts them: its packages, what it would put into one, and a number corrected."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.states import StateTable
from orders.models.orders import Order
from orders.models.telling import Dispatch
from shops.models import Shop

# What becomes of a group that TikTok offers to combine
GROUP = StateTable(
    {
        "offered": {"combined", "gone"},
        "combined": {"offered", "gone"},
        "gone": {"offered", "combined"},
    }
)
# "telling" is on disk before the call; "unknown" is resolved only by reading the order
EDIT = StateTable(
    {
        "telling": {"done", "refused", "unknown"},
        "unknown": {"done", "refused"},
        "done": set(),
        "refused": set(),
    }
)


class Package(models.Model):
    """A package as TikTok told us last. No address is kept: the order has it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+", db_index=False)
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="packages", db_index=False)
    tiktok_id = models.CharField(max_length=40)
    order_ids = ArrayField(models.CharField(max_length=40), default=list)  # TikTok's
    line_ids = ArrayField(models.CharField(max_length=40), default=list)
    status = models.CharField(max_length=30)  # TikTok's word; unknown ones are kept
    sub_status = models.CharField(max_length=40, blank=True)  # only once its detail was read
    shipping_type = models.CharField(max_length=30, blank=True)
    tag = models.CharField(max_length=20, blank=True)  # SPLIT, COMBINE
    handover = models.CharField(max_length=20, blank=True)
    carrier = models.CharField(max_length=120, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)  # TikTok's update_time
    seen_at = models.DateTimeField(default=timezone.now)  # when we read this copy
    detail_at = models.DateTimeField(null=True)  # when its detail was read

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "tiktok_id"], name="package_once_per_shop")
        ]
        indexes = [
            GinIndex(fields=["order_ids"], name="package_orders"),
            models.Index(fields=["shop", "updated_at"], name="package_changed"),
        ]

    def __str__(self) -> str:
        return f"package {self.tiktok_id}"


class CombineGroup(models.Model):
    """Orders of one buyer and address that TikTok would put into one package, or has."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="combine_groups", db_index=False)
    tiktok_id = models.CharField(max_length=40)  # the group's, and the package's once combined
    order_ids = ArrayField(models.CharField(max_length=40), default=list)  # TikTok's
    state = models.CharField(max_length=10, choices=GROUP.choices, default="offered")
    seen_at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=300, blank=True)  # why TikTok refused, for a person

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "tiktok_id"], name="group_once_per_shop")
        ]

    def __str__(self) -> str:
        return f"group of {len(self.order_ids)} orders"


class TrackingEdit(models.Model):
    """A tracking number corrected at TikTok, which allows it once and for a few days."""

    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="edits")
    state = models.CharField(max_length=10, choices=EDIT.choices, default="telling")
    was = models.CharField(max_length=120)
    was_carrier = models.CharField(max_length=40)
    tracking_number = models.CharField(max_length=120)
    carrier = models.CharField(max_length=40)
    reason = models.CharField(max_length=400, blank=True)
    code = models.CharField(max_length=20, blank=True)
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    told_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["dispatch"],
                condition=models.Q(state__in=["telling", "unknown"]),
                name="one_edit_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"edit of dispatch {self.dispatch_id}"


class BoxMate(models.Model):
    """An order that travels in the box of another one, `lead`: one label, one number for all."""

    order = models.OneToOneField(Order, models.CASCADE, related_name="box", primary_key=True)
    lead = models.ForeignKey(Order, models.CASCADE, related_name="mates")
    package_id = models.CharField(max_length=40, blank=True)  # TikTok's, where it combined them
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"order {self.order_id} in the box of {self.lead_id}"
