"""Giving several labels back at once, for a person who sees what was asked and what was not."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from core.access import wreverse
from core.errors import RemoteError
from core.jobs import job
from core.models import User, Workspace
from core.money import Money
from core.notifications import notify
from core.queues import Queue
from core.states import IllegalMove, LostRace
from core.templatetags.ui import counted
from orders import sweep
from shipping.labels.purchase import CannotBuy
from shipping.labels.void import void
from shipping.models import Label

AT_ONCE = 20  # asked while a person waits; more of them by a worker
GIVEN = ("voiding", "refunding", "voided")


@dataclass(slots=True)
class VoidsAsked:
    """The labels whose money was asked back, and those it was not asked for, each with the
    reason."""

    asked: list[Label] = field(default_factory=list)
    refused: list[tuple[Label, str]] = field(default_factory=list)
    in_background: int = 0

    @property
    def money(self) -> list[Money]:
        """What was asked back, one sum per currency."""
        sums: dict[str, Money] = {}
        for label in self.asked:
            known = sums.get(label.currency)
            sums[label.currency] = known + label.money if known else label.money
        return [sums[currency] for currency in sorted(sums)]


def void_many(
    workspace: Workspace, label_ids: Iterable[int], user: User | None, *, why: str = "person"
) -> VoidsAsked:
    """Ask for the money of these labels of the workspace: up to AT_ONCE now, else by a worker,
    which tells by a notification. Labels of others, and ones given back before, are left out."""
    rows = Label.objects.of(workspace).filter(pk__in=list(label_ids), state="bought")
    ids = list(rows.order_by("settled_at", "pk").values_list("pk", flat=True))
    if len(ids) > AT_ONCE:
        void_in_background.later(
            workspace_id=workspace.pk,
            label_ids=ids,
            user_id=user.pk if user else None,
            why=why,
        )
        return VoidsAsked(in_background=len(ids))
    return _carry_out(ids, user, why)


@job(queue=Queue.BUYING)
def void_in_background(
    *, workspace_id: int, label_ids: list[int], user_id: int | None, why: str
) -> int:
    """Ask for all of them and tell the workspace; answers how many were asked. Safe to repeat: what
    was asked is not asked again."""
    workspace = Workspace.objects.get(pk=workspace_id)
    user = User.objects.filter(pk=user_id).first() if user_id else None
    rows = Label.objects.of(workspace).filter(pk__in=label_ids, state="bought")
    found = _carry_out(list(rows.values_list("pk", flat=True)), user, why)
    notify(
        workspace,
        f"voids:{min(label_ids)}:{len(label_ids)}",
        words_of(found),
        level="warn" if found.refused else "info",
        link=wreverse(workspace, "shipping:money"),
    )
    return len(found.asked)


def words_of(found: VoidsAsked) -> str:
    """What was asked and what was not, as a sentence."""
    if found.in_background:
        labels = counted(found.in_background, "label")
        return f"{labels} are being voided; a notification tells when that is done."
    sums = " and ".join(str(money) for money in found.money)
    asked = counted(len(found.asked), "label")
    parts = [f"{asked} voided, {sums} asked back."] if found.asked else []
    if found.refused:
        first = found.refused[0][1].rstrip(".")
        others = f" and {len(found.refused) - 1} more" if len(found.refused) > 1 else ""
        parts.append(f"{counted(len(found.refused), 'label')} not voided: {first}{others}.")
    return " ".join(parts) or "No label could be voided: they were given back before."


def _carry_out(ids: list[int], user: User | None, why: str) -> VoidsAsked:
    def step(label_id: int) -> str:
        return _one(label_id, user, why)

    reasons = dict(sweep.each(step, ids))
    found = VoidsAsked()
    for label in Label.objects.filter(pk__in=ids).select_related("order"):
        if label.state in GIVEN:
            found.asked.append(label)
        else:
            found.refused.append((label, reasons.get(label.pk) or label.reason))
    return found


def _one(label_id: int, user: User | None, why: str) -> str:
    """Ask for one; why it was not asked, or ""."""
    parts = ("account__shop__authorization", "account__workspace", "workspace", "order__shop")
    label = Label.objects.select_related(*parts).get(pk=label_id)
    try:
        void(label, user, why=why)
    except CannotBuy as refusal:
        return refusal.sentence
    except (IllegalMove, LostRace):
        return "Somebody else changed the label meanwhile."
    except RemoteError as error:
        return error.message
    return ""
