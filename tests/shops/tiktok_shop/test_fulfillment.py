from datetime import UTC, datetime

import pytest

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shops.tiktok_shop.errors import already_done
from shops.tiktok_shop.fulfillment import (
    Line,
    create_package,
    mark_package_shipped,
    query_shipping_services,
    shipping_document,
    update_shipping_info,
    validate_tracking,
)
from shops.tiktok_shop.measures import Size
from tests.shops.tiktok_shop.wire import Wire, ok, refusal

BOX = Size(length_mm=254, width_mm=152, height_mm=40)
PARCEL = {
    "weight": {"value": "340", "unit": "GRAM"},
    "dimension": {"length": "25.4", "width": "15.2", "height": "4", "unit": "CM"},
}


def test_an_own_labels_number_is_pushed_for_the_whole_order() -> None:
    wire = Wire(ok({"package_id": "77", "warning": {"message": "match more than one provider"}}))
    answer = mark_package_shipped(
        wire.client(), order_id="57", tracking_number="1Z9", shipping_provider_id="9"
    )
    assert wire.asked == ("POST", "/fulfillment/202309/orders/57/packages")
    assert wire.body() == {"tracking_number": "1Z9", "shipping_provider_id": "9"}
    assert answer["package_id"] == "77"
    assert answer["warning"]["message"] == "match more than one provider"


def test_lines_are_named_plainly_and_parts_of_bundles_by_both_ids() -> None:
    wire = Wire(ok())
    push = {"order_id": "57", "tracking_number": "1Z9", "shipping_provider_id": "9"}
    mark_package_shipped(wire.client(), **push, lines=[Line("1"), Line("2")])
    assert wire.body()["order_line_item_ids"] == ["1", "2"]
    mark_package_shipped(wire.client(), **push, lines=[Line("1", "11"), Line("2")])
    assert wire.body()["order_line_list"] == [
        {"order_line_id": "1", "sub_item_id": "11"},
        {"order_line_id": "2"},
    ]
    assert "order_line_item_ids" not in wire.body()


def test_shipping_twice_is_refused_recognisably_and_asked_once() -> None:
    wire = Wire(refusal(21011006))
    with pytest.raises(Rejected, match="already shipped") as caught:
        mark_package_shipped(
            wire.client(), order_id="57", tracking_number="1Z9", shipping_provider_id="9"
        )
    assert already_done(caught.value)
    assert len(wire.requests) == 1


def test_tracking_is_corrected_on_the_package_or_the_order_never_both() -> None:
    wire = Wire(ok())
    new = {"tracking_number": "1Z8", "shipping_provider_id": "9"}
    update_shipping_info(wire.client(), **new, package_id="77")
    assert wire.asked == ("POST", "/fulfillment/202309/packages/77/shipping_info/update")
    update_shipping_info(wire.client(), **new, order_id="57")
    assert wire.asked == ("POST", "/fulfillment/202309/orders/57/shipping_info/update")
    assert wire.body() == new
    for both in ({}, {"package_id": "1", "order_id": "2"}):
        with pytest.raises(ValueError, match="package or the order"):
            update_shipping_info(wire.client(), **new, **both)


@pytest.mark.parametrize(
    ("answer", "tiktoks"),
    [
        ({"is_tiktok_shipping": False, "is_tiktok_collection": False}, False),
        ({"is_tiktok_shipping": True}, True),
        ({"is_tiktok_shipping": False, "is_tiktok_collection": True}, True),
    ],
)
def test_a_number_of_tiktoks_own_label_is_recognised(
    answer: dict[str, bool], tiktoks: bool
) -> None:
    wire = Wire(ok(answer))
    assert validate_tracking(wire.client(), tracking_number="1Z9") is tiktoks
    assert wire.asked == ("GET", "/fulfillment/202508/tts_tracking_validation")
    assert wire.query() == {"tracking_number": "1Z9"}


def test_a_validation_without_an_answer_is_no_validation() -> None:
    with pytest.raises(Unavailable):
        validate_tracking(Wire(ok({})).client(), tracking_number="1Z9")


def test_services_are_quoted_in_grams_and_centimetres_and_answered_as_money() -> None:
    offered = {
        "id": "28",
        "name": "UPS Ground",
        "price": "6.07",
        "currency": "USD",
        "earliest_delivery_days": 2,
        "latest_delivery_days": "5",
        "is_default": True,
        "shipping_provider_id": "9",
        "shipping_provider_name": "UPS",
        "signature_fee": "1",
    }
    wire = Wire(ok({"shipping_services": [offered]}))
    (service,) = query_shipping_services(wire.client(), order_id="57", weight_g=340, size=BOX)
    assert wire.asked == ("POST", "/fulfillment/202309/orders/57/shipping_services/query")
    assert wire.body() == PARCEL
    assert service.price == Money.of("6.07", "USD")
    assert (service.id, service.provider_id, service.provider_name) == ("28", "9", "UPS")
    assert (service.is_default, service.earliest_days, service.latest_days) == (True, 2, 5)
    assert service.raw["signature_fee"] == "1"


@pytest.mark.parametrize(
    ("told", "price"),
    [
        ({"price": "10", "currency": "dollar"}, Money.of("10", "USD")),
        ({"price": "10", "currency": "GBP"}, Money.of("10", "GBP")),
        ({"price": "ten", "currency": "USD"}, None),
        ({"price": "NaN", "currency": "USD"}, None),
        ({"price": 1.5, "currency": "USD"}, None),
        ({"price": True, "currency": "USD"}, None),
        ({"price": "10"}, None),
        ({}, None),
    ],
)
def test_a_price_that_cannot_be_read_is_none_and_the_service_stays(
    told: dict[str, object], price: Money | None
) -> None:
    wire = Wire(ok({"shipping_services": [{"id": "1", "name": "Odd", **told}]}))
    (service,) = query_shipping_services(wire.client(), order_id="57", weight_g=1, size=BOX)
    assert service.price == price
    assert service.latest_days is None


def test_a_label_is_bought_for_a_whole_order() -> None:
    info = {"id": "28", "name": "UPS Ground", "price": "6.10", "currency": "USD"}
    wire = Wire(ok({"package_id": "77", "shipping_service_info": info, "create_time": 1623812664}))
    bought = create_package(wire.client(), order_id="57", service_id="28", weight_g=340, size=BOX)
    assert wire.asked == ("POST", "/fulfillment/202512/packages")
    assert wire.body() == {
        "ship_type": "1",
        "order_id": "57",
        "shipping_service_id": "28",
        **PARCEL,
    }
    assert bought.package_id == "77"
    assert bought.service is not None
    assert bought.service.price == Money.of("6.10", "USD")
    assert bought.created_at == datetime(2021, 6, 16, 3, 4, 24, tzinfo=UTC)


def test_part_of_an_order_and_several_orders_have_their_own_ship_types() -> None:
    wire = Wire(ok({"package_id": "77"}))
    bought = create_package(
        wire.client(), order_id="57", lines=[Line("1", "11")], weight_g=340, size=BOX
    )
    assert wire.body() == {
        "ship_type": "2",
        "order_id": "57",
        "order_line_item": [{"order_line_id": "1", "sub_item_id": "11"}],
        **PARCEL,
    }
    assert (bought.service, bought.created_at) == (None, None)
    create_package(wire.client(), order_ids=["57", "58"], weight_g=340, size=BOX)
    assert wire.body() == {"ship_type": "3", "order_list_ids": ["57", "58"], **PARCEL}


def test_a_purchase_that_names_nothing_or_weighs_nothing_is_not_sent() -> None:
    wire = Wire(ok({"package_id": "77"}))
    with pytest.raises(ValueError, match="name the order"):
        create_package(wire.client(), weight_g=340, size=BOX)
    with pytest.raises(ValueError, match="not both"):
        create_package(wire.client(), order_id="1", order_ids=["2"], weight_g=340, size=BOX)
    with pytest.raises(ValueError, match="weighs"):
        create_package(wire.client(), order_id="1", weight_g=0, size=BOX)
    with pytest.raises(ValueError, match="side"):
        create_package(wire.client(), order_id="1", weight_g=1, size=Size(0, 1, 1))
    assert wire.requests == []


def test_a_purchase_answered_without_a_package_is_unknown_not_failed() -> None:
    wire = Wire(ok({}))
    with pytest.raises(OutcomeUnknown):
        create_package(wire.client(), order_id="57", weight_g=340, size=BOX)
    assert len(wire.requests) == 1


def test_a_label_document_is_an_address_that_stays_out_of_logs() -> None:
    wire = Wire(ok({"doc_url": "https://files.example/a?sig=1", "tracking_number": "1Z9"}))
    document = shipping_document(wire.client(), package_id="77")
    assert document.url == "https://files.example/a?sig=1"
    assert document.tracking_number == "1Z9"
    assert "sig=1" not in repr(document)
    assert wire.asked == ("GET", "/fulfillment/202309/packages/77/shipping_documents")
    assert wire.query() == {"document_type": "SHIPPING_LABEL", "document_size": "A6"}


@pytest.mark.parametrize("url", ["", None, "file:///etc/passwd", "ftp://x"])
def test_a_document_without_a_web_address_is_unreadable(url: object) -> None:
    with pytest.raises(Unavailable):
        shipping_document(Wire(ok({"doc_url": url})).client(), package_id="77")
