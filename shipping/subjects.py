"""Batches, label accounts, addresses and boxes by name, for the audit trail."""

from collections.abc import Collection

from core.audit_words import Subject, numbers, uuids
from core.models import Batch, Workspace
from core.shell import address
from core.templatetags.ui import absolute
from shipping.models import LabelAccount, ParcelPreset, ShipFrom


def batches(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of batches as text → when it was started, and its page."""
    rows = Batch.objects.filter(workspace=workspace, pk__in=numbers(keys))
    return {
        str(row.pk): Subject(
            f"Batch of {absolute(row.created_at)}",
            address("shipping:batch", workspace.slug, batch_id=row.public_id),
        )
        for row in rows
    }


def accounts(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of label accounts as text → the account's name."""
    rows = LabelAccount.objects.filter(workspace=workspace, pk__in=uuids(keys))
    url = address("shipping:settings", workspace.slug)
    return {str(row.pk): Subject(row.name, url) for row in rows}


def addresses(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of ship-from addresses as text → what the team calls it."""
    rows = ShipFrom.objects.filter(workspace=workspace, pk__in=numbers(keys))
    url = address("shipping:settings", workspace.slug)
    return {str(row.pk): Subject(f"Address “{row.label}”", url) for row in rows}


def boxes(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of boxes as text → "Box “Mailer S”"."""
    rows = ParcelPreset.objects.filter(workspace=workspace, pk__in=numbers(keys))
    url = address("shipping:settings", workspace.slug)
    return {str(row.pk): Subject(f"Box “{row.name}”", url) for row in rows}
