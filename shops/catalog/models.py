"""What a shop sells, as far as shipping needs it: weight and size per SKU, with where they come
from."""

from django.db import models
from django.utils import timezone

from core.models import Workspace
from shops.models import Shop


class Measured(models.TextChoices):
    """Where a weight comes from; a person's word is never overwritten by the product's."""

    NONE = "", "not known"
    PRODUCT = "product", "from the product"
    PERSON = "person", "entered by a person"
    LEARNED = "learned", "learned from past parcels"


class SkuQuerySet(models.QuerySet["Sku"]):
    """SKUs by who may see them."""

    def of(self, workspace: Workspace) -> "SkuQuerySet":
        """SKUs of the workspace's shops."""
        return self.filter(shop__workspace=workspace)


class Sku(models.Model):
    """One SKU of a shop. TikTok owns the names; weight and size may be ours."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="skus")
    tiktok_id = models.CharField(max_length=40)
    product_id = models.CharField(max_length=40)
    seller_sku = models.CharField(max_length=120, blank=True)
    product_name = models.CharField(max_length=500)
    sku_name = models.CharField(max_length=300, blank=True)
    image_url = models.URLField(max_length=1000, blank=True)
    # What is printed on the thing itself, as a person taught it; digits without leading zeros
    barcode = models.CharField(max_length=60, blank=True)
    # Per unit, in grams and millimetres; null: not known
    weight_g = models.PositiveIntegerField(null=True)
    length_mm = models.PositiveIntegerField(null=True)
    width_mm = models.PositiveIntegerField(null=True)
    height_mm = models.PositiveIntegerField(null=True)
    measured_by = models.CharField(max_length=10, choices=Measured.choices, blank=True)
    # null: TikTok's product detail still to be read
    product_read_at = models.DateTimeField(null=True)
    # When TikTok told that the product changed: read again if that was after the last reading
    changed_at = models.DateTimeField(null=True)
    # Units in all warehouses together, as the product has them; null: not told
    stock_total = models.PositiveIntegerField(null=True)
    stock_read_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = SkuQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "tiktok_id"], name="sku_once_per_shop"),
            models.UniqueConstraint(
                fields=["shop", "barcode"],
                condition=~models.Q(barcode=""),
                name="barcode_once_per_shop",
            ),
        ]
        indexes = [
            models.Index(
                fields=["shop"], condition=models.Q(product_read_at=None), name="sku_to_be_read"
            )
        ]

    def __str__(self) -> str:
        return self.seller_sku or self.product_name
