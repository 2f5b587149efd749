"""What was sold: orders, their lines, and what happened to each."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from orders.querysets import NO_DEADLINE, OrderQuerySet
from shops.models import Shop


class Lane(models.TextChoices):
    """Who makes the label: decided by TikTok's shipping_type and fulfillment_type."""

    OWN = "own", "Own label"
    PLATFORM = "platform", "Platform label"
    FBT = "fbt", "Fulfilled by TikTok"
    NONE = "none", "Nothing to ship"


class Stage(models.TextChoices):
    """Where an order stands in our day; derived by orders.readiness, one tab of the queue each."""

    READY = "ready", "Ready"
    HOLD = "hold", "On hold"
    FIX = "fix", "Needs a fix"
    BOUGHT = "bought", "Bought"
    SHIPPED = "shipped", "Shipped"
    CLOSED = "closed", "Not ours to ship"


# TikTok's words before a carrier has the parcel
NOT_COLLECTED = ["ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION"]


class Order(models.Model):
    """One TikTok order as we last saw it. TikTok owns the facts; we own hold, tags, notes and the
    derived columns."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="orders")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="orders")
    tiktok_id = models.CharField(max_length=40)

    # Facts, written by sync only
    status = models.CharField(max_length=40)  # TikTok's word; unknown ones are kept
    lane = models.CharField(max_length=10, choices=Lane.choices)
    shipping_type = models.CharField(max_length=30, blank=True)
    fulfillment_type = models.CharField(max_length=40, blank=True)
    order_type = models.CharField(max_length=30, blank=True)
    delivery_type = models.CharField(max_length=30, blank=True)
    delivery_option_id = models.CharField(max_length=40, blank=True)
    delivery_option_name = models.CharField(max_length=120, blank=True)
    shipping_provider = models.CharField(max_length=120, blank=True)
    shipping_provider_id = models.CharField(max_length=40, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    warehouse_id = models.CharField(max_length=40, blank=True)
    package_ids = ArrayField(models.CharField(max_length=40), default=list)
    created_at = models.DateTimeField()
    # TikTok's update_time; an older copy never overwrites a newer one
    updated_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    rts_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    release_at = models.DateTimeField(null=True)
    # Deadlines: rts_sla_time, tts_sla_time, ... of TikTok
    ship_by = models.DateTimeField(null=True)  # rts_sla_time: reach AWAITING_COLLECTION
    scan_by = models.DateTimeField(null=True)  # tts_sla_time: carrier scan
    cancel_at = models.DateTimeField(null=True)  # cancel_order_sla_time: TikTok cancels by itself
    deliver_by = models.DateTimeField(null=True)
    collect_by = models.DateTimeField(null=True)
    pick_up_cut_off_at = models.DateTimeField(null=True)
    recommended_ship_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    cancelled_by = models.CharField(max_length=20, blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    is_on_hold = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    is_cod = models.BooleanField(default=False)
    is_replacement = models.BooleanField(default=False)
    is_exchange = models.BooleanField(default=False)
    is_subscription = models.BooleanField(default=False)
    address_changed = models.BooleanField(default=False)
    split_or_combine = models.CharField(max_length=20, blank=True)
    combine_group = models.CharField(max_length=60, blank=True)
    priority = models.SmallIntegerField(null=True)
    # Money, in the order's currency
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    shipping_fee = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    seller_discount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    platform_discount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    tax = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    # Buyer and address: personal data, possibly masked by TikTok
    buyer_id = models.CharField(max_length=60, blank=True)
    buyer_nickname = models.CharField(max_length=200, blank=True)
    buyer_message = models.TextField(blank=True)
    seller_note = models.TextField(blank=True)
    # providers.base.Address fields; {} when TikTok gives none
    recipient = models.JSONField(default=dict)
    address_state = models.CharField(max_length=10, default="none")  # none, masked, bad, good
    # What is in it, for people and for search
    unit_count = models.PositiveIntegerField(default=0)
    sku_count = models.PositiveIntegerField(default=0)
    # of its lines, so that a SKU's orders are found without them
    sku_ids = ArrayField(models.CharField(max_length=40), default=list)
    pick_key = models.CharField(max_length=200, blank=True)  # pick order: first SKU, then quantity
    search_text = models.TextField(blank=True)
    raw = models.JSONField(default=dict)  # the whole document, for support and later columns
    synced_at = models.DateTimeField()  # when we read this copy from TikTok
    # When the buyer's personal data were struck out, for good: sync leaves them out from then on
    erased_at = models.DateTimeField(null=True)

    # Ours, written by actions only
    held_because = models.CharField(max_length=200, blank=True)
    held_until = models.DateTimeField(null=True)
    tags = ArrayField(models.CharField(max_length=40), default=list)
    note = models.TextField(blank=True)
    # a person's corrected address, wins over recipient
    fixed_recipient = models.JSONField(default=dict)
    # a person chose to ship although asked to cancel
    ship_despite_cancel = models.BooleanField(default=False)
    # its label was given back after TikTok was told: it gets another one, though TikTok calls it
    # shipped
    relabel = models.BooleanField(default=False)
    # a person's parcel for this order: weight_g, length_mm, ...
    parcel = models.JSONField(default=dict)
    # How it is spread over several parcels: orders/parts.py has the shape; [] is one parcel
    parts = models.JSONField(default=list)
    part = models.PositiveSmallIntegerField(default=0)  # whose turn it is; 0: there is one parcel
    split_version = models.PositiveSmallIntegerField(default=0)  # a label is for one partition
    # Written by shipping, through orders.actions
    # "", part (some of its parcels have one), buying, bought, unknown
    label_state = models.CharField(max_length=10, default="")
    label_carrier = models.CharField(max_length=40, blank=True)
    label_tracking = models.CharField(max_length=120, blank=True)
    # The newest plan, written by shipping through orders.plan_notes: what we would buy, so that
    # lists need no quotes
    # why no rate could be chosen; blocker no_rate
    rate_problem = models.CharField(max_length=300, blank=True)
    plan_name = models.CharField(max_length=120, blank=True)  # "UPS Ground Saver"
    plan_price = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    plan_currency = models.CharField(max_length=3, blank=True)
    plan_why = models.CharField(max_length=500, blank=True)
    plan_parcel = models.JSONField(default=dict)  # weight_g, length_mm, width_mm, height_mm, source
    plan_until = models.DateTimeField(null=True)
    # Written by shipping, through orders.rule_notes: what automation rules gave it and why, and what a
    # person's preset did, which wins. Shapes: shipping/wishes.py
    ruled = models.JSONField(default=dict)
    ruled_by = models.PositiveIntegerField(default=0)  # number of the rule set that was applied
    ruled_at = models.DateTimeField(null=True)  # updated_at of the copy it was applied to
    wish = models.JSONField(default=dict)
    # Derived by orders.readiness; never written by hand
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.CLOSED)
    blocker = models.CharField(max_length=40, blank=True)  # key of orders.blockers
    # the queue sorts by it: scan_by, else ship_by
    due_at = models.DateTimeField(default=NO_DEADLINE)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "tiktok_id"], name="order_once_per_shop")
        ]
        indexes = [
            models.Index(fields=["workspace", "stage", "due_at", "id"], name="order_queue"),
            models.Index(fields=["workspace", "due_at", "id"], name="order_all"),
            models.Index(fields=["workspace", "tiktok_id"], name="order_number"),
            models.Index(fields=["shop", "updated_at"], name="order_shop_updated"),
            models.Index(
                fields=["workspace", "held_until"],
                condition=models.Q(held_until__isnull=False),
                name="order_hold_ends",
            ),
            models.Index(
                fields=["updated_at"],
                condition=models.Q(erased_at=None, stage__in=["shipped", "closed"]),
                name="order_to_erase",
            ),
            models.Index(
                fields=["workspace", "id"],
                condition=models.Q(status="AWAITING_COLLECTION"),
                name="order_awaits_scan",
            ),
            # Filters that find few of many: each index holds only those few
            models.Index(
                fields=["workspace", "due_at", "id"],
                condition=models.Q(stage__in=["ready", "bought"]),
                name="order_late",
            ),
            models.Index(
                fields=["workspace", "blocker", "due_at", "id"],
                condition=~models.Q(blocker=""),
                name="order_blocked",
            ),
            models.Index(
                fields=["workspace", "due_at", "id"],
                condition=models.Q(is_sample=True),
                name="order_samples",
            ),
            models.Index(
                fields=["workspace", "due_at", "id"],
                condition=~models.Q(tags=[]),
                name="order_tagged",
            ),
            # Labels that are no longer wanted, or carry an address that changed
            models.Index(
                fields=["workspace", "id"],
                condition=models.Q(
                    label_state__in=["bought", "part"], status__in=["CANCELLED", "CANCEL"]
                ),
                name="order_cancelled_labelled",
            ),
            models.Index(
                fields=["workspace", "id"],
                condition=models.Q(
                    label_state__in=["bought", "part"], lane="own", status__in=NOT_COLLECTED
                )
                & (models.Q(address_changed=True) | ~models.Q(fixed_recipient={})),
                name="order_readdressed",
            ),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="order_search"),
            GinIndex(fields=["sku_ids"], name="order_skus"),
        ]

    def __str__(self) -> str:
        return f"order {self.tiktok_id}"

    @property
    def address(self) -> dict[str, str]:
        """The address a label would carry: a person's correction before TikTok's."""
        address: dict[str, str] = self.fixed_recipient or self.recipient
        return address


class Line(models.Model):
    """One unit of an order: TikTok has no quantity, so equal SKUs are grouped for people only."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="lines")
    tiktok_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=40)
    product_id = models.CharField(max_length=40)
    seller_sku = models.CharField(max_length=120, blank=True)
    product_name = models.CharField(max_length=500)
    sku_name = models.CharField(max_length=300, blank=True)
    image_url = models.URLField(max_length=1000, blank=True)
    status = models.CharField(max_length=40, blank=True)
    package_id = models.CharField(max_length=40, blank=True)
    package_status = models.CharField(max_length=30, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    sale_price = models.DecimalField(max_digits=14, decimal_places=2)
    original_price = models.DecimalField(max_digits=14, decimal_places=2)
    seller_discount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    platform_discount = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    cancel_reason = models.CharField(max_length=300, blank=True)
    cancelled_by = models.CharField(max_length=20, blank=True)
    is_gift = models.BooleanField(default=False)
    is_dangerous = models.BooleanField(default=False)
    sub_items = models.JSONField(default=list)  # parts of a virtual bundle

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "tiktok_id"], name="line_once")]
        indexes = [models.Index(fields=["sku_id", "order"], name="line_sku")]

    def __str__(self) -> str:
        return f"{self.seller_sku or self.product_name}"

    @property
    def bundled(self) -> tuple[str, ...]:
        """TikTok's ids of what is still wanted of a virtual bundle; () for any other line. A call
        that names such a line names these with it."""
        found = [part for part in self.sub_items if isinstance(part, dict) and part.get("id")]
        return tuple(str(one["id"]) for one in found if one.get("display_status") != "CANCELLED")


class OrderEvent(models.Model):
    """One entry of an order's timeline: what happened, who or what did it."""

    order = models.ForeignKey(Order, models.CASCADE, related_name="events")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=30)  # sync, hold, parcel, label, dispatch, note, address
    text = models.CharField(max_length=400)
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["order", "at"], name="order_timeline")]

    def __str__(self) -> str:
        return self.text
