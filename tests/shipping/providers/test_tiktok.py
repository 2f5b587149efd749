from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shipping.providers.base import BoughtLabel, LabelFormat, Unsupported
from shipping.providers.memory import one_page_pdf
from shipping.providers.tiktok import TikTok
from tests.contracts.cases import KEY, SPEC, answers, tiktok
from tests.contracts.tape import Tape, answer, with_value, without

CASE = tiktok()
PDF = httpx.Response(200, content=one_page_pdf())


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def provider(tape: Tape) -> TikTok:
    made = CASE.make(tape)
    assert isinstance(made, TikTok)
    return made


def _refusal(code: int) -> httpx.Response:
    return answer({"code": code, "message": "no", "request_id": "r1"})


def _document(url: str, tracking: str = "1Z5R89390357567127") -> httpx.Response:
    data = {"doc_url": url, "tracking_number": tracking}
    return answer({"code": 0, "message": "Success", "data": data})


@pytest.mark.parametrize("code", [21022025, 21030006, 21030005])
def test_a_label_bought_before_or_under_way_is_unknown_and_left_to_the_order(
    provider: TikTok, tape: Tape, code: int
) -> None:
    tape.play(_refusal(code))
    with pytest.raises(OutcomeUnknown) as unknown:
        provider.buy(SPEC, CASE.rate, key=KEY)
    assert unknown.value.code == str(code)
    assert len(tape.requests) == 1


def test_tiktoks_own_time_out_is_unknown(provider: TikTok, tape: Tape) -> None:
    tape.play(_refusal(11001027))
    with pytest.raises(OutcomeUnknown):
        provider.buy(SPEC, CASE.rate, key=KEY)
    assert len(tape.requests) == 1


def test_the_service_tiktok_really_used_counts(provider: TikTok, tape: Tape) -> None:
    other = CASE.quote_body["data"]["shipping_services"][0] | {
        "id": "7000000000000000009",
        "price": "7.10",
        "currency": "dollar",
        "shipping_provider_name": "USPS",
        "shipping_provider_id": "8000000000000000009",
    }
    tape.play(answer(with_value(CASE.buy_body, ["data", "shipping_service_info"], other)))
    label = provider.buy(SPEC, CASE.rate, key=KEY)
    assert (label.carrier, label.service) == ("usps", "7000000000000000009")
    assert label.cost == Money.of("7.10", "USD")
    assert label.extra["shipping_provider_id"] == "8000000000000000009"
    assert label.pending_document


def test_a_purchase_without_a_price_costs_what_was_quoted_and_says_so(
    provider: TikTok, tape: Tape
) -> None:
    tape.play(answer(without(CASE.buy_body, ["data", "shipping_service_info"])))
    label = provider.buy(SPEC, CASE.rate, key=KEY)
    assert (label.cost, label.extra["cost_from"]) == (CASE.rate.price, "quote")
    assert (label.carrier, label.service) == (CASE.rate.carrier, CASE.rate.service)


def test_several_orders_go_into_one_box(provider: TikTok, tape: Tape) -> None:
    orders = (SPEC.tiktok_order_ids[0], "576461413038785753")
    tape.play(answer(CASE.buy_body))
    provider.buy(replace(SPEC, tiktok_order_ids=orders), CASE.rate, key=KEY)
    assert tape.body()["ship_type"] == "3"
    assert tape.body()["order_list_ids"] == list(orders)


def test_a_rate_of_another_order_is_not_bought(provider: TikTok, tape: Tape) -> None:
    with pytest.raises(Unsupported):
        provider.buy(replace(SPEC, tiktok_order_ids=("1",)), CASE.rate, key=KEY)
    assert tape.requests == []


def test_other_formats_and_voids_are_not_offered(provider: TikTok, tape: Tape) -> None:
    for wanted in (LabelFormat.PNG, LabelFormat.ZPL):
        with pytest.raises(Unsupported):
            provider.quote(replace(SPEC, label_format=wanted))
        with pytest.raises(Unsupported):
            provider.buy(replace(SPEC, label_format=wanted), CASE.rate, key=KEY)
    with pytest.raises(Unsupported):
        provider.void(_label())
    assert tape.requests == []


def _found(**changes: Any) -> list[httpx.Response]:
    order, package = CASE.find_answers
    return answers((order, package | {"data": package["data"] | changes}))


def test_a_found_package_carries_its_tracking_number(provider: TikTok, tape: Tape) -> None:
    tape.play(*_found())
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert found.tracking_number == "1Z5R89390357567127"
    assert found.extra["cost_from"] == "quote"


def test_a_package_being_bought_keeps_it_unknown(provider: TikTok, tape: Tape) -> None:
    tape.play(*_found(package_sub_status="RTSING"))
    with pytest.raises(OutcomeUnknown):
        provider.find(CASE.rate, key=KEY)


def test_a_cancelled_package_is_no_label(provider: TikTok, tape: Tape) -> None:
    tape.play(*_found(package_status="CANCELLED"))
    assert provider.find(CASE.rate, key=KEY) is None


def test_a_package_with_a_label_from_elsewhere_is_not_ours(provider: TikTok, tape: Tape) -> None:
    tape.play(*_found(shipping_type="SELLER"))
    with pytest.raises(Rejected, match="from elsewhere"):
        provider.find(CASE.rate, key=KEY)


def test_further_packages_are_named(provider: TikTok, tape: Tape) -> None:
    order, package = CASE.find_answers
    twice = with_value(order, ["data", "orders", 0, "line_items"], [{"package_id": "22"}])
    second = with_value(package, ["data", "package_id"], "22")
    tape.play(*answers((twice, package, second)))
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert found.extra["duplicates"] == "22"


def test_an_order_that_is_not_in_the_answer_proves_nothing(provider: TikTok, tape: Tape) -> None:
    tape.play(answer({"code": 0, "data": {"orders": [{"id": "1", "packages": []}]}}))
    with pytest.raises(Unavailable):
        provider.find(CASE.rate, key=KEY)
    tape.play(*_found(package_id=""))
    with pytest.raises(Unavailable):
        provider.find(CASE.rate, key=KEY)


def test_the_document_brings_the_tracking_number(provider: TikTok, tape: Tape) -> None:
    tape.play(_document("https://open-fs-va.tiktokshop.com/a"), PDF)
    document = provider.document(_label())
    assert document.content == one_page_pdf()
    assert document.tracking_number == "1Z5R89390357567127"
    assert dict(tape.requests[0].url.params)["document_type"] == "SHIPPING_LABEL"
    assert "x-tts-access-token" not in tape.requests[1].headers


def test_a_document_without_number_keeps_the_one_we_had(provider: TikTok, tape: Tape) -> None:
    tape.play(_document("https://open-fs-va.tiktokshop.com/a", ""), PDF)
    label = replace(_label(), tracking_number="1Z879E930346834440")
    assert provider.document(label).tracking_number == "1Z879E930346834440"


def test_a_document_still_being_made_is_asked_for_again_in_three_seconds(
    provider: TikTok, tape: Tape
) -> None:
    tape.play(_refusal(11034037))
    with pytest.raises(Unavailable) as pending:
        provider.document(_label())
    assert pending.value.retry_after == 3
    assert len(tape.requests) == 1


def test_a_document_somewhere_else_is_not_fetched(provider: TikTok, tape: Tape) -> None:
    tape.play(_document("https://169.254.169.254/label"))
    with pytest.raises(Rejected):
        provider.document(_label())
    assert len(tape.requests) == 1


def test_the_sign_in_is_proved_by_the_shops(provider: TikTok, tape: Tape) -> None:
    tape.play(answer({"code": 0, "data": {"shops": [{"id": "1"}]}}))
    found = provider.check()
    assert (found.mode, found.detail) == ("live", "1 authorized shop")


def _label() -> BoughtLabel:
    return CASE.make(Tape(answer(CASE.buy_body))).buy(SPEC, CASE.rate, key=KEY)
