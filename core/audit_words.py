"""The audit trail in words: what was done, and the name and page of what it was done to."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from core.models import AuditEntry, User, Workspace
from core.shell import address

# Actions whose code does not read as a sentence by itself ("label.bought": "Label bought").
_ACTIONS = {
    "account.added": "Label account added",
    "account.key_replaced": "Key of a label account replaced",
    "account.listening": "Label account sends its events here",
    "account.paused": "Label account paused",
    "account.removed": "Label account removed",
    "account.resumed": "Label account in use again",
    "authorization.lost": "Permission of a shop lost",
    "batch.cancelled": "Batch stopped",
    "cancellation.approved": "A buyer's request to cancel approved",
    "cancellation.refused": "A buyer's request to cancel refused",
    "batch.retried": "Tried again in a batch",
    "dispatch.corrected": "Tracking number corrected at TikTok",
    "dispatch.not_corrected": "Correction of a tracking number refused",
    "dispatch.retried": "TikTok told again",
    "label.duplicate_found": "A second paid label found",
    "label.not_bought": "Label found not to be bought",
    "label.paid_after_all": "Label found to be paid",
    "label.refund_refused": "Money for a label refused",
    "label.refund_settled": "Money for a label settled by a person",
    "label.void_requested": "Money for a label asked back",
    "member.joined": "Joined the team",
    "member.left": "Left the team",
    "member.invited": "Invited to the team",
    "member.invitation_revoked": "Invitation taken back",
    "member.removed": "Removed from the team",
    "member.role_changed": "Role changed",
    "approval.asked": "Second person asked to approve a purchase",
    "approval.approved": "Purchase approved by a second person",
    "approval.expired": "Purchase not approved in time",
    "approval.refused": "Purchase refused by a second person",
    "approval.withdrawn": "Question to a second person taken back",
    "order.address": "Address of an order",
    "order.box": "Orders in one box",
    "order.called_off": "Order cancelled by the seller",
    "order.cancel": "Shipped although a buyer asked to cancel",
    "order.hold": "Hold of an order",
    "order.label": "A new label for an order wanted",
    "order.note": "Note or tag of an order",
    "order.parcel": "Parcel of an order",
    "order.service": "Service of an order",
    "preset.deleted": "Preset deleted",
    "preset.restored": "Preset put back",
    "preset.saved": "Preset saved",
    "rules.back": "Automation rules written back",
    "rules.live": "Automation rules went live",
    "rules.written": "Automation rule written",
    "parcel.added": "Box added",
    "parcel.changed": "Box changed",
    "parcel.deleted": "Box deleted",
    "ship_from.added": "Ship-from address added",
    "ship_from.changed": "Ship-from address changed",
    "ship_from.deleted": "Ship-from address deleted",
    "shop.metric_noted": "TikTok's own figure entered",
    "shop.removed": "Shop removed by its seller",
    "sku.barcode_cleared": "Barcode of a SKU cleared",
    "sku.barcode_entered": "Barcode of a SKU entered",
    "sku.barcode_taught": "Barcode of a SKU learned at the bench",
    "sku.measured": "Weight of a SKU entered",
    "workspace.void_setting": "Labels of cancelled orders: given back or kept",
    "savings.baseline": "Service that savings are measured against",
    "spend.changed": "Spend limits changed",
    "spend.let_pass": "Alarm for unusual prices",
}
_KINDS = {
    "account": "Label account",
    "authorization": "Permission of a shop",
    "invitation": "Invitation",
    "parcel": "Box",
    "policy": "Rule",
    "preset": "Preset",
    "rule": "Automation rule",
    "ruleset": "Automation rules",
    "ship_from": "Ship-from address",
    "sku": "SKU",
    "savings": "Savings",
    "spend_limits": "Spend limits",
    "user": "Somebody",
    "webhooks": "Events from outside",
    "workspace": "This workspace",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What an entry is about: its name today, and where it is seen; "" where it has no page."""

    words: str
    url: str = ""


type Source = Callable[[Workspace, Collection[str]], Mapping[str, Subject]]

_sources: dict[str, Source] = {}


def tell_subjects(kind: str, source: Source) -> None:
    """Let an app above core name its subjects: ids of one kind ("order") as text → those it still
    has (called once, when the apps are ready)."""
    _sources[kind] = source


def action_words(action: str) -> str:
    """ "Label bought" for label.bought; a code nobody wrote words for is read as it is."""
    return _ACTIONS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def subjects_of(workspace: Workspace, entries: Iterable[AuditEntry]) -> dict[str, Subject]:
    """The subjects of these entries by their code ("order:12"); one query per kind."""
    wanted: dict[str, set[str]] = {}
    found: dict[str, Subject] = {}
    for entry in entries:
        kind, _, key = entry.subject.partition(":")
        found[entry.subject] = _plain(kind, key)
        wanted.setdefault(kind, set()).add(key)
    for kind, source in (_sources | {"user": _people}).items():
        if keys := wanted.get(kind):
            named = source(workspace, keys)
            found |= {f"{kind}:{key}": subject for key, subject in named.items()}
    return found


def _plain(kind: str, key: str) -> Subject:
    """What can be said of something that is gone, or that nobody names."""
    if kind.endswith("s") and key.isdecimal():
        return Subject(f"{int(key):,} {kind.replace('_', ' ')}")
    return Subject(_KINDS.get(kind) or kind.replace("_", " ").capitalize())


def _people(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    users = User.objects.filter(pk__in=numbers(keys))
    url = address("core:team", workspace.slug)
    return {str(user.pk): Subject(str(user), url) for user in users}


def numbers(keys: Iterable[str]) -> list[int]:
    """Those of these keys that can be ids of rows."""
    return [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]


def uuids(keys: Iterable[str]) -> list[UUID]:
    """Those of these keys that are UUIDs."""
    found: list[UUID] = []
    for key in keys:
        with suppress(ValueError):
            found.append(UUID(key))
    return found
