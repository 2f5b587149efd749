"""Giving several labels back at once, for a person who sees what was asked and what was not."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.errors import RemoteError
from core.models import User
from core.money import Money
from core.states import IllegalMove, LostRace
from core.templatetags.ui import counted
from orders import sweep
from shipping.labels.purchase import CannotBuy
from shipping.labels.void import void
from shipping.models import Label

_GIVEN = ("voiding", "refunding", "voided")


@dataclass(slots=True)
class VoidsAsked:
    """The labels whose money was asked back, and those it was not asked for, each with the
    reason."""

    asked: list[Label] = field(default_factory=list)
    refused: list[tuple[Label, str]] = field(default_factory=list)

    @property
    def money(self) -> list[Money]:
        """What was asked back, one sum per currency."""
        sums: dict[str, Money] = {}
        for label in self.asked:
            known = sums.get(label.currency)
            sums[label.currency] = known + label.money if known else label.money
        return [sums[currency] for currency in sorted(sums)]


def void_many(label_ids: Sequence[int], user: User | None, *, why: str = "person") -> VoidsAsked:
    """Ask for the money of these labels, a few at a time; `why` as shipping.labels.void has it."""

    def step(label_id: int) -> str:
        return _one(label_id, user, why)

    reasons = dict(sweep.each(step, label_ids))
    found = VoidsAsked()
    for label in Label.objects.filter(pk__in=label_ids).select_related("order"):
        if label.state in _GIVEN:
            found.asked.append(label)
        else:
            found.refused.append((label, reasons.get(label.pk) or label.reason))
    return found


def words_of(found: VoidsAsked) -> str:
    """What was asked and what was not, as a sentence."""
    sums = " and ".join(str(money) for money in found.money)
    asked = counted(len(found.asked), "label")
    parts = [f"{asked} voided, {sums} asked back."] if found.asked else []
    if found.refused:
        first = found.refused[0][1].rstrip(".")
        others = f" and {len(found.refused) - 1} more" if len(found.refused) > 1 else ""
        parts.append(f"{counted(len(found.refused), 'label')} not voided: {first}{others}.")
    return " ".join(parts) or "No label could be voided: they were given back before."


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
