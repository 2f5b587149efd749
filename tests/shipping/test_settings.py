"""Ship-from addresses and boxes: checked, audited, one default; what depends on them follows."""

import pytest
from django_q.models import OrmQ

from core.models import AuditEntry, Role
from orders.models import Order
from shipping.models import LabelAccount, ParcelPreset, ShipFrom
from shipping.views.pictures import HEIGHT, WIDTH, draw
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

ADDRESS = {
    "label": "Garage",
    "name": "Zoë Ångström",
    "street1": "18 Oak Ave",
    "city": "Reno",
    "state": "NV",
    "postal_code": "89501",
    "country": "US",
    "phone": "(775) 555-0134",
}
BOX = {"name": "Box M", "length": "9", "width": "7.25", "height": "4", "weight": "3.2"}


def test_the_page_shows_accounts_addresses_boxes_and_missing_weights(
    desk: Desk, world: World
) -> None:
    factories.sku(world.shop, weight_g=None)
    words = text_of(desk.get("settings"))
    for part in ("Easypost", "Studio", "Mailer", "7.9×5.9×2.4 in", "1 missing"):
        assert part in words


def test_an_empty_workspace_is_told_what_would_be_here(db: None) -> None:
    words = text_of(desk_of(factories.workspace()).get("settings"))
    assert "No address yet" in words
    assert "No account yet" in words
    assert "No box yet" in words


def test_who_may_only_look_sees_no_buttons(world: World) -> None:
    page = desk_of(world.workspace, Role.VIEWER).get("settings").content.decode()
    assert "<form" not in page.split('id="main"')[1].split("</main>")[0]


@pytest.mark.parametrize("part", [False, True])
def test_an_address_is_added_audited_and_said(desk: Desk, part: bool) -> None:
    response = desk.post("address-add", ADDRESS, part=part)
    assert response.status_code == (204 if part else 303)
    kept = ShipFrom.objects.get(label="Garage")
    assert (kept.name, kept.state, kept.is_default) == ("Zoë Ångström", "NV", False)
    assert AuditEntry.objects.filter(action="ship_from.added").count() == 1
    assert desk.told(response) == ["“Garage” is saved."]


def test_the_first_address_is_the_default_by_itself(db: None) -> None:
    workspace = factories.workspace()
    desk_of(workspace).post("address-add", ADDRESS)
    assert ShipFrom.objects.get().is_default


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "Nevadda"}, "“Nevadda” is not a US state"),
        ({"postal_code": "895", "state": "Nevadda"}, "A ZIP code has five digits"),
        ({"postal_code": "10001"}, "The ZIP code 10001 is not in NV"),
        ({"phone": "12345"}, "ten digits"),
        ({"country": "USA"}, "at most 2 characters"),
        ({"country": "1!"}, "two letters"),
        ({"street1": ""}, "required"),
    ],
)
@pytest.mark.parametrize("part", [False, True])
def test_a_wrong_address_comes_back_with_words_and_nothing_is_kept(
    desk: Desk, change: dict[str, str], words: str, part: bool
) -> None:
    response = desk.post("address-add", ADDRESS | change, part=part)
    assert response.status_code == 422
    assert words in text_of(response)
    assert "Zoë Ångström" in response.content.decode()
    assert not ShipFrom.objects.filter(label="Garage").exists()


def test_a_states_name_and_a_number_with_country_code_are_understood(desk: Desk) -> None:
    desk.post("address-add", ADDRESS | {"state": "nevada", "phone": "+1 775 555 0134"})
    assert ShipFrom.objects.get(label="Garage").state == "NV"


def test_other_countries_keep_their_own_forms(desk: Desk) -> None:
    abroad = ADDRESS | {
        "country": "gb",
        "state": "Kent",
        "postal_code": "ME4 4TZ",
        "phone": "01634",
    }
    desk.post("address-add", abroad)
    assert ShipFrom.objects.get(label="Garage").country == "GB"


def test_there_is_one_default_and_it_moves(desk: Desk) -> None:
    desk.post("address-add", ADDRESS)
    garage = ShipFrom.objects.get(label="Garage")
    desk.post("address-default", address_id=garage.pk)
    assert list(ShipFrom.objects.filter(is_default=True)) == [garage]


def test_the_default_is_not_deleted_while_there_are_others(desk: Desk) -> None:
    desk.post("address-add", ADDRESS)
    studio = ShipFrom.objects.get(label="Studio")
    response = desk.post("address-delete", address_id=studio.pk)
    assert "Make another one the default first" in desk.told(response)[-1]
    garage = ShipFrom.objects.get(label="Garage")
    desk.post("address-delete", address_id=garage.pk)
    desk.post("address-delete", address_id=studio.pk)
    assert not ShipFrom.objects.exists()
    assert AuditEntry.objects.filter(action="ship_from.deleted").count() == 2


def test_the_first_address_makes_stuck_orders_ready_and_asks_for_rates(
    desk: Desk, world: World
) -> None:
    order = world.order()
    ShipFrom.objects.all().delete()
    Order.objects.update(stage="fix", blocker="no_ship_from", rate_problem="There is none.")
    OrmQ.objects.all().delete()
    desk.post("address-add", ADDRESS)
    order.refresh_from_db()
    assert (order.stage, order.rate_problem) == ("ready", "")
    names = [task.task["args"][0] for task in OrmQ.objects.all()]
    assert {"shipping.quoting.quote_due", "orders.staging.restage_workspace"} <= set(names)


def test_a_changed_address_shows_its_values_first(desk: Desk) -> None:
    studio = ShipFrom.objects.get()
    assert 'value="2 Oak Ave"' in desk.get("address-edit", address_id=studio.pk).content.decode()
    desk.post("address-edit", ADDRESS | {"is_default": "on"}, address_id=studio.pk)
    studio.refresh_from_db()
    assert (studio.label, studio.is_default) == ("Garage", True)


def test_a_box_is_kept_in_millimetres_and_grams_and_shown_in_inches_and_ounces(desk: Desk) -> None:
    desk.post("preset-add", BOX | {"most_units": "4"})
    box = ParcelPreset.objects.get(name="Box M")
    assert (box.length_mm, box.width_mm, box.height_mm) == (229, 184, 102)
    assert (box.weight_g, box.most_units) == (91, 4)
    page = desk.get("preset-edit", preset_id=box.pk).content.decode()
    for value in ("9", "7.25", "4", "3.2"):
        assert f'value="{value}"' in page


@pytest.mark.parametrize(
    "change",
    [{"length": "0"}, {"width": "109"}, {"height": "flat"}, {"weight": "-1"}, {"most_units": "0"}],
)
def test_a_box_that_cannot_be_comes_back_with_words(desk: Desk, change: dict[str, str]) -> None:
    response = desk.post("preset-add", BOX | change, part=True)
    assert response.status_code == 422
    assert "field__error" in response.content.decode()
    assert not ParcelPreset.objects.filter(name="Box M").exists()


def test_the_first_choice_moves_and_a_box_can_go(desk: Desk) -> None:
    desk.post("preset-add", BOX)
    box = ParcelPreset.objects.get(name="Box M")
    desk.post("preset-default", preset_id=box.pk)
    assert list(ParcelPreset.objects.filter(is_default=True)) == [box]
    desk.post("preset-delete", preset_id=box.pk)
    assert not ParcelPreset.objects.filter(name="Box M").exists()
    assert AuditEntry.objects.filter(action__startswith="parcel.").count() == 3


def test_boxes_are_drawn_to_one_scale_inside_the_frame() -> None:
    small = ParcelPreset(length_mm=100, width_mm=80, height_mm=20)
    large = ParcelPreset(length_mm=305, width_mm=254, height_mm=152)
    drawn = draw([small, large])

    def width_of(points: str) -> float:
        xs = [float(point.split(",")[0]) for point in points.split()]
        return max(xs) - min(xs)

    assert round(width_of(drawn[1].picture.top) / width_of(drawn[0].picture.top), 1) == 3.1
    assert drawn[0].picture.label == ""
    assert drawn[1].picture.label
    for one in drawn:
        for face in (one.picture.top, one.picture.front, one.picture.side):
            for point in face.split():
                x, y = map(float, point.split(","))
                assert 0 <= x <= WIDTH
                assert 0 <= y <= HEIGHT


def test_the_settings_page_costs_the_same_however_many_rows_it_has(
    desk: Desk, world: World, django_assert_max_num_queries: object
) -> None:
    for number in range(6):
        factories.preset(world.workspace, name=f"Box {number}")
        factories.ship_from(world.workspace, label=f"Place {number}", is_default=False)
        LabelAccount.objects.create(workspace=world.workspace, provider="shippo", name=f"S{number}")
    with django_assert_max_num_queries(14):  # type: ignore[operator]
        assert desk.get("settings").status_code == 200
