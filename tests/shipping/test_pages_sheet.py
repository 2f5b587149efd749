"""The confirmation sheet shows what buying would do, and the button buys exactly that, once."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import HttpResponse
from django.utils import timezone
from django_q.models import OrmQ

from core.models import Batch, Role
from orders.models import Order
from shipping.models import QuoteSet
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world


def quoted(world: World, **changes: object) -> Order:
    order = world.order(**changes)  # type: ignore[arg-type]
    world.quotes(order)
    return order


def fields(response: HttpResponse) -> dict[str, str]:
    """The hidden fields of the sheet's form, as a browser would send them."""
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode())
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def sheet(desk: Desk, *orders: Order) -> HttpResponse:
    return desk.post("sheet", {"order": [order.pk for order in orders]}, part=True)


def jobs() -> list[str]:
    return [task.task["args"][0] for task in OrmQ.objects.all()]


def test_it_says_count_total_lanes_carriers_and_the_button_names_them(
    desk: Desk, world: World
) -> None:
    response = sheet(desk, *(quoted(world) for _ in range(3)))
    words = text_of(response)
    for part in (
        "Buy 3 labels",
        "$25.23",
        "$8.41 each",
        "Own label",
        "UPS",
        "Buy 3 labels · $25.23",
    ):
        assert part in words
    assert "data-confirm" in response.content.decode()
    assert "<html" not in response.content.decode()


def test_it_compares_with_the_last_seven_days(desk: Desk, world: World) -> None:
    factories.label(factories.order(world.workspace), account=world.account, cost=Decimal("10.00"))
    assert "16 % less than in the last 7 days ($10.00)" in text_of(sheet(desk, quoted(world)))


def test_left_out_orders_are_grouped_by_reason_with_a_way_to_them(desk: Desk, world: World) -> None:
    held = [world.order(status="ON_HOLD") for _ in range(2)]
    cancelled = world.order(status="CANCELLED")
    response = sheet(desk, quoted(world), *held, cancelled)
    words, page = text_of(response), response.content.decode()
    assert "Left out: 3 orders" in words
    assert "2 The buyer may still cancel" in words
    assert "tab=hold&amp;blocker=on_hold" in page
    assert "tab=all&amp;blocker=cancelled" in page


def test_nothing_to_buy_has_no_button_and_says_why(desk: Desk, world: World) -> None:
    response = sheet(desk, world.order(status="ON_HOLD"))
    assert "Nothing to buy" in text_of(response)
    assert "data-confirm" not in response.content.decode()


def test_a_browser_without_scripts_gets_a_page(desk: Desk, world: World) -> None:
    response = desk.post("sheet", {"order": [quoted(world).pk]})
    assert response.status_code == 200
    assert "<html" in response.content.decode()


def test_orders_without_a_rate_are_waited_for_and_quoting_is_woken_once(
    desk: Desk, world: World
) -> None:
    priced, waiting = quoted(world), world.order()
    OrmQ.objects.all().delete()
    response = sheet(desk, priced, waiting)
    assert "Rates are on their way for 1 order" in text_of(response)
    assert "Buy 1 label · $8.41" in text_of(response)
    assert 'hx-trigger="load delay:2s"' in response.content.decode()
    assert jobs() == ["shipping.quoting.quote_due"]
    world.quotes(waiting)
    again = desk.post("sheet", fields(response), part=True)
    assert "Buy 2 labels · $16.82" in text_of(again)
    assert "hx-trigger" not in again.content.decode()
    assert len(jobs()) == 1


def test_all_matching_is_resolved_on_the_server_in_queue_order_up_to_a_batch(
    desk: Desk,
    world: World,
    settings,  # type: ignore[no-untyped-def]
) -> None:
    settings.BATCH_LIMIT = 2
    orders = [quoted(world) for _ in range(3)]
    Order.objects.filter(pk=orders[0].pk).update(due_at=timezone.now() + timedelta(days=9))
    response = desk.post("sheet", {"all": "1", "filter": "tab=ready"}, part=True)
    words = text_of(response)
    assert "Buy 2 labels" in words
    assert "these are the first 2 that match" in words
    desk.post("buy", fields(response))
    bought = set(Batch.objects.get().items.values_list("subject_id", flat=True))
    assert bought == {orders[1].pk, orders[2].pk}


def test_the_filter_of_the_queue_narrows_all_matching(desk: Desk, world: World) -> None:
    quoted(world, sku="serum")
    quoted(world, sku="mirror")
    query = {"all": "1", "filter": "tab=ready&sku=MIRROR"}
    assert "Buy 1 label " in text_of(desk.post("sheet", query, part=True))


def test_money_does_not_follow_a_filter_that_is_not_valid(desk: Desk, world: World) -> None:
    quoted(world)
    query = {"all": "1", "filter": "tab=ready&least=cheap"}
    assert "The filter is not valid" in desk.post("sheet", query, part=True)["HX-Trigger"]


def test_ten_thousand_ticked_orders_are_an_answer(desk: Desk, world: World) -> None:
    order = quoted(world)
    ids = [*range(10**7, 10**7 + 9_999), order.pk]
    response = desk.post("sheet", {"order": ids}, part=True)
    assert response.status_code == 200
    assert "Buy 1 label " in text_of(response)


@pytest.mark.parametrize("ids", [[], ["x"], ["-1"], ["9" * 30]])
def test_nothing_selected_is_said(desk: Desk, ids: list[str]) -> None:
    response = desk.post("sheet", {"order": ids}, part=True)
    assert response.status_code == 204
    assert "No order is selected." in response["HX-Trigger"]
    assert desk.post("sheet", {"order": ids}).status_code == 303


def test_orders_of_another_workspace_are_not_there(desk: Desk, db: None) -> None:
    stranger = factories.order(factories.workspace())
    assert desk.post("sheet", {"order": [stranger.pk]}, part=True).status_code == 204


def test_what_was_shown_is_what_is_bought(desk: Desk, world: World) -> None:
    orders = [quoted(world) for _ in range(2)]
    shown = fields(sheet(desk, *orders))
    quoted(world)
    response = desk.post("buy", shown, part=True)
    batch = Batch.objects.get()
    assert response["HX-Redirect"].endswith(f"/batches/{batch.public_id}/")
    assert set(batch.items.values_list("subject_id", flat=True)) == {o.pk for o in orders}
    assert batch.created_by == world.user


def test_pressed_twice_it_is_one_batch(desk: Desk, world: World) -> None:
    shown = fields(sheet(desk, quoted(world)))
    first, second = desk.post("buy", shown), desk.post("buy", shown)
    assert first["Location"] == second["Location"]
    assert Batch.objects.count() == 1


def test_two_sheets_are_two_batches(desk: Desk, world: World) -> None:
    order = quoted(world)
    for _ in range(2):
        desk.post("buy", fields(sheet(desk, order)))
    assert Batch.objects.count() == 2


def test_prices_that_went_up_meanwhile_are_shown_before_anything_is_bought(
    desk: Desk, world: World
) -> None:
    order = quoted(world)
    shown = fields(sheet(desk, order))
    QuoteSet.objects.update(expires_at=timezone.now())
    dearer = world.provider.offers[0]
    world.provider.offers = (type(dearer)("ups", "Ground", "UPS Ground", "9.99", 3),)
    world.quotes(order)
    response = desk.post("buy", shown, part=True)
    assert response.status_code == 422
    assert "Prices went up" in text_of(response)
    assert "Buy 1 label · $9.99" in text_of(response)
    assert not Batch.objects.exists()
    assert desk.post("buy", fields(response), part=True).status_code == 204
    assert Batch.objects.count() == 1


def test_prices_that_ran_out_meanwhile_are_asked_for_again(desk: Desk, world: World) -> None:
    shown = fields(sheet(desk, quoted(world)))
    QuoteSet.objects.update(expires_at=timezone.now())
    response = desk.post("buy", shown, part=True)
    assert response.status_code == 422
    assert "Nothing was bought" in text_of(response)
    assert not Batch.objects.exists()


def test_an_order_held_meanwhile_drops_out_and_when_it_was_the_only_one_nothing_is_bought(
    desk: Desk, world: World
) -> None:
    order = quoted(world)
    shown = fields(sheet(desk, order))
    Order.objects.filter(pk=order.pk).update(stage="hold", blocker="on_hold")
    response = desk.post("buy", shown, part=True)
    assert response.status_code == 422
    assert "Left out: 1 order" in text_of(response)
    assert not Batch.objects.exists()


def test_a_sheet_cannot_be_changed_borrowed_or_kept_for_days(
    desk: Desk,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown = fields(sheet(desk, quoted(world)))
    other = desk_of(factories.workspace())
    late = timezone.now().timestamp() + 3 * 3600
    for buyer, offer in ((desk, "forged"), (desk, ""), (other, shown["offer"])):
        assert "too old" in buyer.post("buy", {"offer": offer}, part=True)["HX-Trigger"]
    monkeypatch.setattr("django.core.signing.time.time", lambda: late)
    assert "too old" in desk.post("buy", shown, part=True)["HX-Trigger"]
    assert not Batch.objects.exists()


def test_a_packer_sees_no_sheet_and_buys_nothing(desk: Desk, world: World) -> None:
    packer = desk_of(world.workspace, Role.PACKER)
    shown = fields(sheet(desk, quoted(world)))
    assert packer.post("sheet", {"order": ["1"]}).status_code == 403
    assert packer.post("buy", shown).status_code == 403
    assert not Batch.objects.exists()


def test_the_sheet_costs_the_same_for_one_order_and_for_twenty(
    desk: Desk, world: World, django_assert_max_num_queries: object
) -> None:
    orders = [quoted(world) for _ in range(20)]
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert sheet(desk, *orders).status_code == 200
