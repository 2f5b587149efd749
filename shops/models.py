"""Whose shop it is and how to talk to it."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from core import vault
from core.models import Workspace
from core.states import StateTable

AUTHORIZATION = StateTable({"active": {"lost"}, "lost": {"active"}})
# "failed": TikTok refused it, or could not be asked; "active": it said so itself when last asked
SUBSCRIPTION = StateTable(
    {"wanted": {"active", "failed"}, "active": {"failed"}, "failed": {"active"}}
)


class Authorization(models.Model):
    """A seller's permission for our app: one pair of tokens, for one or several shops."""

    # Sealed column -> whom it is sealed for; read by manage.py rotate_secrets
    SEALED: ClassVar[dict[str, str]] = {
        "access_token_sealed": "shops.authorization:{pk}:access",
        "refresh_token_sealed": "shops.authorization:{pk}:refresh",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="authorizations")
    state = models.CharField(max_length=10, choices=AUTHORIZATION.choices, default="active")
    lost_because = models.CharField(max_length=300, blank=True)
    open_id = models.CharField(max_length=80)
    seller_name = models.CharField(max_length=200)
    region = models.CharField(max_length=8)
    scopes = models.JSONField(default=list, null=True)  # null: TikTok did not say
    # Secrets: sealed for this row and column, both replaced in one transaction
    access_token_sealed = models.TextField()
    refresh_token_sealed = models.TextField()
    access_expires_at = models.DateTimeField()
    refresh_expires_at = models.DateTimeField(null=True)  # null: TikTok named no end
    refreshed_at = models.DateTimeField(default=timezone.now)
    # When the tokens are exchanged next: ahead of their end, or again after a failure
    next_refresh_at = models.DateTimeField(null=True)  # null: not planned yet
    refresh_failures = models.PositiveSmallIntegerField(default=0)  # in a row
    refresh_error = models.CharField(max_length=300, blank=True)
    refresh_failing_since = models.DateTimeField(null=True)
    # Hours that were left when people were last told that refreshing fails
    refresh_alarm = models.PositiveSmallIntegerField(null=True)
    # The end that TikTok announced by a webhook; a new connection forgets it
    ends_at = models.DateTimeField(null=True)
    end_told = models.PositiveSmallIntegerField(null=True)  # days before the end, told last
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "open_id"], name="seller_once_in_workspace"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seller_name} ({self.state})"

    def hold_tokens(
        self, *, access: str, access_until: datetime, refresh: str, refresh_until: datetime | None
    ) -> None:
        """Put both tokens into this row, sealed; the caller saves them in one transaction."""
        self.access_token_sealed = vault.seal(access, owner=self._owner("access_token_sealed"))
        self.refresh_token_sealed = vault.seal(refresh, owner=self._owner("refresh_token_sealed"))
        self.access_expires_at = access_until
        self.refresh_expires_at = refresh_until

    @property
    def end(self) -> datetime | None:
        """When a person has to give the permission again; None where TikTok named no end."""
        known = [at for at in (self.ends_at, self.refresh_expires_at) if at is not None]
        return min(known, default=None)

    @property
    def access_token(self) -> str:
        """The access token in clear. VaultError when the row was tampered with."""
        return vault.unseal(self.access_token_sealed, owner=self._owner("access_token_sealed"))

    @property
    def refresh_token(self) -> str:
        """The refresh token in clear. VaultError when the row was tampered with."""
        return vault.unseal(self.refresh_token_sealed, owner=self._owner("refresh_token_sealed"))

    def _owner(self, column: str) -> str:
        return self.SEALED[column].format(pk=self.pk)


class ConnectAttempt(models.Model):
    """A one-time `state` handed to TikTok's authorize page; it comes back once, to the same person,
    within the hour."""

    state = models.CharField(max_length=64, primary_key=True)
    workspace = models.ForeignKey(Workspace, models.CASCADE)
    user_id = models.BigIntegerField()
    region = models.CharField(max_length=8)
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"attempt of {self.created_at:%Y-%m-%d %H:%M}"


class ShopQuerySet(models.QuerySet["Shop"]):
    """Shops by who may see them."""

    def of(self, workspace: Workspace) -> "ShopQuerySet":
        """The workspace's own shops, also disconnected ones."""
        return self.filter(workspace=workspace)

    def connected(self) -> "ShopQuerySet":
        """Shops that can be called now."""
        return self.filter(disconnected_at=None, authorization__state="active")


class Shop(models.Model):
    """One TikTok Shop with its cipher. A shop is connected to at most one workspace at a time."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="shops")
    authorization = models.ForeignKey(
        Authorization, models.SET_NULL, null=True, related_name="shops"
    )
    # TikTok's facts
    tiktok_id = models.CharField(max_length=40)
    cipher = models.CharField(max_length=200)
    code = models.CharField(max_length=60, blank=True)
    name = models.CharField(max_length=200)
    region = models.CharField(max_length=8)
    seller_type = models.CharField(max_length=20, blank=True)
    # Ours
    connected_at = models.DateTimeField(default=timezone.now)
    disconnected_at = models.DateTimeField(null=True)

    objects = ShopQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "tiktok_id"], name="shop_once_in_workspace"
            ),
            models.UniqueConstraint(
                fields=["tiktok_id"],
                condition=models.Q(disconnected_at=None),
                name="shop_connected_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Warehouse(models.Model):
    """A warehouse of a shop as TikTok knows it."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="warehouses")
    tiktok_id = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=30)  # SALES_WAREHOUSE, RETURN_WAREHOUSE
    effect_status = models.CharField(max_length=20)
    is_default = models.BooleanField(default=False)
    address = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "tiktok_id"], name="warehouse_once_per_shop")
        ]

    def __str__(self) -> str:
        return self.name


class DeliveryProviders(models.Model):
    """TikTok's list of carriers for one delivery option of a shop, kept for a day."""

    shop = models.ForeignKey(Shop, models.CASCADE)
    delivery_option_id = models.CharField(max_length=40)
    providers = models.JSONField(default=list)  # [{"id": "...", "name": "..."}]
    fetched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "delivery_option_id"], name="providers_once")
        ]

    def __str__(self) -> str:
        return f"carriers of option {self.delivery_option_id}"


# Of calls in the journal: those that were not answered, or answered no; TikTok says no with 200.
FAILED = models.Q(status=None) | models.Q(status__gte=400) | models.Q(refused=True)


class ApiCall(models.Model):
    """One exchange with a third party, for support: never a secret, never a person."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, null=True)
    at = models.DateTimeField(default=timezone.now)
    provider = models.CharField(max_length=20)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300)
    status = models.PositiveSmallIntegerField(null=True)
    milliseconds = models.PositiveIntegerField()
    error = models.CharField(max_length=60, blank=True)
    request_id = models.CharField(max_length=80, blank=True)  # what the provider's support asks for
    subject = models.CharField(max_length=40, blank=True)  # TikTok's order number, when known
    refused = models.BooleanField(default=False)  # answered 200 and no, as TikTok does
    # Of good reads one is kept for so many (shops.journal.EVERY); every other row is one call
    stands_for = models.PositiveSmallIntegerField(default=1, db_default=1)
    # Bodies of a call that failed, struck out and cut (core.redaction)
    asked = models.TextField(blank=True)
    answered = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "-at"], name="calls_newest"),
            models.Index(fields=["at"], name="calls_oldest"),
            models.Index(
                fields=["workspace", "subject", "at"],
                condition=~models.Q(subject=""),
                name="calls_of_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def failed(self) -> bool:
        """No answer, or one that says no; FAILED asks the same of the database."""
        return self.status is None or self.status >= 400 or self.refused


class WebhookSubscription(models.Model):
    """One kind of event that TikTok is to send us for a shop, and whether it says that it does."""

    shop = models.ForeignKey(Shop, models.CASCADE, related_name="subscriptions")
    event_type = models.CharField(max_length=60)  # TikTok's name: ORDER_STATUS_CHANGE
    address = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=SUBSCRIPTION.choices, default="wanted")
    checked_at = models.DateTimeField(null=True)  # null: TikTok was not asked yet
    error = models.CharField(max_length=300, blank=True)  # a sentence for a person

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shop", "event_type"], name="subscribed_once")
        ]

    def __str__(self) -> str:
        return self.event_type
