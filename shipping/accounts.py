"""Label accounts: adding a key (tested on save), and a ready provider for an account."""

import os
from datetime import datetime
from functools import cache

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, notifications
from core.errors import NotAuthorized
from core.models import User, Workspace
from shipping.models import ACCOUNT, LabelAccount
from shipping.providers.base import AccountCheck, Provider
from shipping.providers.registry import make_provider
from shops import clients
from shops.models import Shop

# Providers a person can add with a key, in the order they are tried and shown.
KEYED = {"shippo": "Shippo", "easypost": "EasyPost"}
NAMES = KEYED | {"tiktok": "TikTok Shipping"}


class BadKey(Exception):
    """The provider does not accept the key; the message is for the person who typed it."""


def provider_for(account: LabelAccount) -> Provider:
    """The account's provider, ready to be asked; kept per process, since connections are worth keeping."""
    if account.provider == "tiktok":
        assert account.shop is not None
        return make_provider("tiktok", client=clients.tiktok_client(account.shop), http=clients.http_client())
    return _keyed(os.getpid(), account.provider, account.key, _base_url(account.provider))


@cache
def _keyed(process_id: int, slug: str, key: str, base_url: str) -> Provider:
    return make_provider(slug, key=key, base_url=base_url, http=clients.http_client())


def _base_url(slug: str) -> str:
    return {"shippo": settings.SHIPPO_BASE_URL, "easypost": settings.EASYPOST_BASE_URL}[slug]


def test_key(slug: str, key: str) -> AccountCheck:
    """Ask the provider whether it knows the key. BadKey when not, other RemoteErrors as they come."""
    if slug not in KEYED:
        raise BadKey("This provider is not known.")
    if not key or not key.isascii() or len(key) > 300 or any(c.isspace() for c in key):
        raise BadKey("A key has no spaces and only plain characters. Copy it again.")
    provider = make_provider(slug, key=key, base_url=_base_url(slug), http=clients.http_client())
    try:
        return provider.check()
    except NotAuthorized as error:
        raise BadKey(f"{KEYED[slug]} does not accept this key. {error.message}") from error


def add(
    workspace: Workspace, provider: str, key: str, *, name: str = "", user: User | None
) -> LabelAccount:
    """A tested account. BadKey when the provider refuses the key; nothing is saved then."""
    check = test_key(provider, key)
    account = LabelAccount(
        workspace=workspace, provider=provider, name=name or NAMES[provider], checked_at=timezone.now()
    )
    _note_check(account, check)
    account.hold_key(key)
    with transaction.atomic():
        account.save()
        audit.record(
            workspace,
            "account.added",
            f"account:{account.pk}",
            f"{account.name} added with a {check.mode} key ending in {account.key_hint}",
            actor=user,
        )
    return account


def replace_key(account: LabelAccount, key: str, *, user: User | None) -> None:
    """Put a new, tested key in; a paused account works again."""
    check = test_key(account.provider, key)
    account.hold_key(key)
    _note_check(account, check)
    with transaction.atomic():
        account.save(update_fields=["key_sealed", "key_hint", "mode", "carriers", "checked_at"])
        _resume(account)
        audit.record(
            account.workspace,
            "account.key_replaced",
            f"account:{account.pk}",
            f"{account.name} has a new {check.mode} key ending in {account.key_hint}",
            actor=user,
        )


def recheck(account: LabelAccount, *, now: datetime) -> AccountCheck:
    """Test the stored key again; a paused account whose key works is active again."""
    check = provider_for(account).check()
    _note_check(account, check)
    account.checked_at = now
    account.save(update_fields=["mode", "carriers", "checked_at"])
    _resume(account)
    return check


def pause(account: LabelAccount, reason: str) -> None:
    """The provider refused the key: nothing is asked of this account until a person puts it right. Told once."""
    paused = LabelAccount.objects.filter(pk=account.pk, state="active")
    with transaction.atomic():
        if not paused.exists():
            return
        ACCOUNT.move(account, "paused", paused_because=reason[:300])
        notifications.notify(
            account.workspace,
            f"account:{account.pk}:paused",
            f"{account.name} stopped accepting its key: {reason}",
            level="bad",
            mail=True,
        )


def remove(account: LabelAccount, *, user: User | None) -> None:
    """Take the account out of use and forget its key; its labels and their ledger stay."""
    with transaction.atomic():
        ACCOUNT.move(account, "removed", key_sealed="")
        audit.record(
            account.workspace,
            "account.removed",
            f"account:{account.pk}",
            f"{account.name} removed",
            actor=user,
        )


def ensure_tiktok_accounts(workspace: Workspace) -> None:
    """Every connected shop can buy TikTok's own labels: one keyless account per shop."""
    missing = Shop.objects.of(workspace).filter(disconnected_at=None).exclude(
        labelaccount__provider="tiktok", labelaccount__state__in=["active", "paused"]
    )
    LabelAccount.objects.bulk_create(
        [
            LabelAccount(
                workspace=workspace,
                provider="tiktok",
                shop=shop,
                name=f"TikTok Shipping · {shop.name}"[:80],
                mode="live",
            )
            for shop in missing
        ],
        ignore_conflicts=True,
    )


def _note_check(account: LabelAccount, check: AccountCheck) -> None:
    account.mode = check.mode
    account.carriers = list(check.carriers)


def _resume(account: LabelAccount) -> None:
    if account.state == "paused":
        ACCOUNT.move(account, "active", paused_because="")
        notifications.settle(account.workspace, f"account:{account.pk}:paused")
