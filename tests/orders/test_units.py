"""Lines, one per unit, as people read them; and what stands in an order's way in words."""

import pytest

from orders.blockers import BLOCKERS, blocker_of, sentence
from orders.units import group_lines
from tests import factories

pytestmark = pytest.mark.django_db


def test_units_of_one_sku_are_one_group_in_pick_order() -> None:
    order = factories.order(factories.workspace())
    for sku, name in (("2", "b"), ("1", "A"), ("2", "b"), ("2", "b")):
        factories.line(order, sku_id=sku, seller_sku=name)
    order.lines.filter(sku_id="2").first().delete()
    factories.line(order, sku_id="2", seller_sku="b", status="CANCELLED")
    groups = group_lines(order.lines.order_by("id"))
    assert [(g.first.seller_sku, g.quantity, g.live) for g in groups] == [("A", 1, 1), ("b", 3, 2)]


@pytest.mark.parametrize("code", sorted(BLOCKERS))
def test_every_blocker_is_a_sentence(code: str) -> None:
    order = factories.order(factories.workspace(), blocker=code, shipping_type="X")
    words = sentence(order)
    assert words.endswith((".", "anyway.", "”.")) or code == "held"
    assert len(words) > 15


def test_nothing_in_the_way_has_no_words() -> None:
    order = factories.order(factories.workspace())
    assert blocker_of(order) is None
    assert sentence(order) == ""


def test_a_code_from_a_later_version_is_shown_as_it_is() -> None:
    order = factories.order(factories.workspace(), blocker="moon_phase")
    assert "moon_phase" in sentence(order)
