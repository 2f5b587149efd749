"""People, workspaces, and the records that every part of the product keeps."""

from core.models.batches import BATCH, ITEM, Batch, BatchItem
from core.models.circuits import CIRCUIT, Circuit
from core.models.heartbeats import Heartbeat
from core.models.inbox import WEBHOOK, WebhookEvent
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
    "CIRCUIT",
    "ITEM",
    "WEBHOOK",
    "AuditEntry",
    "Batch",
    "BatchItem",
    "Circuit",
    "Heartbeat",
    "Invitation",
    "Membership",
    "Notification",
    "RateLimit",
    "Role",
    "User",
    "UserManager",
    "WebhookEvent",
    "Workspace",
    "_invitation_end",
    "_invitation_token",
]
