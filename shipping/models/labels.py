"""Labels: what was chosen, what was paid, where the file is. The ledger is append-only."""

import uuid

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils import timezone

from core.models import Workspace
from core.money import Money
from orders import parts
from orders.models import Order
from shipping.labels.states import LABEL
from shipping.models.accounts import LabelAccount


class QuoteSet(models.Model):
    """All rates offered for one order at one moment, the choice, and why: kept, so that it can be replayed."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    order = models.ForeignKey(Order, models.CASCADE, related_name="quote_sets")
    part = models.PositiveSmallIntegerField(default=0)  # of an order in several parcels
    at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    # the ShipmentSpec that was quoted; equal spec and not expired: reusable
    spec = models.JSONField()
    spec_hash = models.CharField(max_length=64)
    # [{account, provider, carrier, service, price, currency, days, ref, struck: {...}|None}]
    rates = models.JSONField()
    # [{account, name, message}]: accounts that did not answer
    failures = models.JSONField(default=list)
    chosen = models.SmallIntegerField(null=True)  # index into rates; null: nothing could be chosen
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # of the chosen rate
    currency = models.CharField(max_length=3, blank=True)
    reason = models.JSONField(
        default=dict
    )  # {sentence, runner_up, difference, struck, deadline, policy}

    class Meta:
        indexes = [models.Index(fields=["order", "-at"], name="quotes_newest")]

    def __str__(self) -> str:
        return f"quotes for {self.order_id}"


class LabelQuerySet(models.QuerySet["Label"]):
    """Labels by who may see them."""

    def of(self, workspace: Workspace) -> "LabelQuerySet":
        """The workspace's labels."""
        return self.filter(workspace=workspace)

    def live(self) -> "LabelQuerySet":
        """Labels that are, or may be, paid and in use: their orders get no second one."""
        return self.filter(state__in=["buying", "unknown", "bought", "voiding"])

    def in_turn(self) -> "LabelQuerySet":
        """Labels of the parcel whose turn it is: of the only one, for most orders."""
        return self.filter(part=models.F("order__part"))


class Label(models.Model):
    """One purchase of one label for one parcel. Bought at most once; a paid one is never lost."""

    workspace = models.ForeignKey(Workspace, models.PROTECT)
    order = models.ForeignKey(Order, models.PROTECT, related_name="labels")
    part = models.PositiveSmallIntegerField(default=0)  # of an order in several parcels
    split_version = models.PositiveSmallIntegerField(default=0)  # the order's, as it was chosen
    account = models.ForeignKey(LabelAccount, models.PROTECT, related_name="labels")
    quote_set = models.ForeignKey(QuoteSet, models.PROTECT, related_name="labels")
    batch = models.ForeignKey("core.Batch", models.SET_NULL, null=True, related_name="labels")
    # our name for it at the provider
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    state = models.CharField(max_length=10, choices=LABEL.choices, default="ready")
    # What was chosen: a rate of the quote set, copied so that it stands alone
    provider = models.CharField(max_length=20)
    carrier = models.CharField(max_length=40)
    service = models.CharField(max_length=80)
    service_name = models.CharField(max_length=120)
    price = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    delivery_days = models.PositiveSmallIntegerField(null=True)
    provider_ref = models.JSONField(default=dict)
    spec = models.JSONField()
    # How it went
    intent_at = models.DateTimeField(null=True)  # money may have moved from here on
    # Which of the account's purchases at a time it is while buying; null: it was, and takes up none
    place = models.PositiveSmallIntegerField(null=True)
    settled_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=400, blank=True)  # why refused or unknown, for a person
    code = models.CharField(max_length=60, blank=True)
    # When unknown, or asked back: ask the provider again
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    void_at = models.DateTimeField(null=True)  # when its money was first asked back
    # Unknown for too long, or at a provider that cannot be asked: only a person can settle it
    needs_person_since = models.DateTimeField(null=True)
    # What we got
    provider_label_id = models.CharField(max_length=120, blank=True)
    tracking_number = models.CharField(max_length=120, blank=True)
    cost = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    label_url = models.TextField(blank=True)
    label_format = models.CharField(max_length=4, default="PDF")
    # core.files; empty: document still to be fetched
    file_key = models.CharField(max_length=80, blank=True)
    file_pages = models.PositiveSmallIntegerField(null=True)
    document_due_at = models.DateTimeField(null=True)
    document_attempts = models.PositiveSmallIntegerField(default=0)
    document_error = models.CharField(max_length=300, blank=True)  # a sentence for a person
    # own label whose number orders.dispatch has not got yet
    tell_due_at = models.DateTimeField(null=True)
    extra = models.JSONField(default=dict)
    # the file of its batch it was merged into
    print_file = models.ForeignKey("PrintFile", models.SET_NULL, null=True, related_name="labels")
    printed_at = models.DateTimeField(null=True)
    # Where the parcel is, as the provider told last: a key of shipping.tracking.normalize.WORDS
    tracking_status = models.CharField(max_length=24, blank=True)
    tracking_at = models.DateTimeField(null=True)  # the scan that says so
    first_scan_at = models.DateTimeField(null=True)  # the carrier's first, not the label's making
    delivered_at = models.DateTimeField(null=True)
    # When its provider is asked where it is; null: its journey is over. Webhooks put it off.
    next_poll_at = models.DateTimeField(null=True, default=timezone.now)
    poll_failures = models.PositiveSmallIntegerField(default=0)
    tracker_ref = models.CharField(max_length=120, blank=True)  # the provider's name for it
    # A person dealt with what was wrong with it; news from the carrier bring it back
    handled_at = models.DateTimeField(null=True)
    handled_note = models.CharField(max_length=300, blank=True)
    handed_over_at = models.DateTimeField(null=True)  # scanned at the door, on its way out
    # The SCAN form or manifest it is on: its carrier cancels it no more, it can only be refunded
    manifest = models.ForeignKey("Manifest", models.SET_NULL, null=True, related_name="labels")

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = [
            # The database itself refuses a second live label for a parcel. A label whose return
            # the provider accepted ("refunding") is none: it never comes back into use.
            models.UniqueConstraint(
                fields=["order", "part"],
                condition=models.Q(state__in=["ready", "buying", "unknown", "bought", "voiding"]),
                name="one_live_label_per_parcel",
            ),
            # … and more purchases at a time than an account allows
            models.UniqueConstraint(
                fields=["account", "place"],
                condition=models.Q(state="buying"),
                name="one_purchase_per_place",
            ),
            models.UniqueConstraint(
                fields=["provider", "account", "provider_label_id"],
                condition=~models.Q(provider_label_id=""),
                name="provider_label_once",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "state"], name="label_in_flight"),
            models.Index(
                fields=["tracking_number"],
                condition=~models.Q(tracking_number=""),
                name="label_tracking",
            ),
            models.Index(fields=["workspace", "state", "-settled_at"], name="label_newest"),
            models.Index(
                fields=["document_due_at"],
                condition=models.Q(document_due_at__isnull=False),
                name="label_document_due",
            ),
            models.Index(
                fields=["tell_due_at"],
                condition=models.Q(tell_due_at__isnull=False),
                name="label_tell_due",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["buying", "unknown"]),
                name="label_unsettled",
            ),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["voiding", "refunding"]),
                name="label_credit_due",
            ),
            models.Index(
                fields=["order"],
                condition=models.Q(part__gt=0, state="bought", first_scan_at=None),
                name="label_of_a_parcel",
            ),
            BrinIndex(fields=["settled_at"], name="label_settled_lately"),
            models.Index(
                fields=["next_poll_at"],
                condition=models.Q(state="bought", next_poll_at__isnull=False),
                name="label_poll_due",
            ),
            # The lists of the tracking page, each in its order
            models.Index(
                fields=["workspace", "settled_at", "id"],
                condition=models.Q(state="bought", first_scan_at=None, handled_at=None),
                name="label_unscanned",
            ),
            models.Index(
                fields=["workspace", "tracking_status", "tracking_at", "id"],
                condition=models.Q(state="bought"),
                name="label_underway",
            ),
            models.Index(
                fields=["workspace", "handled_at", "id"],
                condition=models.Q(handled_at__isnull=False),
                name="label_handled",
            ),
        ]

    def __str__(self) -> str:
        return f"label {self.pk} for order {self.order_id}"

    @property
    def money(self) -> Money:
        """What it cost, or will cost by its quote."""
        return Money(self.price if self.cost is None else self.cost, self.currency)

    @property
    def parcel_name(self) -> str:
        """ "parcel 1 of 2"; "" where its order travels in one, or was divided anew since."""
        is_one = self.part and self.split_version == self.order.split_version
        return parts.name(self.part, self.order.parts) if is_one else ""


class LedgerQuerySet(models.QuerySet["LedgerEntry"]):
    """Entries by workspace; they are only ever added."""

    def of(self, workspace: Workspace) -> "LedgerQuerySet":
        """The workspace's entries."""
        return self.filter(workspace=workspace)

    def update(self, **kwargs: object) -> int:
        """Refused."""
        raise TypeError("a ledger entry is never changed")

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("a ledger entry is never deleted")


class LedgerEntry(models.Model):
    """One movement of money at a provider as we know it. Append-only: corrections are entries of their own."""

    workspace = models.ForeignKey(Workspace, models.PROTECT)
    label = models.ForeignKey(Label, models.PROTECT, related_name="ledger")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20)  # charge, refund, adjustment
    amount = models.DecimalField(max_digits=12, decimal_places=2)  # positive: we paid
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20)
    reference = models.CharField(max_length=120)  # provider's id of the movement
    note = models.CharField(max_length=200, blank=True)

    objects = LedgerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["label", "kind", "reference"], name="movement_once")
        ]
        indexes = [models.Index(fields=["workspace", "-at"], name="ledger_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"

    def save(self, *args: object, **kwargs: object) -> None:
        """Insert only."""
        if self.pk is not None:
            raise TypeError("a ledger entry is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: object, **kwargs: object) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("a ledger entry is never deleted")


class PrintFile(models.Model):
    """Many labels as one PDF, in pick order."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    batch = models.ForeignKey("core.Batch", models.CASCADE, related_name="print_files")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, default="labels")  # labels, zpl, picklist, slips
    file_key = models.CharField(max_length=80)
    label_count = models.PositiveIntegerField()
    page_count = models.PositiveIntegerField()
    left_out = models.JSONField(
        default=list
    )  # [{label, order, reason}]: damaged files are named, not merged
    created_at = models.DateTimeField(default=timezone.now)
    printed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "kind", "number"], name="print_file_once")
        ]

    def __str__(self) -> str:
        return f"print file {self.number} of {self.batch_id}"
