"""Presets: one key gives selected orders parcel, service, account, extras and tags, and is undone."""

from django.http import HttpResponse
from django.utils import timezone

from core.models import AuditEntry, Role
from orders.models import Order
from shipping.models import BulkChange, Preset
from shipping.plan import plan_order
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.rules.conftest import Book, fresh
from tests.shipping.rules.conftest import book as book

FEDEX = {"service": {"carrier": "fedex"}}


def press(desk: Desk, key: int, *orders: Order) -> HttpResponse:
    return desk.post("quick-press", {"key": key, "order": [order.pk for order in orders]})


def service(order: Order) -> str:
    quotes = plan_order(fresh(order), now=timezone.now())
    return str(quotes.rates[quotes.chosen or 0]["service_name"])


def undone(desk: Desk) -> str:
    change = BulkChange.objects.latest("at")
    return desk.told(desk.post("bulk-undo", change_id=change.pk))[-1]


def test_a_preset_is_made_on_the_first_free_key_and_listed(desk: Desk, world: World) -> None:
    factories.quick(world.workspace, key=1)
    assert '<option value="2" selected>2</option>' in desk.get("quick-add").content.decode()
    form = {"key": "2", "name": "Fast", "service": "days", "days": "2", "insurance": "value"}
    desk.post("quick-add", form)
    assert Preset.objects.get(key=2).actions == {
        "service": {"days": 2},
        "insurance": {"of": "value"},
    }
    words = text_of(desk.get("presets"))
    assert "2 Fast Take the cheapest within 2 days, insure it for its value" in words
    answer = desk.post("quick-add", form)
    assert "Another preset has this key." in text_of(answer)
    answer = desk.post("quick-add", {"key": "3", "name": "Empty"})
    assert "nothing is chosen yet" in text_of(answer)


def restored(desk: Desk) -> str:
    entry = AuditEntry.objects.filter(action="preset.deleted").latest("pk")
    return desk.told(desk.post("quick-restore", entry_id=entry.pk))[-1]


def test_a_deleted_preset_is_put_back_with_its_key(desk: Desk, world: World) -> None:
    quick = factories.quick(world.workspace, key=3)
    told = desk.told(desk.post("quick-delete", quick_id=quick.pk))[-1]
    assert "“Fragile” is deleted, key 3 is free." in told
    assert "Undo" in told
    assert not Preset.objects.exists()
    assert restored(desk) == "“Fragile” is on key 3 again."
    again = Preset.objects.get()
    assert (again.pk, again.key, again.actions) == (quick.pk, 3, quick.actions)
    assert "was not put back" in restored(desk)
    assert Preset.objects.count() == 1


def test_a_deleted_preset_takes_no_key_from_another_one(desk: Desk, world: World) -> None:
    desk.post("quick-delete", quick_id=factories.quick(world.workspace, key=3).pk)
    factories.quick(world.workspace, key=3, name="Fast")
    assert restored(desk) == "“Fragile” was not put back: “Fast” is on key 3 now."
    packer = desk_of(world.workspace, Role.PACKER)
    entry = AuditEntry.objects.get(action="preset.deleted")
    assert packer.post("quick-restore", entry_id=entry.pk).status_code == 403
    assert Preset.objects.get().name == "Fast"


def test_a_key_gives_all_of_it_to_the_selected_orders_and_undo_takes_it_back(
    desk: Desk, world: World
) -> None:
    one, two, other = world.order(), world.order(units=2), world.order()
    big = factories.preset(world.workspace, name="Big", length_mm=400, weight_g=100)
    wanted = FEDEX | {"parcel": {"box": big.pk}, "tags": ["x"], "signature": "any"}
    factories.quick(world.workspace, key=4, name="Big", actions=wanted)
    told = desk.told(press(desk, 4, one, two))[-1]
    assert "Preset of 2 orders given “Big”." in told
    assert "Undo" in told
    assert (service(one), service(two), service(other)) == ("FedEx 2Day",) * 2 + ("UPS Ground",)
    assert [fresh(order).parcel["weight_g"] for order in (one, two)] == [300, 500]
    assert fresh(one).tags == ["x"]
    quotes = plan_order(fresh(one), now=timezone.now())
    assert quotes.spec["signature"] == "any"
    assert "By preset 4 “Big”." in quotes.reason["sentence"]
    assert undone(desk) == "Preset of 2 orders set back."
    assert service(one) == "UPS Ground"
    assert (fresh(one).parcel, fresh(one).tags, fresh(one).wish) == ({}, [], {})


def test_a_preset_wins_over_rules_and_over_an_earlier_choice(
    desk: Desk, world: World, book: Book
) -> None:
    order = world.order()
    book.live("UPS", {"service": {"carrier": "ups"}, "signature": "adult"})
    assert service(order) == "UPS Ground"
    factories.quick(world.workspace, key=1, actions=FEDEX | {"signature": "any"})
    press(desk, 1, order)
    assert service(order) == "FedEx 2Day"
    assert plan_order(fresh(order), now=timezone.now()).spec["signature"] == "any"


def test_undo_leaves_what_somebody_changed_since(desk: Desk, world: World) -> None:
    one, two = world.order(), world.order()
    factories.quick(world.workspace)
    press(desk, 1, one, two)
    Order.objects.filter(pk=two.pk).update(tags=["fragile", "mine"])
    assert undone(desk).startswith("Preset of 1 order set back. 1 order changed since")
    assert (fresh(one).tags, fresh(two).tags) == ([], ["fragile", "mine"])


def test_orders_that_cannot_take_it_are_left_out_with_the_reason(desk: Desk, world: World) -> None:
    closed, free = world.order(status="CANCELLED"), world.order()
    factories.quick(world.workspace)
    told = desk.told(press(desk, 1, closed, free))[-1]
    assert "Preset of 1 order given “Fragile”. 1 order left out: The order is cancelled." in told


def test_a_preset_whose_box_is_gone_does_nothing(desk: Desk, world: World) -> None:
    order = world.order()
    factories.quick(world.workspace, actions={"parcel": {"box": 1}, "tags": ["x"]})
    assert "The preset's box is gone." in desk.told(press(desk, 1, order))[-1]
    assert fresh(order).tags == []


def test_a_free_key_and_an_empty_selection_are_said(desk: Desk, world: World) -> None:
    order = world.order()
    assert desk.told(press(desk, 9, order)) == ["There is no preset on key 9 yet."]
    factories.quick(world.workspace)
    assert desk.told(press(desk, 1))[-1] == "No order is selected."


def test_a_packer_presses_what_costs_nothing_only(world: World) -> None:
    order = world.order()
    factories.quick(world.workspace, key=1, name="Tag it")
    factories.quick(world.workspace, key=2, name="By FedEx", actions=FEDEX)
    packer = desk_of(world.workspace, Role.PACKER)
    words = text_of(packer.get("quick-menu", part=True))
    assert "Tag it" in words
    assert "By FedEx" not in words
    assert packer.told(press(packer, 2, order)) == ["Your role does not choose services."]
    assert "given “Tag it”" in packer.told(press(packer, 1, order))[-1]
    owner = desk_of(world.workspace)
    press(owner, 2, order)
    change = BulkChange.objects.latest("at")
    told = packer.told(packer.post("bulk-undo", change_id=change.pk))
    assert told[-1] == "Your role does not choose services."


def test_a_preset_is_deleted_and_its_key_is_free(desk: Desk, world: World) -> None:
    preset = factories.quick(world.workspace)
    told = desk.told(desk.post("quick-delete", quick_id=preset.pk))
    assert "key 1 is free" in told[0]
    assert "No presets yet" in text_of(desk.get("presets"))
