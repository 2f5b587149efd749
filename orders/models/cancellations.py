"""What buyers asked TikTok to call off, and what the seller answered."""

import uuid

from django.db import models
from django.utils import timezone

from core.models import User, Workspace
from core.money import Money
from orders.models.orders import Order
from orders.states import ANSWER

# Who, or what, ended a request that had waited for an answer
ENDED = {
    "us": "answered here",
    "elsewhere": "answered on TikTok",
    "buyer": "the buyer no longer asks",
    "shipping": "refused by itself: the order was shipped",
    "time": "approved by itself: nobody answered in time",
}


class CancellationQuerySet(models.QuerySet["Cancellation"]):
    """Cancellations by workspace and by whether they wait."""

    def of(self, workspace: Workspace) -> "CancellationQuerySet":
        """The workspace's cancellations."""
        return self.filter(workspace=workspace)

    def waiting(self) -> "CancellationQuerySet":
        """Those that a seller still has to answer."""
        return self.filter(status="pending", kind="BUYER_CANCEL")


class Cancellation(models.Model):
    """One cancellation as TikTok told it last. `status` is pending, approved, done, closed (the
    order goes on) or "" for a word nobody documented."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="cancellations")
    order = models.ForeignKey(Order, models.CASCADE, related_name="cancellations")
    tiktok_id = models.CharField(max_length=40)
    kind = models.CharField(max_length=20)  # BUYER_CANCEL waits for an answer, CANCEL does not
    status = models.CharField(max_length=10, blank=True)
    word = models.CharField(max_length=60)  # TikTok's own
    role = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=120, blank=True)
    reason_text = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    answer_by = models.DateTimeField(null=True)
    # where the deadline comes from: TikTok's own word, or the dated rules
    answer_by_source = models.CharField(max_length=10, blank=True)
    refund = models.DecimalField(max_digits=14, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    line_ids = models.JSONField(default=list)
    ended_by = models.CharField(max_length=10, blank=True)  # a key of ENDED
    read_at = models.DateTimeField(default=timezone.now)

    objects = CancellationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "tiktok_id"], name="cancellation_once")
        ]
        indexes = [
            models.Index(
                fields=["workspace", "answer_by", "id"],
                condition=models.Q(status="pending", kind="BUYER_CANCEL"),
                name="cancellation_waiting",
            ),
            models.Index(fields=["workspace", "-updated_at", "-id"], name="cancellation_newest"),
        ]

    def __str__(self) -> str:
        return f"cancellation {self.tiktok_id}"

    @property
    def money(self) -> Money | None:
        """What the buyer gets back, where TikTok says it."""
        return Money(self.refund, self.currency) if self.refund is not None else None

    @property
    def ended_words(self) -> str:
        """How it ended; "" while it waits."""
        return ENDED.get(self.ended_by, "")

    @property
    def is_waiting(self) -> bool:
        """Whether a seller still has to answer it."""
        return self.status == "pending" and self.kind == "BUYER_CANCEL"

    @property
    def is_agreed(self) -> bool:
        """Whether the order is called off by it."""
        return self.status in ("approved", "done")


class CancellationAnswer(models.Model):
    """A seller's answer on its way to TikTok: intent, told, settled. Unknown is resolved by reading
    the request; the same key makes a repeated call the same call."""

    cancellation = models.ForeignKey(Cancellation, models.CASCADE, related_name="answers")
    state = models.CharField(max_length=10, choices=ANSWER.choices, default="due")
    decision = models.CharField(max_length=10)  # approve, reject
    reason = models.CharField(max_length=120, blank=True)  # TikTok's name of it, for a refusal
    reason_text = models.CharField(max_length=300, blank=True)
    comment = models.CharField(max_length=300, blank=True)
    key = models.UUIDField(default=uuid.uuid4, editable=False)
    actor = models.ForeignKey(User, models.SET_NULL, null=True)
    trouble = models.CharField(max_length=400, blank=True)  # a sentence for a person
    code = models.CharField(max_length=20, blank=True)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)  # when the call left us
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cancellation"],
                condition=~models.Q(state="refused"),
                name="answer_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["due", "asking", "unknown"]),
                name="answer_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision} of {self.cancellation_id}"
