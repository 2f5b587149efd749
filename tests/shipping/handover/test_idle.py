"""Labels never handed over: proposed, given back by a worker, and told of before it is too late."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Unavailable
from core.models import Notification, User, Workspace
from shipping.handover import idle
from shipping.labels.purchase import buy_label
from shipping.labels.void import void
from shipping.models import Label
from shops.policy.models import PolicyOverride
from tests import factories
from tests.shipping.desks import world as world
from tests.shipping.labels.world import World

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def glow() -> Workspace:
    place = factories.workspace("Glow")
    factories.shop(place)
    factories.member(place)
    return place


def bought(glow: Workspace, days: float, **fields: object) -> Label:
    account = glow.label_accounts.first() or factories.account(glow)
    at = timezone.now() - days * DAY
    number = f"1Z{Label.objects.count():016}"
    values = {"account": account, "settled_at": at, "tracking_number": number} | fields
    return factories.label(factories.order(glow), **values)


def listed(glow: Workspace) -> list[int]:
    return [one.label.pk for one in idle.idle_labels(glow, now=timezone.now())]


def test_a_label_is_proposed_after_three_days_and_not_before(glow: Workspace) -> None:
    bought(glow, 2.9)
    old = bought(glow, 3.1)
    assert listed(glow) == [old.pk]


def test_the_workspaces_own_rule_counts(glow: Workspace) -> None:
    label = bought(glow, 1.5)
    PolicyOverride.objects.create(workspace=glow, market="*", key="handover.idle_days", value="1")
    assert listed(glow) == [label.pk]


def test_what_left_or_is_in_hand_already_is_not_proposed(glow: Workspace) -> None:
    now = timezone.now()
    bought(glow, 5, handed_over_at=now)
    bought(glow, 5, first_scan_at=now)
    bought(glow, 5, handled_at=now)
    bought(glow, 5, state="refunding")
    moving = bought(glow, 5)
    type(moving.order).objects.filter(pk=moving.order_id).update(status="IN_TRANSIT")
    assert listed(glow) == []


def test_whose_money_is_lost_soonest_comes_first_and_the_lost_last(glow: Workspace) -> None:
    lost = bought(glow, 31, carrier="usps")
    ups = bought(glow, 40)
    soon = bought(glow, 27, carrier="usps")
    found = idle.idle_labels(glow, now=timezone.now())
    assert [one.label.pk for one in found] == [soon.pk, ups.pk, lost.pk]
    assert [(one.is_soon, one.is_over) for one in found] == [
        (True, False), (False, False), (True, True),
    ]  # fmt: skip
    assert [str(money) for money in idle.total(found)] == ["$10.00"]


def test_people_are_told_in_time_and_only_once(glow: Workspace) -> None:
    label = bought(glow, 25.9, carrier="usps")
    assert idle.tell_idle() == 0
    Label.objects.filter(pk=label.pk).update(settled_at=timezone.now() - 26.1 * DAY)
    assert idle.tell_idle() == 1
    idle.tell_idle()
    (told,) = Notification.objects.filter(workspace=glow, cause=idle.CAUSE)
    assert told.text.startswith("1 label was bought and never handed over")
    assert "$5.00" in told.text
    Label.objects.filter(pk=label.pk).update(handed_over_at=timezone.now())
    assert idle.tell_idle() == 0
    told.refresh_from_db()
    assert told.seen_at is not None


def test_only_labels_on_the_list_are_given_back(glow: Workspace) -> None:
    user = User.objects.get(memberships__workspace=glow)
    fresh, lost = bought(glow, 1), bought(glow, 31, carrier="usps")
    foreign = bought(factories.workspace("Other"), 5)
    assert idle.give_back(glow, [fresh.pk, lost.pk, foreign.pk], user=user) == 0
    mine = bought(glow, 5)
    assert idle.give_back(glow, [mine.pk, mine.pk, foreign.pk], user=user) == 1


def test_the_worker_gives_them_back_one_by_one_and_leaves_what_has_gone(world: World) -> None:
    labels = [world.label() for _ in range(3)]
    for label in labels:
        assert buy_label(label_id=label.pk) == "bought"
    gone, asked, back = labels
    Label.objects.filter(pk=gone.pk).update(handed_over_at=timezone.now())
    with_account = Label.objects.select_related("account__workspace", "order", "workspace")
    void(with_account.get(pk=back.pk), world.user)
    ids = [label.pk for label in labels]
    done = idle.void_idle(label_ids=ids, user_id=world.user.pk, workspace_id=world.workspace.pk)
    assert done == 1
    states = dict(Label.objects.values_list("pk", "state"))
    assert (states[gone.pk], states[asked.pk]) == ("bought", "refunding")
    assert asked.money_back.why_words == "it was never handed over"


def test_people_learn_what_was_not_taken_back_and_why(world: World) -> None:
    label = world.label()
    assert buy_label(label_id=label.pk) == "bought"
    world.provider.fail("void", Unavailable("Down.", provider="x"), times=1)
    workspace = world.workspace
    assert not idle.void_idle(
        label_ids=[label.pk], user_id=world.user.pk, workspace_id=workspace.pk
    )
    (told,) = Notification.objects.filter(workspace=workspace, cause=f"{idle.CAUSE}:refused")
    assert told.text.startswith("1 label not voided: Down. What was not voided is still")
