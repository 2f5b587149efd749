"""Label accounts: adding a key (tested on save), and a ready provider for an account."""

from datetime import datetime
from functools import lru_cache
from uuid import UUID

import httpx
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core import audit, notifications
from core.errors import NotAuthorized
from core.jobs import job
from core.models import User, Workspace
from core.vault import VaultError
from orders.calls import by_package
from shipping import gates, key_use
from shipping.models import ACCOUNT, LabelAccount
from shipping.providers.base import AccountCheck, Provider
from shipping.providers.registry import make_provider
from shops import clients, journal
from shops.models import Shop

# Providers a person can add with a key, in the order they are tried and shown.
KEYED = {"shippo": "Shippo", "easypost": "EasyPost"}
NAMES = KEYED | {"tiktok": "TikTok Shipping"}


class BadKey(Exception):
    """The provider does not accept the key; the message is for the person who typed it."""


class StillNeeded(Exception):
    """The account's key is needed for labels that are paid or may be; the message says which."""


def provider_for(account: LabelAccount) -> Provider:
    """The account's provider, ready to be asked. NotAuthorized when its shop is not connected,
    VaultError when the stored key cannot be read."""
    if account.provider == "tiktok":
        if account.shop is None:
            raise ValueError(f"{account} has no shop")
        return make_provider(
            "tiktok",
            clients.tiktok_client(account.shop),
            clients.http_client("tiktok"),
            base_url=settings.TIKTOK_SHOP_URL,
            sandbox=settings.TIKTOK_SHOP_ENVIRONMENT == "sandbox",
            files_gate=gates.files_gate("tiktok", "TikTok"),
            by_package=by_package(account.shop),
        )
    slug = account.provider
    return _keyed(clients.http_client(slug), slug, account.key, account.workspace_id, account.pk)


@lru_cache(maxsize=256)
def _keyed(
    client: httpx.Client, slug: str, key: str, workspace_id: int, account_id: UUID
) -> Provider:
    """Kept while the process's pooled client lives: connections are worth keeping."""
    name = NAMES[slug]
    return make_provider(
        slug,
        key,
        client,
        base_url=_base_url(slug),
        journal=journal.note(name, workspace_id),
        gate=gates.account_gate(account_id, slug, name, test=_is_test(slug, key)),
        files_gate=gates.files_gate(slug, name),
    )


def _is_test(slug: str, key: str) -> bool:
    return slug == "shippo" and key.startswith("shippo_test_")


def circuit_of(account: LabelAccount) -> str:
    """The key of the circuit the account's calls go over: a shop's own account has the shop's."""
    if account.provider == "tiktok":
        return clients.circuit_of(account.shop_id or 0)
    return gates.circuit_of(account.pk, account.provider)


def _base_url(slug: str) -> str:
    return {"shippo": settings.SHIPPO_BASE_URL, "easypost": settings.EASYPOST_BASE_URL}[slug]


def _tried(slug: str, key: str, workspace: Workspace) -> Provider:
    noted = journal.note(NAMES[slug], workspace.pk)
    client = clients.http_client(slug)
    return make_provider(slug, key, client, base_url=_base_url(slug), journal=noted)


def test_key(slug: str, key: str, workspace: Workspace) -> AccountCheck:
    """Ask the provider whether it knows the key. BadKey when not, other RemoteErrors as they
    come."""
    if slug not in KEYED:
        raise BadKey("This provider is not known.")
    if not key or not key.isascii() or len(key) > 300 or any(c.isspace() for c in key):
        raise BadKey("A key has no spaces and only plain characters. Copy it again.")
    try:
        return _tried(slug, key, workspace).check()
    except NotAuthorized as error:
        raise BadKey(f"{KEYED[slug]} does not accept this key. {error.message}") from error


def server_keys(workspace: Workspace, user: User) -> dict[str, str]:
    """The keys of the server's own settings, by provider, that this person may use here: they spend
    the operator's money, so only in the oldest workspace or for staff."""
    oldest = Workspace.objects.order_by("created_at", "pk").first()
    if workspace != oldest and not user.is_staff:
        return {}
    given = {"shippo": settings.SHIPPO_API_KEY, "easypost": settings.EASYPOST_API_KEY}
    return {slug: key for slug, key in given.items() if key}


def add(
    workspace: Workspace, provider: str, key: str, *, name: str = "", user: User | None
) -> LabelAccount:
    """A tested account. BadKey when the provider refuses the key or it is in use here; nothing is
    saved then."""
    _refuse_known(workspace, provider, key)
    check = test_key(provider, key, workspace)
    account = LabelAccount(
        workspace=workspace,
        provider=provider,
        name=name or NAMES[provider],
        checked_at=timezone.now(),
    )
    _note_check(account, check)
    account.hold_key(key)
    with transaction.atomic():
        _one_at_a_time(workspace)
        _refuse_known(workspace, provider, key)
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
    """Put a new, tested key in; a paused account works again. BadKey: the old key stays."""
    _refuse_known(account.workspace, account.provider, key, but=account)
    check = test_key(account.provider, key, account.workspace)
    tried = _tried(account.provider, key, account.workspace)
    same = key_use.unsettled(account) > 0 and key_use.sees(tried, account)
    with transaction.atomic():
        _one_at_a_time(account.workspace)
        key_use.hold(account)
        _refuse_known(account.workspace, account.provider, key, but=account)
        if not same and (open_labels := key_use.unsettled(account)):
            raise BadKey(key_use.foreign(account, open_labels))
        account.hold_key(key)
        account.checked_at = timezone.now()
        _note_check(account, check)
        account.save(update_fields=["key_sealed", "key_hint", "mode", "carriers", "checked_at"])
        _resume(account, user)
        audit.record(
            account.workspace,
            "account.key_replaced",
            f"account:{account.pk}",
            f"{account.name} has a new {check.mode} key ending in {account.key_hint}",
            actor=user,
        )


def recheck(account: LabelAccount, *, now: datetime, user: User | None = None) -> AccountCheck:
    """Test the stored key again; a paused account whose key works is active again."""
    check = provider_for(account).check()
    _note_check(account, check)
    account.checked_at = now
    with transaction.atomic():
        account.save(update_fields=["mode", "carriers", "checked_at"])
        _resume(account, user)
    return check


def pause(account: LabelAccount, reason: str) -> None:
    """The provider refused the key: nothing is asked of this account until a person puts it right.
    Told once; a key that was put in since was not refused.

    A shop's own account has no key: the shop's authorization says whether it works, and says so by
    itself.
    """
    if account.provider == "tiktok":
        return
    with transaction.atomic():
        # Ten purchases may learn it in one moment, with one account object between them.
        same_key = LabelAccount.objects.filter(pk=account.pk, key_sealed=account.key_sealed)
        current = same_key.select_for_update().filter(state="active").first()
        if current is None:
            return
        ACCOUNT.move(current, "paused", paused_because=reason[:300])
        audit.record(
            account.workspace_id,
            "account.paused",
            f"account:{account.pk}",
            f"{account.name} paused: its key was refused",
            reason=reason[:300],
        )
        notifications.notify(
            account.workspace,
            f"account:{account.pk}:paused",
            f"{account.name} stopped accepting its key: {reason}",
            level="bad",
            mail=True,
        )


def remove(account: LabelAccount, *, user: User | None) -> None:
    """Take the account out of use and forget its key; its labels and their ledger stay.

    StillNeeded while a purchase or a refund has no outcome, or a paid label's file is not kept yet.
    """
    with transaction.atomic():
        _one_at_a_time(account.workspace)
        key_use.hold(account)
        if waiting := key_use.unfinished(account):
            raise StillNeeded(key_use.needed(account, waiting))
        ACCOUNT.move(account, "removed", key_sealed="")
        audit.record(
            account.workspace,
            "account.removed",
            f"account:{account.pk}",
            f"{account.name} removed",
            actor=user,
        )
        notifications.settle(account.workspace, f"account:{account.pk}:paused")


def ensure_tiktok_accounts(workspace: Workspace) -> None:
    """Every connected shop can buy TikTok's own labels: one keyless account per shop."""
    mode = "test" if settings.TIKTOK_SHOP_ENVIRONMENT == "sandbox" else "live"
    missing = (
        Shop.objects.of(workspace)
        .filter(disconnected_at=None)
        .exclude(labelaccount__provider="tiktok", labelaccount__state__in=["active", "paused"])
    )
    same = {"workspace": workspace, "provider": "tiktok", "mode": mode}
    rows = [
        LabelAccount(shop=shop, name=f"TikTok Shipping · {shop.name}"[:80], **same)
        for shop in missing
    ]
    LabelAccount.objects.bulk_create(rows, ignore_conflicts=True)


@job
def welcome_shop(*, shop_id: int) -> None:
    """A shop was connected: its own labels can be bought from now on."""
    ensure_tiktok_accounts(Shop.objects.select_related("workspace").get(pk=shop_id).workspace)


def _refuse_known(
    workspace: Workspace, provider: str, key: str, *, but: LabelAccount | None = None
) -> None:
    """One key twice would ask, and show, every rate twice."""
    rows = LabelAccount.objects.of(workspace).filter(provider=provider, key_hint=key[-4:])
    if but is not None:
        rows = rows.exclude(pk=but.pk)
    for account in rows:
        if _holds(account, key):
            raise BadKey(f"This key is in use already, by {account.name}.")


def _holds(account: LabelAccount, key: str) -> bool:
    try:
        return account.key == key
    except VaultError:  # unreadable: it has to be entered again, so it is not in the way
        return False


def _one_at_a_time(workspace: Workspace) -> None:
    """Until the transaction ends: a double click waits here, then finds what the first one did."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)


def _note_check(account: LabelAccount, check: AccountCheck) -> None:
    account.mode = check.mode
    account.carriers = list(check.carriers)


def _resume(account: LabelAccount, user: User | None) -> None:
    if account.state == "paused":
        ACCOUNT.move(account, "active", paused_because="")
        audit.record(
            account.workspace_id,
            "account.resumed",
            f"account:{account.pk}",
            f"{account.name} works again",
            actor=user,
        )
        notifications.settle(account.workspace, f"account:{account.pk}:paused")
