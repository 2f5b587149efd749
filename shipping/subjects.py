"""Batches, label accounts, addresses, boxes, rules and presets by name, for the audit trail."""

from collections.abc import Collection

from core.audit_words import Subject, numbers, uuids
from core.models import Batch, Workspace
from core.money import Money
from core.shell import address
from core.templatetags.ui import absolute
from shipping.models import (
    LabelAccount,
    ParcelPreset,
    Preset,
    Rule,
    RuleSet,
    ShipFrom,
    SpendApproval,
)


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


def approvals(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of questions to a second person as text → how much they are about, and their page."""
    rows = SpendApproval.objects.filter(workspace=workspace, pk__in=uuids(keys))
    return {
        str(row.pk): Subject(
            f"Purchase of {Money(row.total, row.currency)}",
            address("shipping:approval", workspace.slug, approval_id=row.pk),
        )
        for row in rows
    }


def spend_limits(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Currencies → the limits in them."""
    url = address("shipping:spending", workspace.slug)
    return {key: Subject(f"Spend limits in {key}", url) for key in keys}


def rules(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of automation rules as text → its name, and the page it is written on."""
    rows = Rule.objects.filter(workspace=workspace, pk__in=numbers(keys))
    return {
        str(row.pk): Subject(
            f"Rule “{row.name}”", address("shipping:rule-edit", workspace.slug, rule_id=row.pk)
        )
        for row in rows
    }


def rule_sets(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Numbers of sets of rules that were live → when they went live, and the rules' page."""
    rows = RuleSet.objects.filter(workspace=workspace, number__in=numbers(keys))
    url = address("shipping:rules", workspace.slug)
    return {str(row.number): Subject(f"Rules of {absolute(row.at)}", url) for row in rows}


def presets(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of presets as text → its key and name, and its page."""
    rows = Preset.objects.filter(workspace=workspace, pk__in=numbers(keys))
    return {
        str(row.pk): Subject(
            f"Preset {row.key} “{row.name}”",
            address("shipping:quick-edit", workspace.slug, quick_id=row.pk),
        )
        for row in rows
    }


def baselines(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Lanes → what their savings are measured against."""
    url = address("shipping:savings", workspace.slug)
    return {key: Subject("Savings", url) for key in keys}
