"""Who did what; one call per action that changes money, shops, members, labels or orders."""

from typing import Any

from core import writes
from core.models import AuditEntry, User, Workspace


def record(
    workspace: Workspace | int,
    action: str,
    subject: str,
    summary: str,
    *,
    actor: User | None = None,
    **detail: Any,
) -> None:
    """Write one entry; `actor=None` is the system. `summary` is a sentence for people, without personal data."""
    writes.insert(entry(workspace, action, subject, summary, actor=actor, **detail))


def entry(
    workspace: Workspace | int,
    action: str,
    subject: str,
    summary: str,
    *,
    actor: User | None = None,
    **detail: Any,
) -> AuditEntry:
    """What `record` writes, for whoever writes it together with other rows."""
    return AuditEntry(
        workspace_id=workspace if isinstance(workspace, int) else workspace.pk,
        action=action,
        subject=subject,
        summary=summary[:300],
        actor=actor,
        detail=detail,
    )
