"""What a workspace allows itself to spend on labels, what parcels usually cost it, and purchases
that wait for a second person."""

import uuid
from decimal import Decimal

from django.db import models
from django.utils import timezone

from core.models import Batch, User, Workspace
from core.money import Money
from core.states import StateTable

# "asked" ends by a second person's word, by the asker's own second thought, or by time.
APPROVAL = StateTable(
    {
        "asked": {"approved", "refused", "withdrawn", "expired"},
        "approved": set(),
        "refused": set(),
        "withdrawn": set(),
        "expired": set(),
    }
)


class SpendLimits(models.Model):
    """A workspace's limits in one currency; null: no such limit. A row that is not there means the
    defaults."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="spend_limits")
    currency = models.CharField(max_length=3, default="USD")
    daily_cap = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    label_ceiling = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    # Percent above what such parcels usually cost: of one order, and of a batch as a whole
    jump_percent = models.PositiveSmallIntegerField(null=True, default=200)
    batch_jump_percent = models.PositiveSmallIntegerField(null=True, default=50)
    # A person let unusual prices pass until then
    jump_allowed_until = models.DateTimeField(null=True)
    approve_above = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    approval_hours = models.PositiveSmallIntegerField(default=4)
    changed_by = models.ForeignKey(User, models.SET_NULL, null=True)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "currency"], name="spend_limits_once")
        ]

    def __str__(self) -> str:
        return f"{self.currency} limits of {self.workspace_id}"

    @property
    def cap(self) -> Money | None:
        """The daily cap."""
        return self._money(self.daily_cap)

    @property
    def ceiling(self) -> Money | None:
        """The most for one label."""
        return self._money(self.label_ceiling)

    @property
    def alone(self) -> Money | None:
        """What one person may spend in a batch."""
        return self._money(self.approve_above)

    def _money(self, amount: Decimal | None) -> Money | None:
        return None if amount is None else Money(amount, self.currency)


class UsualPrice(models.Model):
    """What parcels of one kind cost the workspace lately: derived from its labels, and replaced as a
    whole. "*" stands for any service, or any area."""

    workspace = models.ForeignKey(Workspace, models.CASCADE)
    currency = models.CharField(max_length=3)
    service = models.CharField(max_length=180)
    kind = models.PositiveSmallIntegerField()  # shipping.spend.usual.kind_of
    area = models.CharField(max_length=8)
    median = models.DecimalField(max_digits=12, decimal_places=2)
    count = models.PositiveIntegerField()
    refreshed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "currency", "kind", "area", "service"],
                name="usual_price_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.service} {self.kind} {self.area}: {self.median} {self.currency}"


class SpendApproval(models.Model):
    """A purchase above the limit of one person: what was asked for, to the cent, and who decided."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE)
    state = models.CharField(max_length=10, choices=APPROVAL.choices, default="asked")
    once = models.CharField(max_length=40)  # the sheet's own name: asked twice, it is one question
    prices = models.JSONField()  # shipping.ceilings.to_json of what the sheet showed
    label_format = models.CharField(max_length=4, default="PDF")  # as the sheet asked for them
    count = models.PositiveIntegerField()
    total = models.DecimalField(max_digits=12, decimal_places=2)
    currency = models.CharField(max_length=3)
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="asked_approvals")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="decided_approvals"
    )
    decided_at = models.DateTimeField(null=True)
    batch = models.OneToOneField(Batch, models.SET_NULL, null=True, related_name="approval")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "once"], name="approval_asked_once")
        ]
        indexes = [models.Index(fields=["workspace", "-asked_at"], name="approval_newest")]

    def __str__(self) -> str:
        return f"{self.count} labels for {self.total} {self.currency}, {self.state}"
