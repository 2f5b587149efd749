"""TikTok's orders with anything in them: mapped, or refused with the one documented error."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from orders.mapping import MappedOrder, Unmappable, map_order
from orders.models import Order
from orders.pages import map_all
from orders.upsert import upsert
from tests import factories
from tests.fuzz.anything import JSON, bounded, every_awkward, is_storable, mutated
from tests.orders import documents

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOCUMENT = documents.order(
    packages=[{"id": "1152"}],
    tracking_number="1Z999",
    fulfillment_priority_level=1,
    seller_note="note",
    release_date=1_795_000_000,
    line_items=[documents.line(sub_item_info=[{"sku_id": "1"}]), documents.line()],
)


def as_read(document: Any) -> Any:
    """The document as the client reads it from TikTok's answer."""
    return orjson.loads(orjson.dumps(document))


def check_mapped(document: dict[str, Any]) -> MappedOrder | None:
    """Every column within what the table takes, or None without a number."""
    try:
        mapped = map_order(document, now=NOW)
    except Unmappable:
        return None
    rows = [mapped.order, *mapped.lines]
    # Parts of bundles are kept as they came; what the database refuses is taken out on the way.
    assert all(is_storable(value) for row in rows for n, value in row.items() if n != "sub_items")
    assert orjson.loads(mapped.order["raw"])
    for row in rows:
        assert 0 < len(row["tiktok_id"]) <= 40
        assert len(row["currency"]) == 3
        for value in row.values():
            if isinstance(value, Decimal):
                assert abs(value) < 10**12
                assert value.as_tuple().exponent == -2
            if isinstance(value, datetime):
                assert value.tzinfo is not None
    return mapped


def test_no_awkward_value_anywhere_in_an_order_breaks_the_mapping() -> None:
    for words, document in every_awkward(DOCUMENT):
        try:
            check_mapped(as_read(document))
        except Exception as error:  # whatever it is, the place is what one wants to know
            raise AssertionError(words) from error


@bounded(300)
@given(mutated(DOCUMENT))
def test_any_json_anywhere_in_an_order_is_mapped_or_has_no_number(document: Any) -> None:
    check_mapped(as_read(document))


@bounded(150)
@given(st.lists(mutated(DOCUMENT) | st.dictionaries(st.text(max_size=5), JSON), max_size=4))
def test_an_order_without_sense_costs_the_others_of_its_page_nothing(page: list[Any]) -> None:
    good = [documents.order() for _ in range(2)]
    mapped = map_all(as_read([good[0], *page, good[1]]), now=NOW)
    numbers = [one.order["tiktok_id"] for one in mapped]
    assert numbers[0] == good[0]["id"]
    assert numbers[-1] == good[1]["id"]


@pytest.mark.django_db
@bounded(40)
@given(st.lists(mutated(DOCUMENT, most=6), min_size=1, max_size=3))
def test_the_database_takes_every_order_that_was_mapped(page: list[Any]) -> None:
    good = documents.order()
    shop = factories.shop(factories.workspace())
    mapped = map_all(as_read([*page, good]), now=NOW)
    with transaction.atomic():
        upsert(shop, mapped, now=NOW)
        kept = set(Order.objects.filter(shop=shop).values_list("tiktok_id", flat=True))
        transaction.set_rollback(True)
    assert kept == {one.order["tiktok_id"] for one in mapped}
    assert good["id"] in kept


@pytest.mark.django_db
def test_the_database_takes_an_order_with_each_awkward_value_in_it() -> None:
    shop = factories.shop(factories.workspace())
    changed = [
        as_read(document) | {"id": f"a{number}"}
        for number, (_, document) in enumerate(every_awkward(DOCUMENT))
    ]
    mapped = map_all(changed, now=NOW)
    for start in range(0, len(mapped), 500):
        upsert(shop, mapped[start : start + 500], now=NOW)
    assert Order.objects.filter(shop=shop).count() == len(changed)
