"""Accounts at label providers; their keys are sealed."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils import timezone

from core import vault
from core.models import Workspace
from core.states import StateTable

# "paused": the provider refused the key, a person has to put it right
ACCOUNT = StateTable(
    {"active": {"paused", "removed"}, "paused": {"active", "removed"}, "removed": set()}
)


class LabelAccountQuerySet(models.QuerySet["LabelAccount"]):
    """Accounts by who may use them."""

    def of(self, workspace: Workspace) -> "LabelAccountQuerySet":
        """The workspace's accounts that were not removed."""
        return self.filter(workspace=workspace).exclude(state="removed")


class LabelAccount(models.Model):
    """A workspace's credentials at one label provider. TikTok's own services need none: their account is the shop."""

    # Sealed column -> whom it is sealed for; read by manage.py rotate_secrets
    SEALED: ClassVar[dict[str, str]] = {"key_sealed": "shipping.labelaccount:{pk}:key"}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="label_accounts")
    provider = models.CharField(
        max_length=20
    )  # slug of shipping.providers.registry; "tiktok" for a shop's own
    shop = models.ForeignKey(
        "shops.Shop", models.CASCADE, null=True, blank=True
    )  # provider tiktok only
    name = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=ACCOUNT.choices, default="active")
    paused_because = models.CharField(max_length=300, blank=True)
    key_sealed = models.TextField(blank=True)
    key_hint = models.CharField(
        max_length=12, blank=True
    )  # last four characters, to tell keys apart
    mode = models.CharField(max_length=4, blank=True)  # live or test
    carriers = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = LabelAccountQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shop"],
                condition=models.Q(provider="tiktok") & ~models.Q(state="removed"),
                name="tiktok_account_once_per_shop",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def hold_key(self, key: str) -> None:
        """Put the key into this row, sealed, with a hint to recognise it by; the caller saves."""
        self.key_sealed = vault.seal(key, owner=self._owner())
        self.key_hint = key[-4:]

    @property
    def key(self) -> str:
        """The key in clear. VaultError when the row was tampered with."""
        return vault.unseal(self.key_sealed, owner=self._owner())

    def _owner(self) -> str:
        return self.SEALED["key_sealed"].format(pk=self.pk)
