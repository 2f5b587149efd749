"""The order's page spreads an order over parcels, shows them, and says what was refused."""

import re

import pytest
from django.test import Client

from core.models import Role
from orders import parts
from orders.label_notes import note_label
from orders.models import BoxMate
from tests import factories
from tests.orders.parcel_desk import (
    DIALOG,
    UPS,
    fresh,
    in_two,
    order_of,
    page,
    rows,
    send,
    spread,
    words,
)
from tests.orders.parcel_desk import abroad as abroad
from tests.orders.parcel_desk import desk as desk
from tests.orders.pressing import told
from tests.shipping.spread import bought
from tests.shops.sandboxed import Connected

ATTRIBUTES = "/fulfillment/*/orders/split_attributes"


def test_with_own_labels_each_product_is_one_choice(desk: Connected, client: Client) -> None:
    html = page(client, order_of(desk, units=2, skus=2))
    assert [len(row.split(",")) for row in rows(html)] == [2, 2]
    assert "Ship in several parcels" in html
    assert "all units of a product in one parcel only" in html


def test_with_tiktoks_labels_each_unit_is_one_choice(desk: Connected, client: Client) -> None:
    html = page(client, order_of(desk, lane="TIKTOK", units=3, skus=1))
    assert [len(row.split(",")) for row in rows(html)] == [1, 1, 1]
    assert "One parcel per item" in html
    assert "TikTok sells a label of its own for each parcel" in html


def test_abroad_it_is_said_that_tiktok_splits_at_once(abroad: Connected, client: Client) -> None:
    html = page(client, order_of(abroad, lane="TIKTOK"))
    assert "TikTok splits the order into packages as soon as you confirm" in html


def test_an_order_of_one_choice_is_not_offered_several_parcels(
    desk: Connected, client: Client
) -> None:
    html = page(client, order_of(desk, units=2, skus=1))
    assert DIALOG not in html
    assert "several parcels" not in html


def test_why_an_order_stays_in_one_parcel_is_said(desk: Connected, client: Client) -> None:
    order = order_of(desk)
    BoxMate.objects.create(order=order, lead=factories.order(desk.workspace))
    html = page(client, order)
    assert DIALOG not in html
    assert "Several parcels are not possible now. It shares a box with other orders" in html


def test_the_chosen_parcels_are_kept_and_shown(desk: Connected, client: Client) -> None:
    order = order_of(desk)
    lines = rows(page(client, order))
    answer = spread(client, order, 3, 1)  # numbers that nobody chose are left out
    assert "It travels in 2 parcels now." in told(answer)
    order = fresh(order)
    assert [one["lines"] for one in order.parts] == [lines[1].split(","), lines[0].split(",")]
    html = words(page(client, order))
    assert "2 parcels" in html
    assert html.count("no label yet") == 2
    assert "One parcel again" in html


def test_what_is_entered_bought_and_shipped_elsewhere_is_shown_by_parcel(
    desk: Connected, client: Client
) -> None:
    order = in_two(client, desk, lane="TIKTOK", units=1)
    bought(order, 1, tracking_number=UPS)
    order = fresh(order)
    size = {"weight_g": 454, "length_mm": 152, "width_mm": 102, "height_mm": 51}
    order.parts = parts.with_parcel(order.parts, 2, size)
    order.parts.append(parts.entry([], label=parts.ELSEWHERE))
    order.save()
    html = words(page(client, order))
    for said in ("label bought", f"UPS {UPS}", "1 of 2 bought", "1 lb", "shipped elsewhere"):
        assert said in html
    assert "One parcel again" not in html


def test_other_parcels_may_be_chosen_while_nothing_is_bought(
    desk: Connected, client: Client
) -> None:
    order = order_of(desk, lane="TIKTOK", units=3, skus=1)
    spread(client, order, 1, 1, 2)
    order = fresh(order)
    html = page(client, order)
    assert re.findall(r'value="(\d)" selected>Parcel', html) == ["1", "1", "2"]
    spread(client, order, 1, 2, 3)
    assert (len(fresh(order).parts), fresh(order).split_version) == (3, 2)


def test_a_refused_choice_comes_back_as_it_was_made(desk: Connected, client: Client) -> None:
    order = order_of(desk)
    answer = spread(client, order, 2, 2)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Several parcels need an item each." in html
    assert "data-open-now" in html
    assert re.findall(r'value="(\d)" selected>Parcel', html) == ["2", "2"]
    assert fresh(order).parts == []


def test_a_choice_made_while_somebody_else_made_one_changes_nothing(
    desk: Connected, client: Client
) -> None:
    order = order_of(desk)
    spread(client, order, 1, 2)
    answer = spread(client, order, 2, 1)  # the dialog was opened before
    assert answer.status_code == 422
    assert "Somebody else chose its parcels meanwhile" in answer.content.decode()
    assert fresh(order).split_version == 1


def test_when_tiktok_does_not_answer_the_choice_is_still_there(
    desk: Connected, client: Client
) -> None:
    order = order_of(desk)
    desk.sandbox.fault("status", path=ATTRIBUTES, status=500, times=9)
    answer = spread(client, order, 2, 1)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was changed here." in html
    assert re.findall(r'value="(\d)" selected>Parcel', html) == ["2", "1"]
    assert fresh(order).parts == []


def test_tiktoks_reason_against_it_is_told(desk: Connected, client: Client) -> None:
    order = order_of(desk)
    desk.sandbox.order(order.tiktok_id, "cancel")
    answer = spread(client, order, 1, 2)
    assert "TikTok does not let this order be split" in answer.content.decode()


def test_it_becomes_one_parcel_again(desk: Connected, client: Client) -> None:
    order = in_two(client, desk)
    answer = send(client, order, "undo")
    assert "It travels in one parcel again." in told(answer)
    assert fresh(order).parts == []
    assert "It travels in one parcel already." in told(send(client, order, "undo"))


def test_abroad_a_split_stays_and_why_is_said(abroad: Connected, client: Client) -> None:
    order = in_two(client, abroad, lane="TIKTOK", units=1)
    html = page(client, order)
    assert 'value="undo"' in html  # read again when it is pressed
    assert DIALOG not in html
    assert "TikTok has no call that puts a split order together again" in html
    assert "no call that puts a split order" in told(send(client, order, "undo"))


def test_an_op_that_there_is_not_is_refused(desk: Connected, client: Client) -> None:
    assert send(client, order_of(desk), "burn").status_code == 400


@pytest.mark.parametrize("op", ["split", "adopt", "undo"])
def test_who_may_only_look_and_who_is_elsewhere_change_nothing(
    op: str, desk: Connected, client: Client
) -> None:
    order = order_of(desk)
    client.force_login(factories.member(desk.workspace, Role.VIEWER))
    assert send(client, order, op).status_code == 403
    assert 'op" value="' not in page(client, order)
    assert "several parcels" not in page(client, order)
    other = factories.workspace("Other")
    client.force_login(factories.member(other))
    assert send(client, order, op).status_code == 404
    answer = client.post(f"/w/{other.slug}/orders/{order.pk}/parcels/", {"op": op})
    assert answer.status_code == 404
    assert fresh(order).parts == []


def test_the_queues_row_says_in_how_many_parcels_and_how_many_are_bought(
    desk: Connected, client: Client
) -> None:
    order = in_two(client, desk, lane="TIKTOK", units=1)
    queue = f"/w/{order.workspace.slug}/queue/?tab=all&q={order.tiktok_id}"
    assert "2 parcels" in client.get(queue).content.decode()
    note_label(order.pk, "bought", "ups", UPS, part=1)
    html = client.get(queue).content.decode()
    assert "1 of 2 bought" in html
    assert UPS not in html  # the rest is still to be bought


def test_a_number_is_corrected_for_the_parcel_it_belongs_to(
    desk: Connected, client: Client
) -> None:
    order = in_two(client, desk)
    for part, number in ((1, UPS), (2, "1Z999AA10123456793")):
        order.dispatches.create(
            part=part, tracking_number=number, carrier="ups", state="done", done_at=order.synced_at
        )
    html = page(client, order)
    assert "Correct the tracking number of parcel 1 of 2" in html
    assert "Correct the tracking number of parcel 2 of 2" in html
    assert len(set(re.findall(r'name="dispatch" value="(\d+)"', html))) == 2
