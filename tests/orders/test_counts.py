"""How many: exact as far as people count, and no further."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import Workspace
from core.money import Money
from orders import counts, paging, parts
from orders.models import Order
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk() -> Workspace:
    return factories.workspace()


def test_each_tab_counts_its_own_orders_in_one_query(desk) -> None:
    now = timezone.now()
    for stage in ("ready", "ready", "hold", "fix", "bought", "shipped", "closed"):
        factories.order(desk, stage=stage)
    factories.order(desk, stage="bought", due_at=now + timedelta(hours=11))
    factories.order(factories.workspace(), stage="ready")
    with CaptureQueriesContext(connection) as caught:
        found = counts.tab_counts(desk, now=now)
    assert len(caught) == 1
    assert found == {
        "ready": 2, "late": 1, "hold": 1, "fix": 1, "bought": 2, "shipped": 1, "all": 8
    }  # fmt: skip


def test_counting_stops_where_people_stop_reading(desk, monkeypatch) -> None:
    monkeypatch.setattr(counts, "MOST", 3)
    for _ in range(6):
        factories.order(desk, plan_price="1.00", plan_currency="USD")
    assert counts.tab_counts(desk, now=timezone.now())["ready"] == 4
    found = counts.tally(Order.objects.of(desk))
    assert found == counts.Tally(3, is_open=True)
    assert found.words == "3+"


def test_of_a_long_list_only_the_newest_part_is_counted_where_it_has_enough(
    desk, monkeypatch
) -> None:
    monkeypatch.setattr(paging, "RECENT", 6)
    monkeypatch.setattr(counts, "PAGE", 2)
    now = timezone.now()
    for n in range(12):
        text = "serum" if n % 2 else "mirror rare" if n > 9 else "mirror"
        factories.order(desk, due_at=now - timedelta(hours=n), search_text=text)
    among = Order.objects.of(desk)
    assert counts.tally(among.search("serum"), among=among).words == "3+"
    assert counts.tally(among.search("serum")).words == "6"
    assert counts.tally(among.search("rare"), among=among).words == "1"


def test_orders_that_are_all_there_are_tell_their_own_tally(desk) -> None:
    assert counts.tally_of([]) == counts.Tally(0)
    for _ in range(2):
        factories.order(desk, plan_price="4.98", plan_currency="USD")
    rows = list(Order.objects.of(desk))
    assert counts.tally_of(rows) == counts.tally(Order.objects.of(desk))
    assert counts.tally_of(rows).price == Money(Decimal("9.96"), "USD")
    factories.order(desk)
    assert counts.tally_of(list(Order.objects.of(desk))).price is None


def test_of_an_order_in_several_parcels_each_open_one_is_a_label(desk) -> None:
    three = [parts.entry(["1"]), parts.entry(["2"]), parts.entry(["3"], label="bought")]
    shipped = [parts.entry(["4"], label="elsewhere"), parts.entry(["5"], label="gone")]
    factories.order(desk, parts=three, part=1)
    factories.order(desk, parts=shipped, part=2)
    factories.order(desk)
    found = counts.tally(Order.objects.of(desk))
    assert (found.count, found.words, found.labels) == (3, "3", "4 labels")
    assert counts.tally_of(list(Order.objects.of(desk))) == found
    assert counts.Tally(1).labels == "1 label"
    assert counts.Tally(1000, is_open=True, further=2).labels == "1,002+ labels"


def test_a_price_is_said_only_when_it_is_the_whole_price(desk) -> None:
    orders = Order.objects.of(desk)
    assert counts.tally(orders) == counts.Tally(0)
    factories.order(desk, plan_price="4.98", plan_currency="USD")
    factories.order(desk, plan_price="5.00", plan_currency="USD")
    assert counts.tally(orders) == counts.Tally(2, Money(Decimal("9.98"), "USD"))
    unpriced = factories.order(desk)
    assert counts.tally(orders) == counts.Tally(3)
    unpriced.delete()
    factories.order(desk, plan_price="1.00", plan_currency="XTS")
    assert counts.tally(orders) == counts.Tally(3)


def test_reasons_are_counted_the_most_frequent_first(desk) -> None:
    for blocker in ("bad_address", "no_weight", "no_weight"):
        factories.order(desk, stage="fix", blocker=blocker)
    assert list(counts.blocker_counts(Order.objects.of(desk)).items()) == [
        ("no_weight", 2),
        ("bad_address", 1),
    ]
