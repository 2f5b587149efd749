"""What became of every label that was given back, or should have been."""

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.money import Money
from shipping.models.labels import Label

# Why a label was given back
WHY = {
    "person": "given back by a person",
    "cancelled": "its order was cancelled",
    "address": "the address changed",
    "unused": "it was never handed over",
}
# Why the label of a cancelled order was not given back by itself
LEFT = {
    "off": "Labels of cancelled orders are not given back by themselves here.",
    "scanned": "A carrier has scanned it: it is on its way, or was.",
    "window": "Its provider takes it back no more: the time for that is over.",
    "unsupported": "TikTok sold it: its money comes back when TikTok cancels the package.",
}


class MoneyBackQuerySet(models.QuerySet["MoneyBack"]):
    """Money due back by workspace and by what became of it."""

    def of(self, workspace: Workspace) -> "MoneyBackQuerySet":
        """The workspace's."""
        return self.filter(workspace=workspace)

    def pending(self) -> "MoneyBackQuerySet":
        """Asked for, and not decided."""
        return self.filter(outcome="pending")


class MoneyBack(models.Model):
    """One label's way back: asked, expected, and how it ended. `outcome` is pending, credited,
    refused, in_use (not taken back: the label counts again) or left (nobody asked)."""

    workspace = models.ForeignKey(Workspace, models.PROTECT)
    label = models.OneToOneField(Label, models.PROTECT, related_name="money_back")
    why = models.CharField(max_length=10, default="person")
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    asked_at = models.DateTimeField(default=timezone.now)
    window_until = models.DateTimeField(null=True)  # asked later than this, providers refuse
    expected_at = models.DateTimeField(null=True)  # when the dated rules say that it has come
    charged = models.DecimalField(max_digits=12, decimal_places=2)  # what was paid, by the ledger
    credited = models.DecimalField(max_digits=12, decimal_places=2, null=True)  # may differ
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, default="pending")
    left_because = models.CharField(max_length=12, blank=True)  # a key of LEFT
    note = models.CharField(max_length=400, blank=True)  # the provider's words, or a person's
    retry_at = models.DateTimeField(null=True)  # the provider could not be asked: again then
    tries = models.PositiveSmallIntegerField(default=0)
    settled_at = models.DateTimeField(null=True)

    objects = MoneyBackQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "outcome", "expected_at"], name="money_back_due"),
            models.Index(fields=["workspace", "-asked_at", "-id"], name="money_back_newest"),
        ]

    def __str__(self) -> str:
        return f"money back for label {self.label_id}"

    @property
    def money(self) -> Money:
        """What was paid."""
        return Money(self.charged, self.currency)

    @property
    def came(self) -> Money | None:
        """What came back; None while nothing has."""
        return None if self.credited is None else Money(self.credited, self.currency)

    @property
    def why_words(self) -> str:
        """Why it was given back."""
        return WHY.get(self.why, self.why)

    @property
    def left_words(self) -> str:
        """Why nobody asked; "" where somebody did."""
        return LEFT.get(self.left_because, "")

    @property
    def is_overdue(self) -> bool:
        """Whether it should have come by now."""
        due = self.outcome == "pending" and self.expected_at is not None
        return due and self.expected_at < timezone.now()  # type: ignore[operator]


class VoidSetting(models.Model):
    """A workspace's own choice about labels of cancelled orders; without one they are given
    back."""

    workspace = models.OneToOneField(Workspace, models.CASCADE, related_name="void_setting")
    when_cancelled = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"voiding in {self.workspace}"
