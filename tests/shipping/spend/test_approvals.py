"""A second person: who asked cannot approve, it is decided once, and not after its time."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.utils import timezone
from django_q.models import OrmQ

from core.models import AuditEntry, Batch, Membership, Notification, Role, User
from core.money import Money
from orders.models import Order
from shipping import approvals
from shipping.approvals import Refused
from shipping.batches import NeedsSecond, run_batch, start
from shipping.models import Label, SpendApproval
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend.money import costs, limits, quoted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def manager(world: World) -> User:
    limits(world, approve_above=Decimal("10.00"))
    return factories.member(world.workspace, Role.MANAGER)


def shown(world: World, count: int = 2) -> dict[int, Money]:
    return {quoted(world).pk: Money.of("8.41", "USD") for _ in range(count)}


def asked(world: World, **fields: object) -> SpendApproval:
    prices = shown(world)
    found = approvals.ask(world.workspace, "sheet", prices, world.user, now=timezone.now())
    if fields:
        SpendApproval.objects.filter(pk=found.pk).update(**fields)
        found.refresh_from_db()
    return found


def actions() -> list[str]:
    rows = AuditEntry.objects.filter(action__startswith="approval.").order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_a_batch_above_the_limit_is_not_started_by_one_person(world: World, manager: User) -> None:
    prices = shown(world)
    with pytest.raises(NeedsSecond, match=r"Above \$10.00, a batch needs the word of a second"):
        start(world.workspace, Order.objects.filter(pk__in=prices), world.user, prices=prices)
    assert not Batch.objects.exists()


def test_the_second_person_approves_and_exactly_that_is_bought(world: World, manager: User) -> None:
    question = asked(world)
    assert (question.count, question.total, question.asked_by) == (2, Decimal("16.82"), world.user)
    batch = approvals.approve(question, manager, now=timezone.now())
    run_batch(batch_id=batch.pk)
    question.refresh_from_db()
    assert (question.state, question.decided_by, question.batch) == ("approved", manager, batch)
    assert batch.created_by == world.user
    assert Label.objects.filter(batch=batch, state="bought").count() == 2
    assert actions() == ["approval.asked", "approval.approved"]


def test_who_asked_cannot_approve(world: World, manager: User) -> None:
    question = asked(world)
    with pytest.raises(Refused, match="Somebody else has to approve"):
        approvals.approve(question, world.user, now=timezone.now())
    question.refresh_from_db()
    assert question.state == "asked"
    assert not Batch.objects.exists()


def test_it_is_decided_once(world: World, manager: User) -> None:
    question = asked(world)
    approvals.approve(question, manager, now=timezone.now())
    with pytest.raises(Refused, match="It was approved already"):
        approvals.approve(question, manager, now=timezone.now())
    with pytest.raises(Refused, match="It was approved already"):
        approvals.refuse(question, manager, now=timezone.now())
    assert Batch.objects.count() == 1


def test_after_its_time_nobody_can_approve_it(world: World, manager: User) -> None:
    question = asked(world, expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(Refused, match="not approved in time"):
        approvals.approve(question, manager, now=timezone.now())
    question.refresh_from_db()
    assert question.state == "expired"
    assert actions() == ["approval.asked", "approval.expired"]
    assert not Batch.objects.exists()


def test_a_question_expires_by_itself_and_that_is_told(world: World, manager: User) -> None:
    asked(world, expires_at=timezone.now() - timedelta(seconds=1))
    assert approvals.expire_due() == 1
    assert approvals.expire_due() == 0
    texts = Notification.objects.filter(seen_at=None).values_list("text", flat=True)
    assert list(texts) == ["Nobody approved 2 labels for $16.82 in time. Nothing was bought."]


def test_the_team_is_told_with_a_link_and_the_owners_by_mail(world: World, manager: User) -> None:
    question = asked(world)
    told = Notification.objects.get()
    assert f"{world.user} asks a second person to approve 2 labels for $16.82." == told.text
    assert told.link.endswith(f"/approvals/{question.pk}/")
    assert "core.notifications.mail_owners" in [job.task["args"][0] for job in OrmQ.objects.all()]
    assert mail.outbox == []  # by a worker, not by the request


def test_a_refused_one_buys_nothing_and_who_asked_may_take_it_back(
    world: World, manager: User
) -> None:
    assert approvals.refuse(asked(world), manager, now=timezone.now()) == "refused"
    SpendApproval.objects.all().delete()
    assert approvals.refuse(asked(world), world.user, now=timezone.now()) == "withdrawn"
    assert not Batch.objects.exists()


def test_one_sheet_asks_once(world: World, manager: User) -> None:
    first = asked(world)
    again = approvals.ask(world.workspace, "sheet", shown(world), world.user, now=timezone.now())
    assert again == first


def test_without_anybody_else_it_is_said_what_to_do(world: World) -> None:
    limits(world, approve_above=Decimal("10.00"))
    factories.member(world.workspace, Role.PACKER)
    with pytest.raises(Refused, match="invite a manager or another owner"):
        asked(world)


def test_what_one_person_may_spend_is_not_asked(world: World, manager: User) -> None:
    with pytest.raises(Refused, match="No second person is needed"):
        approvals.ask(world.workspace, "x", shown(world, 1), world.user, now=timezone.now())


def test_who_left_the_team_meanwhile_buys_nothing(world: World, manager: User) -> None:
    question = asked(world)
    Membership.objects.filter(user=world.user).update(role=Role.PACKER)
    with pytest.raises(Refused, match="may no longer buy labels"):
        approvals.approve(question, manager, now=timezone.now())


def test_approved_prices_bind_like_those_of_a_sheet(world: World, manager: User) -> None:
    question = asked(world)
    costs(world, "9.00")
    batch = approvals.approve(question, manager, now=timezone.now())
    run_batch(batch_id=batch.pk)
    assert {item.fix for item in batch.items.all()} == {"new_sheet"}
    assert not world.provider.charges
