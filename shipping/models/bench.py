"""The packing bench: which order lies on it, what was scanned, and which tote holds which order."""

import uuid

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from orders.models import Order
from shops.catalog.models import Sku


class PackBench(models.Model):
    """One machine at which people pack; its browser keeps `key`."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    key = models.UUIDField(default=uuid.uuid4)
    # What lies on it now, finished or not; null: nothing was scanned yet
    session = models.ForeignKey("PackSession", models.SET_NULL, null=True, related_name="+")
    # A code nobody knew, until somebody says which item it is
    asked = models.CharField(max_length=120, blank=True)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="bench_once")]

    def __str__(self) -> str:
        return f"bench {self.pk}"


class PackSession(models.Model):
    """One order being packed, from its first scan to its last unit or its skipping."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    order = models.ForeignKey(Order, models.CASCADE, related_name="packings")
    bench = models.ForeignKey(PackBench, models.SET_NULL, null=True, related_name="sessions")
    packer = models.ForeignKey(User, models.SET_NULL, null=True)
    started_at = models.DateTimeField(default=timezone.now)
    packed_at = models.DateTimeField(null=True)
    skipped_at = models.DateTimeField(null=True)
    skip_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(packed_at=None, skipped_at=None),
                name="one_open_packing",
            )
        ]
        indexes = [
            models.Index(
                fields=["workspace", "packed_at"],
                condition=models.Q(packed_at__isnull=False),
                name="packed_newest",
            ),
            models.Index(fields=["bench", "packed_at"], name="packed_at_bench"),
        ]

    def __str__(self) -> str:
        return f"packing of order {self.order_id}"


class PackScan(models.Model):
    """One scan as it arrived, what it did, and how many units it verified. Sent twice, it counts
    once."""

    bench = models.ForeignKey(PackBench, models.CASCADE, related_name="scans")
    key = models.UUIDField()  # given by the browser that read it
    session = models.ForeignKey(PackSession, models.CASCADE, null=True, related_name="scans")
    code = models.CharField(max_length=120)
    does = models.CharField(max_length=12, blank=True)  # a word of shipping.bench.scan.Does
    words = models.CharField(max_length=300, blank=True)
    sku_id = models.CharField(max_length=60, blank=True)  # the item's key within its order
    quantity = models.SmallIntegerField(default=0)
    taught = models.CharField(max_length=60, blank=True)  # the code that became the item's
    by = models.ForeignKey(User, models.SET_NULL, null=True)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bench", "key"], name="scanned_once")]
        indexes = [models.Index(fields=["session", "id"], name="scans_of_packing")]

    def __str__(self) -> str:
        return f"{self.does} at bench {self.bench_id}"


class Tote(models.Model):
    """A numbered tote that holds the units of one order until it is packed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    number = models.PositiveSmallIntegerField()
    order = models.ForeignKey(Order, models.CASCADE, related_name="totes")
    batch = models.ForeignKey("core.Batch", models.SET_NULL, null=True, related_name="totes")
    put_at = models.DateTimeField(default=timezone.now)
    freed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "number"],
                condition=models.Q(freed_at=None),
                name="tote_holds_one_order",
            ),
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(freed_at=None), name="order_in_one_tote"
            ),
        ]

    def __str__(self) -> str:
        return f"tote {self.number}"


class PackSettings(models.Model):
    """How a workspace packs."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="pack_settings")
    # Whether the last unit buys the label of an order that has none, for who may spend money
    buys = models.BooleanField(default=False)
    totes = models.PositiveSmallIntegerField(default=24)  # how many there are

    def __str__(self) -> str:
        return f"packing at {self.workspace_id}"


class SkuPicture(models.Model):
    """A SKU's picture as we keep it: fetched once, made small, served by us."""

    sku = models.OneToOneField(Sku, models.CASCADE, related_name="picture")
    url = models.URLField(max_length=1000)  # where it was fetched from
    file_key = models.CharField(max_length=80, blank=True)  # core.files; empty: there is none
    tried_at = models.DateTimeField(default=timezone.now)
    problem = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"picture of {self.sku_id}"
