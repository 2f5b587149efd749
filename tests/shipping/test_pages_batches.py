"""Batches on their pages: live while they run, every failure with its cause and one button."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from core.errors import Rejected
from core.models import Batch, BatchItem, Role
from orders.models import Order
from shipping import batches
from shipping.models import Label, PrintFile
from shipping.providers.memory import LOST_AFTER_CHARGE
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

# The runner works in threads, which see only what was committed.
pytestmark = pytest.mark.django_db(transaction=True)


def started(world: World, count: int = 3) -> Batch:
    orders = [world.order() for _ in range(count)]
    for order in orders:
        world.quotes(order)
    chosen = Order.objects.filter(pk__in=[order.pk for order in orders])
    return batches.start(world.workspace, chosen, world.user)


def finished(world: World, count: int = 3) -> Batch:
    batch = started(world, count)
    batches.run_batch(batch_id=batch.pk)
    batch.refresh_from_db()
    return batch


def page(desk: Desk, batch: Batch, query: str = "", *, part: bool = False) -> str:
    response = desk.get("batch", query, part=part, batch_id=batch.public_id)
    assert response.status_code == 200
    return response.content.decode()


def test_a_running_batch_asks_for_its_part_every_second_and_a_finished_one_does_not(
    desk: Desk, world: World
) -> None:
    batch = started(world)
    assert 'hx-trigger="every 1s"' in page(desk, batch)
    batches.run_batch(batch_id=batch.pk)
    after = page(desk, batch)
    assert "every 1s" not in after
    assert "Done" in after


def test_the_part_brings_tables_only_when_they_changed(desk: Desk, world: World) -> None:
    batch = started(world)
    seen = re.search(r"seen=([\w-]+)", page(desk, batch)).group(1)  # type: ignore[union-attr]
    same = page(desk, batch, f"?seen={seen}", part=True)
    assert 'id="batch-live"' in same
    assert "batch-rest" not in same
    batches.run_batch(batch_id=batch.pk)
    changed = page(desk, batch, f"?seen={seen}", part=True)
    assert changed.count('hx-swap-oob="true"') == 2


def test_counts_and_money_come_with_every_part_of_the_bar(desk: Desk, world: World) -> None:
    batch = started(world)
    batches.run_batch(batch_id=batch.pk)
    seen = re.search(r"seen=([\w-]+)", page(desk, batch, part=True))
    assert seen is None  # a finished one asks no more
    Batch.objects.filter(pk=batch.pk).update(state="running")
    seen = re.search(r"seen=([\w-]+)", page(desk, batch))
    assert seen
    part = page(desk, batch, f"?seen={seen[1]}", part=True)
    assert 'id="batch-rest"' not in part
    assert 'id="batch-count-done" hx-swap-oob="true">3</span>' in part
    assert 'id="batch-money" hx-swap-oob="true"' in part
    assert "$25.23" in part


def test_a_finished_batch_prints_and_shows_its_money(desk: Desk, world: World) -> None:
    batch = finished(world)
    words = text_of(desk.get("batch", batch_id=batch.public_id))
    assert "Print all · 3 labels" in words
    assert "EasyPost 3 labels $25.23" in words
    assert "The sheet said $25.23" in words
    assert "UPS Ground" in words
    assert 'data-key="p"' in page(desk, batch)


def test_failures_come_first_with_cause_and_button_and_can_be_tried_one_by_one(
    desk: Desk, world: World
) -> None:
    world.provider.fail("buy", Rejected("The card was declined.", provider="EasyPost"), times=2)
    batch = finished(world)
    words = text_of(desk.get("batch", batch_id=batch.public_id))
    assert words.count("The card was declined.") == 2
    assert "Try 2 again" in words
    item = BatchItem.objects.filter(state="failed").first()
    assert item is not None
    desk.post("batch-retry", {"item": item.pk}, batch_id=batch.public_id)
    states = sorted(batch.items.values_list("state", flat=True))
    assert states == ["done", "failed", "waiting"]
    batches.run_batch(batch_id=batch.pk)
    desk.post("batch-retry", batch_id=batch.public_id)
    batches.run_batch(batch_id=batch.pk)
    assert set(batch.items.values_list("state", flat=True)) == {"done"}
    assert len(world.provider.charges) == 3


def test_there_is_nothing_to_try_again_in_a_batch_that_went_well(desk: Desk, world: World) -> None:
    batch = finished(world, 1)
    item = batch.items.get()
    for data in ({}, {"item": item.pk}):
        response = desk.post("batch-retry", data, batch_id=batch.public_id)
        assert desk.told(response)[-1] == "There is nothing left to try again."
    missing = desk.post("batch-retry", {"item": "x"}, batch_id=batch.public_id)
    assert missing.status_code == 404
    assert len(world.provider.charges) == 1


def test_an_unknown_outcome_is_explained_never_retried_and_asked_about(
    desk: Desk, world: World
) -> None:
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    batch = finished(world, 1)
    words = text_of(desk.get("batch", batch_id=batch.public_id))
    assert "It is never bought again before that is clear" in words
    assert "Ask the provider now" in words
    desk.post("batch-retry", batch_id=batch.public_id)
    assert batch.items.get().state == "unknown"
    label = Label.objects.get()
    response = desk.post("label-ask", {"from": "batch"}, label_id=label.pk)
    assert response["Location"].endswith(f"/batches/{batch.public_id}/")
    assert "It was paid" in desk.told(response)[-1]
    assert batch.items.get().state == "done"
    assert len(world.provider.charges) == 1


def test_what_only_a_person_can_settle_has_a_way_to_settle_it(desk: Desk, world: World) -> None:
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    batch = finished(world, 1)
    Label.objects.update(needs_person_since=timezone.now())
    assert "Settle it" in text_of(desk.get("batch", batch_id=batch.public_id))


def test_a_batch_can_be_stopped_once(desk: Desk, world: World) -> None:
    batch = started(world)
    response = desk.post("batch-stop", batch_id=batch.public_id)
    assert "3 orders were not begun" in desk.told(response)[-1]
    again = desk.post("batch-stop", batch_id=batch.public_id)
    assert "had ended already" in desk.told(again)[-1]
    assert "Left out 3" in text_of(desk.get("batch", batch_id=batch.public_id))
    assert not world.provider.charges


def test_a_batch_whose_worker_is_silent_says_so(desk: Desk, world: World) -> None:
    batch = started(world)
    Batch.objects.update(runner_seen_at=timezone.now() - timedelta(minutes=2))
    assert "No worker has shown itself for 2 m" in text_of(
        desk.get("batch", batch_id=batch.public_id)
    )


def test_what_is_shown_is_in_the_address_and_pages_by_position(desk: Desk, world: World) -> None:
    batch = factories.batch(world.workspace, [factories.order(world.workspace) for _ in range(130)])
    first = desk.get("batch", "?show=open", batch_id=batch.public_id)
    assert len(first.context["rows"]) == 100
    rest = desk.get("batch", f"?show=open&after={first.context['after']}", batch_id=batch.public_id)
    assert [row.item.position for row in rest.context["rows"]] == list(range(101, 131))
    odd = desk.get("batch", "?show=nonsense&after=x", batch_id=batch.public_id)
    assert odd.context["shown"] == "open"


def test_damaged_labels_are_named_beside_the_files(desk: Desk, world: World) -> None:
    batch = finished(world, 2)
    label = Label.objects.first()
    assert label is not None
    damage = {"label": label.pk, "order": label.order.tiktok_id, "reason": "is cut short"}
    PrintFile.objects.update(left_out=[damage])
    assert "the file is cut short" in text_of(desk.get("batch", batch_id=batch.public_id))


def test_a_viewer_sees_the_batch_and_no_buttons(desk: Desk, world: World) -> None:
    batch = finished(world, 1)
    seen = page(desk_of(world.workspace, Role.VIEWER), batch)
    assert "UPS Ground" in seen
    assert "Print all" not in seen
    assert "Stop" not in seen


def test_the_list_pages_through_batches_newest_first(desk: Desk, world: World) -> None:
    made = [factories.batch(world.workspace) for _ in range(35)]
    first = desk.get("batches")
    shown = [row.batch.pk for row in first.context["batches"]]
    assert shown == [batch.pk for batch in reversed(made)][:30]
    place = first.context["after"].replace("+", "%2B")
    second = desk.get("batches", f"?after={place}")
    assert [row.batch.pk for row in second.context["batches"]] == [b.pk for b in made[4::-1]]
    assert desk.get("batches", "?after=nonsense").status_code == 200


def test_the_list_tells_counts_money_and_prints(desk: Desk, world: World) -> None:
    finished(world)
    words = text_of(desk.get("batches"))
    assert "3 of 3" in words
    assert "$25.23" in words
    assert "0 of 1 printed" in words


def test_an_empty_list_says_how_to_get_a_batch(db: None) -> None:
    assert "No batch yet" in text_of(desk_of(factories.workspace()).get("batches"))


def test_list_and_page_cost_the_same_however_much_they_show(
    desk: Desk, world: World, django_assert_max_num_queries: object
) -> None:
    for _ in range(8):
        batch = factories.batch(world.workspace, [factories.order(world.workspace)] * 1)
    finished(world, 4)
    with django_assert_max_num_queries(11):  # type: ignore[operator]
        assert desk.get("batches").status_code == 200
    with django_assert_max_num_queries(19):  # type: ignore[operator]
        desk.get("batch", batch_id=batch.public_id)
