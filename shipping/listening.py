"""Having EasyPost and Shippo tell us by webhook: whether they can, and one button that asks them."""

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings

from core import audit, inbox
from core.models import User, WebhookEvent, Workspace
from shipping.accounts import KEYED, provider_for
from shipping.models import LabelAccount
from shipping.providers.base import Can, Listener

_LOCAL = ("localhost", "127.0.0.1", "::1")


class CannotListen(Exception):
    """Nothing was asked of the provider; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One provider's webhooks, for the settings page. `has_heard`: an event has arrived here."""

    provider: str
    name: str
    address: str
    problem: str
    has_heard: bool
    accounts: tuple[LabelAccount, ...]


def receivers(workspace: Workspace) -> list[Receiver]:
    """One for each provider that the workspace has an account of, in the order they are shown."""
    accounts = list(
        LabelAccount.objects.of(workspace).filter(provider__in=KEYED).order_by("created_at")
    )
    return [
        Receiver(
            slug,
            name,
            inbox.address(slug),
            why_not(slug),
            WebhookEvent.objects.filter(provider=slug).exists(),
            tuple(account for account in accounts if account.provider == slug),
        )
        for slug, name in KEYED.items()
        if any(account.provider == slug for account in accounts)
    ]


def why_not(provider: str) -> str:
    """Why this provider cannot be asked to tell this server anything; "" when it can."""
    if not settings.SHIPPING_WEBHOOK_SECRET:
        return "SHIPPING_WEBHOOK_SECRET must be set on the server first: it proves who tells us."
    ours = urlsplit(settings.PUBLIC_URL)
    theirs = {"easypost": settings.EASYPOST_BASE_URL, "shippo": settings.SHIPPO_BASE_URL}[provider]
    if ours.scheme == "https" or urlsplit(theirs).hostname in _LOCAL:
        return ""
    return f"{KEYED[provider]} must reach this server by https, and PUBLIC_URL is no such address."


def start(account: LabelAccount, *, user: User | None) -> None:
    """Ask the account's provider to send its events here. CannotListen with words; the errors of
    core.errors as they come; safe to repeat."""
    if problem := why_not(account.provider):
        raise CannotListen(problem)
    provider = provider_for(account)
    if Can.LISTEN not in provider.can:
        raise CannotListen(f"{account} has to be told at the provider's own pages.")
    listener = cast(Listener, provider)
    listener.listen(inbox.address(account.provider), secret=settings.SHIPPING_WEBHOOK_SECRET)
    audit.record(
        account.workspace_id,
        "account.listening",
        f"account:{account.pk}",
        f"{account.name} sends its events here.",
        actor=user,
    )
