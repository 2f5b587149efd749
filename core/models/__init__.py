"""People, workspaces, and the records that every part of the product keeps."""

from core.models.batches import BATCH, ITEM, Batch, BatchItem
from core.models.people import (
    Invitation,
    Membership,
    Role,
    User,
    UserManager,
    Workspace,
    _invitation_end,
    _invitation_token,
)
from core.models.records import AuditEntry, Notification, RateLimit

__all__ = [
    "BATCH",
    "ITEM",
    "AuditEntry",
    "Batch",
    "BatchItem",
    "Invitation",
    "Membership",
    "Notification",
    "RateLimit",
    "Role",
    "User",
    "UserManager",
    "Workspace",
    "_invitation_end",
    "_invitation_token",
]
