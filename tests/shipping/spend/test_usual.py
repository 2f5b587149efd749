"""What parcels usually cost, learned from the workspace's own labels."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.money import Money
from shipping.models import UsualPrice
from shipping.spend import usual
from shipping.spend.usual import Parcel, kind_of, kind_words
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend.money import past, quoted

pytestmark = pytest.mark.django_db

SMALL = {"length_mm": 150, "width_mm": 100, "height_mm": 50}


@pytest.mark.parametrize(
    ("grams", "words"),
    [
        (10, "up to 4 oz"),
        (113, "up to 4 oz"),
        (114, "4 to 8 oz"),
        (340, "8 to 12 oz"),
        (453, "12 oz to 1 lb"),
        (454, "1 to 2 lb"),
        (2000, "2 to 5 lb"),
        (9000, "10 to 20 lb"),
        (9999, "above 20 lb"),
    ],
)
def test_a_kind_is_a_weight_step_in_words(grams: int, words: str) -> None:
    assert kind_words(kind_of({"weight_g": grams} | SMALL)) == words


def test_a_large_box_is_a_kind_of_its_own() -> None:
    large = {"weight_g": 10, "length_mm": 400, "width_mm": 400, "height_mm": 400}
    assert kind_words(kind_of(large)) == "up to 4 oz, in a large box"


def test_the_middle_price_of_the_last_30_days_is_usual(world: World) -> None:
    past(world, 7, "8.00")
    past(world, 2, "99.00")
    row = UsualPrice.objects.get(service="UPS Ground")
    assert (row.median, row.count, row.area) == (Decimal("8.00"), 9, "US7")


def test_fewer_than_eight_parcels_say_nothing(world: World) -> None:
    past(world, 7)
    assert not UsualPrice.objects.exists()


def test_what_is_older_than_30_days_is_forgotten(world: World) -> None:
    for label in past(world, 10):
        label.settled_at = timezone.now() - timedelta(days=31)
        label.save(update_fields=["settled_at"])
    assert usual.refresh(world.workspace.pk, now=timezone.now()) == 0


def test_other_services_and_areas_stand_in_where_there_were_too_few(world: World) -> None:
    past(world, 10, "8.00")
    found = usual.usuals_of(world.workspace)
    kind = kind_of(quoted(world).quote_sets.get().spec["parcel"])
    same = found.of(Parcel("UPS Ground", kind, "US7"), "USD")
    other_service = found.of(Parcel("FedEx 2Day", kind, "US7"), "USD")
    elsewhere = found.of(Parcel("FedEx 2Day", kind, "US0"), "USD")
    assert same
    assert other_service
    assert elsewhere
    assert same.words == "UPS Ground, 4 to 8 oz, to ZIP 7…"
    assert other_service.words == "parcels of 4 to 8 oz to ZIP 7…"
    assert elsewhere.words == "parcels of 4 to 8 oz"
    assert {same.price, elsewhere.price} == {Money.of("8.00", "USD")}
    assert found.of(Parcel("UPS Ground", kind + 1, "US7"), "USD") is None
    assert found.of(Parcel("UPS Ground", kind, "US7"), "GBP") is None


def test_the_job_learns_where_labels_were_bought_and_not_twice_in_a_row(world: World) -> None:
    for label in past(world):
        label.settled_at = timezone.now()
        label.save(update_fields=["settled_at"])
    UsualPrice.objects.all().delete()
    assert usual.refresh_due() == 1
    assert UsualPrice.objects.exists()
    assert usual.refresh_due() == 0


def test_a_workspace_never_compares_with_another_ones_prices(world: World) -> None:
    past(world)
    kind = kind_of(quoted(world).quote_sets.get().spec["parcel"])
    parcel = Parcel("UPS Ground", kind, "US7")
    assert usual.usuals_of(world.workspace).of(parcel, "USD")
    assert usual.usuals_of(factories.workspace()).of(parcel, "USD") is None
