"""Labels that were bought and never left: proposed to be given back while that is still possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from core import notifications
from core.access import wreverse
from core.jobs import job
from core.models import Notification, User, Workspace
from core.money import Money
from core.queues import Queue
from shipping.handover.counts import unscanned
from shipping.labels.voids import void_many, words_of
from shipping.models import Label
from shipping.models.labels import LabelQuerySet
from shipping.providers.base import Can
from shipping.providers.registry import is_able
from shipping.tracking.terms import Terms, days, terms_of
from shops.models import Shop
from shops.policy.book import EVERYWHERE

MOST = 500  # labels shown, and given back by one press
CAUSE = "handover:idle"
# Labels are looked for no further back; each workspace's rules say which of them count.
_LONGEST = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Idle:
    """A label nobody handed over, and until when its money can be asked back."""

    label: Label
    until: datetime | None
    is_soon: bool

    @property
    def is_over(self) -> bool:
        """Whether the time for asking is over."""
        return self.until is not None and self.until <= timezone.now()


def idle_labels(workspace: Workspace, *, now: datetime) -> list[Idle]:
    """Labels that wait for longer than the rule says, whose money is lost soonest first; those that
    can no longer be given back come last. At most MOST."""
    terms = _terms(workspace, now)
    rows = _rows(workspace, terms, now).select_related("order__shop", "account", "manifest")
    labels = list(rows.defer("spec", "order__raw", "order__search_text")[:MOST])
    soon = now + days(terms.books[EVERYWHERE].number("handover.remind_days", on=terms.on))
    found = [_idle(label, terms, soon) for label in labels]
    never = now + timedelta(days=36_500)
    return sorted(found, key=lambda one: (one.is_over, one.until or never, one.label.pk))


def _idle(label: Label, terms: Terms, soon: datetime) -> Idle:
    until = terms.void_until(label, label.order.shop_id)
    return Idle(label, until, until is not None and until <= soon)


def _terms(workspace: Workspace, now: datetime) -> Terms:
    return terms_of(workspace.pk, list(Shop.objects.of(workspace)), on=now.date())


def _rows(workspace: Workspace, terms: Terms, now: datetime) -> LabelQuerySet:
    after = days(terms.books[EVERYWHERE].number("handover.idle_days", on=terms.on))
    able = [slug for slug in ("easypost", "shippo", "tiktok") if is_able(slug, Can.VOID)]
    rows = unscanned(workspace, since=now - terms.watched())
    return rows.filter(settled_at__lte=now - after, provider__in=able).order_by("settled_at", "pk")


def total(found: Iterable[Idle]) -> list[Money]:
    """What can still be asked back, by currency."""
    sums: dict[str, Money] = {}
    for one in found:
        if not one.is_over:
            money = one.label.money
            sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    return [sums[currency] for currency in sorted(sums)]


def give_back(workspace: Workspace, label_ids: Sequence[int], *, user: User) -> int:
    """Have these idle labels given back by a worker; answers how many there are."""
    known = {one.label.pk for one in idle_labels(workspace, now=timezone.now()) if not one.is_over}
    wanted = [pk for pk in dict.fromkeys(label_ids) if pk in known]
    if wanted:
        void_idle.later(label_ids=wanted, user_id=user.pk, workspace_id=workspace.pk)
    return len(wanted)


@job(queue=Queue.BUYING)
def void_idle(*, label_ids: Sequence[int], user_id: int, workspace_id: int) -> int:
    """Give labels back; answers how many were asked back. What was scanned or given back meanwhile
    is left alone; people learn what was refused."""
    user = User.objects.filter(pk=user_id).first()
    rows = Label.objects.filter(pk__in=label_ids, workspace_id=workspace_id, state="bought")
    rows = rows.filter(handed_over_at=None, first_scan_at=None).order_by("settled_at", "pk")
    found = void_many(list(rows.values_list("pk", flat=True)), user, why="unused")
    workspace = Workspace.objects.get(pk=workspace_id)
    settle(workspace)
    if found.refused:
        notifications.notify(
            workspace,
            f"{CAUSE}:refused",
            f"{words_of(found)} What was not voided is still on the list of those never handed over.",
            level="warn",
            link=wreverse(workspace, "shipping:handover-idle"),
        )
    return len(found.asked)


def settle(workspace: Workspace) -> None:
    """Take the reminder away when nothing is left to be reminded of."""
    if not _pressing(workspace, timezone.now()):
        notifications.settle(workspace, CAUSE)


def _pressing(workspace: Workspace, now: datetime) -> list[Idle]:
    """Labels that people are reminded of: their money can be asked back, and soon no more."""
    return [one for one in idle_labels(workspace, now=now) if one.is_soon and not one.is_over]


@job
def tell_idle() -> int:
    """Twice a day: remind workspaces of labels whose money can soon no longer be asked back;
    answers how many workspaces."""
    now = timezone.now()
    waiting = Label.objects.filter(
        state="bought", handed_over_at=None, first_scan_at=None, handled_at=None,
        settled_at__gte=now - _LONGEST,
    )  # fmt: skip
    reminded = Notification.objects.filter(cause=CAUSE, seen_at=None)
    ids = {*waiting.values_list("workspace", flat=True).distinct()}
    ids |= {*reminded.values_list("workspace", flat=True)}
    return sum(_remind(one, now) for one in Workspace.objects.filter(pk__in=ids).order_by("pk"))


def _remind(workspace: Workspace, now: datetime) -> bool:
    soon = _pressing(workspace, now)
    if not soon:
        notifications.settle(workspace, CAUSE)
        return False
    money = ", ".join(str(one) for one in total(soon))
    labels = "1 label was" if len(soon) == 1 else f"{len(soon)} labels were"
    first = min(one.until for one in soon if one.until)
    notifications.notify(
        workspace,
        CAUSE,
        f"{labels} bought and never handed over: {money} can be asked back until "
        f"{first.day} {first:%B}, then the first of it is lost.",
        level="warn",
        link=wreverse(workspace, "shipping:handover-idle"),
        mail=True,
    )
    return True
