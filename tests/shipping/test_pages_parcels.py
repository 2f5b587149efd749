"""An order in several parcels on shipping's pages: the panel parcel by parcel, the sheet and the
batch with all of its labels."""

import re
from decimal import Decimal

import pytest
from django.utils import timezone

from core.errors import Rejected
from core.models import Batch
from orders import splitting
from orders.dispatch import request as tell
from orders.models import Order
from orders.plan_notes import note_plans
from shipping import batches
from shipping.labels.purchase import buy_label, prepare
from shipping.models import Label, QuoteSet
from shipping.plan import context_for
from shipping.plan_notes import note_for
from tests.shipping.desks import Desk, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

# A purchase commits its intent before the money moves.
pytestmark = pytest.mark.django_db(transaction=True)

SIZE = {"pounds": "1", "ounces": "2", "length": "6", "width": "4", "height": "2"}


def fresh(order: Order) -> Order:
    return Order.objects.select_related("shop").get(pk=order.pk)


@pytest.fixture
def order(world: World) -> Order:
    """Two SKUs in a parcel each, with rates for both."""
    made = world.order(sku="serum mirror")
    groups = [[line.tiktok_id] for line in made.lines.order_by("pk")]
    splitting.split(made, groups, user=world.user)
    made = fresh(made)
    note = note_for(made, timezone.now(), context_for([made]))
    assert note is not None
    note_plans({made.pk: note})
    return fresh(made)


def panel(desk: Desk, order: Order, query: str = "") -> str:
    answer = desk.get("order-panel", query, part=True, order_id=order.pk)
    assert answer.status_code == 200
    return str(answer.content.decode())


def bought(order: Order, part: int) -> Label:
    """The label of that parcel, whose turn it is."""
    quotes = QuoteSet.objects.filter(order=order, part=part).latest("at")
    label = prepare(fresh(order), quotes)
    buy_label(label_id=label.pk)
    label.refresh_from_db()
    return label


def rate_form(html: str) -> dict[str, str]:
    """What “Use this” of the first rate that is not chosen sends."""
    found = re.search(
        r'name="part" value="(\d)"><input type="hidden" name="quotes" value="(\d+)">'
        r'<button[^>]*name="rate" value="(\d+)"',
        html,
    )
    assert found
    return dict(zip(("part", "quotes", "rate"), found.groups(), strict=True))


def test_the_parcel_in_turn_is_shown_and_the_others_are_a_tab_away(
    desk: Desk, order: Order
) -> None:
    html = panel(desk, order)
    assert "Parcel 1 of 2" in html
    assert re.search(r'\?part=1"[^>]*aria-current="true">Parcel 1<', html)
    assert "Parcel 2 of 2" in panel(desk, order, "?part=2")
    assert "Buy 2 labels · $16.82" in panel(desk, order, "?part=2")


@pytest.mark.parametrize("query", ["?part=9", "?part=0", "?part=x"])
def test_a_parcel_that_there_is_not_is_the_one_in_turn(
    query: str, desk: Desk, order: Order
) -> None:
    assert "Parcel 1 of 2" in panel(desk, order, query)


def test_an_order_in_one_parcel_has_no_tabs_and_no_number(desk: Desk, world: World) -> None:
    html = panel(desk, world.order(), "?part=1")
    assert '<h2 id="parcel-title">Parcel</h2>' in html
    assert 'name="part"' not in html
    assert "Parcels without a label" not in html


def test_a_parcels_own_size_is_kept_for_that_parcel(desk: Desk, order: Order) -> None:
    answer = desk.post("order-parcel", SIZE | {"part": "2"}, part=True, order_id=order.pk)
    assert "Parcel 2 of 2" in text_of(answer)
    assert "entered for this order" in text_of(answer)
    order = fresh(order)
    assert (order.parts[0]["parcel"], order.parts[1]["parcel"]["weight_g"]) == ({}, 510)
    assert order.plan_price == Decimal("16.82")
    answer = desk.post("order-parcel", {"computed": "1", "part": "2"}, order_id=order.pk)
    assert answer["Location"].endswith(f"/orders/{order.pk}/?part=2")
    assert fresh(order).parts[1]["parcel"] == {}


def test_a_size_for_a_parcel_that_was_bought_meanwhile_changes_no_other(
    desk: Desk, order: Order
) -> None:
    bought(order, 1)
    answer = desk.post("order-parcel", SIZE | {"part": "1"}, part=True, order_id=order.pk)
    assert answer.status_code == 422
    assert "parcels changed meanwhile" in text_of(answer)
    assert [one["parcel"] for one in fresh(order).parts] == [{}, {}]


def test_another_rate_for_one_parcel_changes_what_the_order_costs(desk: Desk, order: Order) -> None:
    form = rate_form(panel(desk, order, "?part=2"))
    assert form["part"] == "2"
    answer = desk.post("choose-rate", form, part=True, order_id=order.pk)
    assert "Parcel 2 of 2" in text_of(answer)
    order = fresh(order)
    assert order.plan_price == Decimal("32.61")
    assert order.plan_name == "2 parcels: UPS Ground, FedEx 2Day"
    assert order.part == 1


def test_a_rate_of_a_parcel_that_was_bought_meanwhile_is_not_taken(
    desk: Desk, order: Order
) -> None:
    form = rate_form(panel(desk, order))
    bought(order, 1)
    before = QuoteSet.objects.count()
    answer = desk.post("choose-rate", form, part=True, order_id=order.pk)
    assert answer.status_code == 422
    assert QuoteSet.objects.count() == before


def test_rates_are_asked_for_anew_for_every_parcel(desk: Desk, order: Order) -> None:
    answer = desk.post("requote", {"part": "2"}, part=True, order_id=order.pk)
    assert "Parcel 2 of 2" in text_of(answer)
    assert sorted(order.quote_sets.values_list("part", flat=True)) == [1, 1, 2, 2]


def test_each_label_says_its_parcel_and_whether_tiktok_knows_its_number(
    desk: Desk, order: Order
) -> None:
    first = bought(order, 1)
    html = panel(desk, order)
    assert "Parcel 2 of 2" in html
    assert "Parcels without a label" not in html
    second = bought(order, 2)
    tell(fresh(order), tracking_number=second.tracking_number, carrier="ups", part=2)
    order.dispatches.update(state="done")
    html = panel(desk, order)
    cards = re.split(r"<section", html)
    mine = {
        label: next(c for c in cards if f"label-{label.pk}-title" in c) for label in (first, second)
    }
    assert "parcel 1 of 2" in mine[first]
    assert "parcel 2 of 2" in mine[second]
    known = "TikTok knows its tracking number"
    assert (known in mine[first], known in mine[second]) == (False, True)
    assert "Save and ask for rates" not in html


def test_what_is_bought_already_is_not_in_the_price_of_the_rest(desk: Desk, order: Order) -> None:
    bought(order, 1)
    assert fresh(order).plan_price is None
    assert "Buy this label · $8.41" in panel(desk, order)
    desk.post("requote", {"part": "2"}, part=True, order_id=order.pk)
    assert fresh(order).plan_price == Decimal("8.41")


def test_a_voided_label_of_an_earlier_split_has_no_number(
    desk: Desk, world: World, order: Order
) -> None:
    label = bought(order, 1)
    Label.objects.filter(pk=label.pk).update(state="voided")
    Order.objects.filter(pk=order.pk).update(split_version=9)
    html = panel(desk, order)
    assert "of an earlier split" in html
    assert "parcel 1 of 2</span>" not in html


def test_the_sheet_says_labels_and_orders_where_they_differ(
    desk: Desk, world: World, order: Order
) -> None:
    single = world.order()
    world.quotes(single)
    words = text_of(desk.post("sheet", {"order": [order.pk, single.pk]}, part=True))
    assert "3 labels for 2 orders" in words
    assert "Buy 3 labels · $25.23" in words
    assert "for 1 order" not in text_of(desk.post("sheet", {"order": [single.pk]}, part=True))


def batch_of(world: World, order: Order) -> Batch:
    batch = batches.start(world.workspace, Order.objects.filter(pk=order.pk), world.user)
    batches.run_batch(batch_id=batch.pk)
    batch.refresh_from_db()
    return batch


def rows(desk: Desk, batch: Batch, shown: str) -> list[str]:
    answer = desk.get("batch", f"?show={shown}", batch_id=batch.public_id)
    return re.findall(r"<tr data-row>.*?</tr>", answer.content.decode(), re.DOTALL)


def test_a_batch_shows_every_label_of_the_order(desk: Desk, world: World, order: Order) -> None:
    batch = batch_of(world, order)
    found = rows(desk, batch, "done")
    assert [re.search(r"parcel \d of 2", row)[0] for row in found] == [  # type: ignore[index]
        "parcel 1 of 2",
        "parcel 2 of 2",
    ]
    for label, row in zip(Label.objects.order_by("part"), found, strict=True):
        assert label.tracking_number in row
    page = text_of(desk.get("batch", batch_id=batch.public_id))
    assert "Batch of 1 order" in page
    assert "EasyPost 2 labels" in page


def test_a_batch_that_failed_at_the_second_parcel_shows_what_it_bought(
    desk: Desk, world: World, order: Order
) -> None:
    batch = batches.start(world.workspace, Order.objects.filter(pk=order.pk), world.user)
    quotes = QuoteSet.objects.get(order=order, part=1)
    buy_label(label_id=prepare(fresh(order), quotes, batch).pk)
    world.provider.fail("buy", Rejected("Out of funds.", provider="easypost"))
    batches.run_batch(batch_id=batch.pk)
    (row,) = rows(desk, batch, "problems")
    label = Label.objects.get(state="bought")
    assert "Out of funds." in row
    assert f"Bought: parcel 1 of 2, UPS Ground {label.tracking_number}" in row
    assert rows(desk, batch, "done") == []
