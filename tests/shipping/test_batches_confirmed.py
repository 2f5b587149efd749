"""What was confirmed binds: no order costs more than was shown, none goes where it was not priced
for, and a stopped batch stays stopped."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Batch, BatchItem
from core.money import Money
from orders.models import Order
from shipping.batches import (
    cancel,
    resume_stalled,
    retry_failed,
    retry_item,
    run_batch,
    start,
    why_not_retried,
)
from shipping.labels import purchase
from shipping.models import Label, LedgerEntry, QuoteSet
from shipping.providers.memory import Offer
from tests.shipping.desks import Desk, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import ADDRESS, World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db(transaction=True)


def batch_of(world: World, *orders: Order, **options: dict[int, Money]) -> Batch:
    chosen = Order.objects.filter(pk__in=[o.pk for o in orders])
    return start(world.workspace, chosen, world.user, **options)


def run(batch: Batch) -> None:
    run_batch(batch_id=batch.pk)
    batch.refresh_from_db()


def rows(batch: Batch) -> list[tuple[str, str, str]]:
    found = batch.items.order_by("position")
    return [(item.state, item.reason, item.fix) for item in found]


def quoted(world: World) -> Order:
    order = world.order()
    world.quotes(order)
    return order


def costs(world: World, price: str) -> None:
    """From now on the provider asks this much; what it had offered has run out."""
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", price, 3),)
    QuoteSet.objects.update(expires_at=timezone.now())


def die(batch: Batch) -> None:
    """The batch's runner is gone, and its claims have run out."""
    past = timezone.now() - timedelta(minutes=3)
    BatchItem.objects.filter(batch=batch, state="working").update(claimed_until=past)
    Batch.objects.filter(pk=batch.pk).update(runner_seen_at=past)


def test_an_order_that_got_dearer_after_it_was_confirmed_is_left_out(world: World) -> None:
    batch = batch_of(world, quoted(world))
    costs(world, "88.00")
    run(batch)
    assert rows(batch) == [
        ("left_out", "The price went up from $8.41 to $88.00.", "new_sheet"),
    ]
    assert not world.provider.charges
    assert not Label.objects.exists()


@pytest.mark.parametrize("price", ["8.41", "5.00"])
def test_the_same_price_or_a_lower_one_is_paid(world: World, price: str) -> None:
    batch = batch_of(world, quoted(world))
    costs(world, price)
    run(batch)
    assert [state for state, _, _ in rows(batch)] == ["done"]
    assert str(LedgerEntry.objects.get().amount) == price


def test_another_currency_than_was_shown_is_never_paid(world: World) -> None:
    order = quoted(world)
    batch = batch_of(world, order, prices={order.pk: Money.of("99.00", "GBP")})
    run(batch)
    assert rows(batch)[0][1] == "The price went up from 99.00 GBP to $8.41."
    assert not world.provider.charges


def test_an_order_whose_price_was_not_shown_is_not_part_of_the_batch(world: World) -> None:
    shown, other = quoted(world), quoted(world)
    batch = batch_of(world, shown, other, prices={shown.pk: Money.of("8.41", "USD")})
    assert [item.subject_id for item in batch.items.all()] == [shown.pk]


def test_the_price_of_the_queue_binds_after_its_rates_ran_out(world: World) -> None:
    order = world.order()
    Order.objects.filter(pk=order.pk).update(plan_price="8.00", plan_currency="USD")
    batch = batch_of(world, order)
    run(batch)
    assert rows(batch)[0][1] == "The price went up from $8.00 to $8.41."


def test_trying_again_does_not_lift_what_was_confirmed(world: World) -> None:
    batch = batch_of(world, quoted(world))
    costs(world, "88.00")
    run(batch)
    assert retry_failed(batch, world.user) == 0
    assert not retry_item(batch, batch.items.get(), world.user)
    assert "open a new sheet" in why_not_retried(batch)
    assert not world.provider.charges


def test_a_row_that_costs_more_opens_a_new_sheet_with_the_new_price(
    desk: Desk, world: World
) -> None:
    order = quoted(world)
    batch = batch_of(world, order)
    costs(world, "88.00")
    run(batch)
    words = text_of(desk.get("batch", batch_id=batch.public_id))
    assert "The price went up from $8.41 to $88.00." in words
    assert "New sheet for 1 order" in words
    assert "Try again" not in words
    told = desk.told(desk.post("batch-retry", batch_id=batch.public_id))
    assert "open a new sheet" in told[-1]
    assert "Buy 1 label · $88.00" in text_of(desk.post("sheet", {"order": [order.pk]}))


def moves(world: World, order: Order) -> None:
    lines = {"address_line1": "77 Elm St", "address_detail": "77 Elm St"}
    world.change(order, recipient_address=ADDRESS | lines)


def test_an_address_that_changed_after_the_quote_gets_a_label_of_its_own(
    world: World, settings
) -> None:
    settings.RECHECK_SECONDS = 0
    order = world.order()
    batch = batch_of(world, order)

    def moves_once(call: str) -> None:
        if call == "quote" and world.provider.calls["quote"] == 1:
            moves(world, order)

    world.provider._pause = moves_once
    run(batch)
    assert [state for state, _, _ in rows(batch)] == ["done"]
    dropped, bought = Label.objects.order_by("pk")
    assert (dropped.state, dropped.spec["recipient"]["street1"]) == ("dropped", "1 Main St")
    assert (bought.state, bought.spec["recipient"]["street1"]) == ("bought", "77 Elm St")
    assert len(world.provider.charges) == 1


def test_an_order_cancelled_while_the_account_is_busy_is_not_bought(world: World, settings) -> None:
    settings.RECHECK_SECONDS, settings.PURCHASES_PER_ACCOUNT = 0, 1
    order, elsewhere = world.order(), world.label()
    batch = batch_of(world, order)
    purchase.write_intent(elsewhere)
    asked = len(world.tiktok.asked)

    def cancelled_in_line(ids: list[str]) -> None:
        world.change(order, status="CANCELLED")
        Label.objects.filter(pk=elsewhere.pk).update(place=None)

    world.tiktok.asked = _Asked(world.tiktok.asked, after=asked + 3, then=cancelled_in_line)
    run(batch)
    assert rows(batch)[0][:2] == ("left_out", "The order is cancelled.")
    assert not world.provider.charges


class _Asked(list[list[str]]):
    """Calls of TikTok; `then` happens within the `after`-th."""

    def __init__(
        self, seen: list[list[str]], *, after: int, then: Callable[[list[str]], None]
    ) -> None:
        super().__init__(seen)
        self.after, self.then = after, then

    def append(self, ids: list[str]) -> None:
        super().append(ids)
        if len(self) == self.after:
            self.then(ids)


def stopped_in_the_middle(world: World, orders: int = 2) -> Batch:
    """A batch whose runner held all its rows when it was stopped, and died."""
    batch = batch_of(world, *[world.order() for _ in range(orders)])
    batch.items.update(state="working", claimed_until=timezone.now() + timedelta(minutes=2))
    cancel(batch, world.user)
    batch.refresh_from_db()
    return batch


def test_what_a_dead_runner_left_of_a_stopped_batch_is_ended(world: World) -> None:
    batch = stopped_in_the_middle(world, orders=3)
    paid, asked, _ = Order.objects.filter(
        pk__in=batch.items.values_list("subject_id", flat=True)
    ).order_by("pk")
    bought = purchase.prepare(paid, world.quotes(paid), batch)
    purchase.buy_label(label_id=bought.pk)
    purchase.write_intent(purchase.prepare(asked, world.quotes(asked), batch))
    resume_stalled()
    assert {state for state, _, _ in rows(batch)} == {"working"}
    die(batch)
    resume_stalled()
    states = dict(batch.items.values_list("subject_id", "state"))
    assert (states.pop(paid.pk), states.pop(asked.pk)) == ("done", "unknown")
    assert list(states.values()) == ["left_out"]
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def test_trying_one_row_again_does_not_buy_what_the_dead_runner_left(world: World) -> None:
    batch = stopped_in_the_middle(world)
    die(batch)
    resume_stalled()
    first, second = batch.items.order_by("position")
    assert retry_item(batch, first, world.user)
    run(batch)
    assert [state for state, _, _ in rows(batch)] == ["done", "left_out"]
    assert len(world.provider.charges) == 1
    assert not Label.objects.filter(order=second.subject_id).exists()


def test_nothing_is_tried_again_while_a_stopped_batch_still_ends(world: World) -> None:
    batch = stopped_in_the_middle(world)
    BatchItem.objects.filter(pk=batch.items.first().pk).update(state="left_out", fix="retry")
    assert retry_failed(batch, world.user) == 0
    assert not retry_item(batch, batch.items.get(state="left_out"), world.user)
    assert "still being finished" in why_not_retried(batch)
    batch.refresh_from_db()
    assert batch.state == "cancelled"


def test_a_label_that_was_ready_when_its_runner_died_is_given_up(world: World) -> None:
    batch = stopped_in_the_middle(world, orders=1)
    order = Order.objects.get(pk=batch.items.get().subject_id)
    label = purchase.prepare(order, world.quotes(order), batch)
    die(batch)
    resume_stalled()
    label.refresh_from_db()
    assert (label.state, rows(batch)) == (
        "dropped",
        [("left_out", "The batch was stopped.", "retry")],
    )
