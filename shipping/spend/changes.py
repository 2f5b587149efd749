"""Changing what a workspace may spend: always by a person, always audited."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from core import audit
from core.models import User, Workspace
from core.money import Money
from shipping.models import SpendLimits
from shipping.spend.limits import start_of_day

FIELDS = (
    "daily_cap",
    "label_ceiling",
    "jump_percent",
    "batch_jump_percent",
    "approve_above",
    "approval_hours",
)
_NAMES = {
    "daily_cap": "daily cap",
    "label_ceiling": "most for one label",
    "jump_percent": "alarm for an order",
    "batch_jump_percent": "alarm for a batch",
    "approve_above": "second person above",
    "approval_hours": "hours to approve",
}
_MONEY = {"daily_cap", "label_ceiling", "approve_above"}


def change(
    workspace: Workspace, currency: str, values: Mapping[str, Decimal | int | None], *, user: User
) -> SpendLimits:
    """Set the limits in one currency; purchases under way end by the new ones."""
    with transaction.atomic():
        row, _ = SpendLimits.objects.get_or_create(workspace=workspace, currency=currency)
        row = SpendLimits.objects.select_for_update().get(pk=row.pk)
        before = {name: getattr(row, name) for name in FIELDS}
        moved = {name: values[name] for name in FIELDS if values[name] != before[name]}
        for name, value in moved.items():
            setattr(row, name, value)
        if moved:
            row.changed_by, row.changed_at = user, timezone.now()
            row.save()
            words = ", ".join(
                f"{_NAMES[name]} {_shown(name, before[name], currency)} → "
                f"{_shown(name, value, currency)}"
                for name, value in moved.items()
            )
            _record(row, "spend.changed", f"Spend limits: {words}", user)
    return row


def _shown(name: str, value: Decimal | int | None, currency: str) -> str:
    if value is None:
        return "none"
    return str(Money(Decimal(value), currency)) if name in _MONEY else str(value)


def let_pass(workspace: Workspace, currency: str, *, user: User, now: datetime) -> datetime:
    """Let unusual prices pass until the end of the workspace's day; answers until when."""
    # Noon of tomorrow's day and back to its start: a day may have 23 or 25 hours.
    until = start_of_day(workspace, start_of_day(workspace, now) + timedelta(hours=36))
    _pass_until(workspace, currency, until, "Unusual prices may be paid until midnight", user)
    return until


def stop_passing(workspace: Workspace, currency: str, *, user: User) -> None:
    """Unusual prices are stopped again."""
    _pass_until(workspace, currency, None, "Unusual prices are stopped again", user)


def _pass_until(
    workspace: Workspace, currency: str, until: datetime | None, words: str, user: User
) -> None:
    with transaction.atomic():
        row, _ = SpendLimits.objects.get_or_create(workspace=workspace, currency=currency)
        row.jump_allowed_until = until
        row.save(update_fields=["jump_allowed_until"])
        _record(row, "spend.let_pass", words, user)


def _record(row: SpendLimits, action: str, words: str, user: User) -> None:
    audit.record(
        row.workspace, action, f"spend_limits:{row.currency}", words, actor=user,
        currency=row.currency,
    )  # fmt: skip
