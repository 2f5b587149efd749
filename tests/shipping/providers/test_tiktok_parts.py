"""Parts of an order at TikTok: quoted, bought and found by their lines."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.errors import OutcomeUnknown, Rejected, Unavailable
from shipping.providers.base import Unsupported
from shipping.providers.tiktok import TikTok
from tests.contracts.cases import KEY, SPEC, answers, tiktok
from tests.contracts.tape import Tape, answer, with_value

CASE = tiktok()
PART = replace(SPEC, tiktok_lines=("71", "72"))
OF_PART = replace(CASE.rate, provider_ref=CASE.rate.provider_ref | {"lines": "71,72"})


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def provider(tape: Tape) -> TikTok:
    made = CASE.make(tape)
    assert isinstance(made, TikTok)
    return made


def _packed(items: list[Any], *packages: dict[str, Any]) -> list[httpx.Response]:
    """The order with these line items, then each package in detail."""
    order, package = CASE.find_answers
    shown = with_value(order, ["data", "orders", 0, "line_items"], items)
    named = [{"id": told["package_id"]} for told in packages]
    shown = with_value(shown, ["data", "orders", 0, "packages"], named)
    details = [package | {"data": package["data"] | told} for told in packages]
    return answers((shown, *details))


def _item(line: str, package: str = "", **more: str) -> dict[str, str]:
    return {"id": line, "package_id": package, **more}


def test_a_part_is_quoted_and_bought_by_its_lines(provider: TikTok, tape: Tape) -> None:
    tape.play(answer(CASE.quote_body))
    (rate,) = provider.quote(PART).rates
    assert tape.body()["order_line_item_ids"] == ["71", "72"]
    assert rate == OF_PART
    tape.play(answer(CASE.buy_body))
    provider.buy(PART, rate, key=KEY)
    assert tape.body()["ship_type"] == "2"
    assert tape.body()["order_id"] == SPEC.tiktok_order_ids[0]
    assert tape.body()["order_line_item"] == [{"order_line_id": "71"}, {"order_line_id": "72"}]


@pytest.mark.parametrize("code", [21022025, 21030006, 21030005])
def test_a_label_bought_before_for_a_part_is_unknown_as_well(
    provider: TikTok, tape: Tape, code: int
) -> None:
    tape.play(answer({"code": code, "message": "no", "request_id": "r1"}))
    with pytest.raises(OutcomeUnknown):
        provider.buy(PART, OF_PART, key=KEY)
    assert len(tape.requests) == 1


def test_a_rate_of_other_lines_is_not_bought(provider: TikTok, tape: Tape) -> None:
    for spec, rate in (
        (PART, CASE.rate),
        (SPEC, OF_PART),
        (replace(PART, tiktok_lines=("71",)), OF_PART),
    ):
        with pytest.raises(Unsupported, match="other order lines"):
            provider.buy(spec, rate, key=KEY)
    assert tape.requests == []


def test_another_parts_package_is_not_even_looked_at(provider: TikTok, tape: Tape) -> None:
    items = [_item("70", "21"), _item("71"), _item("72")]
    tape.play(*_packed(items, {"package_id": "21", "order_line_item_ids": ["70"]}))
    assert provider.find(OF_PART, key=KEY) is None
    assert len(tape.requests) == 1


def test_the_package_of_the_parts_lines_is_found_among_others(provider: TikTok, tape: Tape) -> None:
    items = [_item("70", "21"), _item("71", "22"), _item("72", "22")]
    packages = [{"package_id": "22", "order_line_item_ids": ["71", "72"]}]
    tape.play(*_packed(items, *packages))
    found = provider.find(OF_PART, key=KEY)
    assert found is not None
    assert found.provider_label_id == "22"
    assert "duplicates" not in found.extra


def test_a_package_no_line_points_at_is_asked_what_is_in_it(provider: TikTok, tape: Tape) -> None:
    items = [_item("70"), _item("71"), _item("72")]
    tape.play(*_packed(items, {"package_id": "21", "order_line_item_ids": ["70"]}))
    assert provider.find(OF_PART, key=KEY) is None
    tape.play(*_packed(items, {"package_id": "22", "order_line_item_ids": ["72", "71"]}))
    found = provider.find(OF_PART, key=KEY)
    assert found is not None
    assert found.provider_label_id == "22"
    tape.play(*_packed(items, {"package_id": "22"}))
    with pytest.raises(Unavailable):
        provider.find(OF_PART, key=KEY)


def test_a_second_package_of_the_same_lines_is_a_duplicate(provider: TikTok, tape: Tape) -> None:
    items = [_item("70", "21"), _item("71", "22"), _item("72", "23")]
    packages = [{"package_id": "22"}, {"package_id": "23"}]
    tape.play(*_packed(items, *packages))
    found = provider.find(OF_PART, key=KEY)
    assert found is not None
    assert (found.provider_label_id, found.extra["duplicates"]) == ("22", "23")


def test_lines_that_travel_with_others_were_not_bought_as_a_part(
    provider: TikTok, tape: Tape
) -> None:
    items = [_item(line, "22") for line in ("70", "71", "72")]
    tape.play(*_packed(items, {"package_id": "22"}))
    with pytest.raises(Rejected, match="together with others") as elsewhere:
        provider.find(OF_PART, key=KEY)
    assert elsewhere.value.code == "other-lines"


def test_a_cancelled_line_does_not_hide_the_parts_package(provider: TikTok, tape: Tape) -> None:
    items = [_item("71", "22", display_status="CANCELLED"), _item("72", "22")]
    tape.play(*_packed(items, {"package_id": "22"}))
    found = provider.find(OF_PART, key=KEY)
    assert found is not None
    assert found.provider_label_id == "22"


def test_an_order_without_the_parts_lines_proves_nothing(provider: TikTok, tape: Tape) -> None:
    tape.play(*_packed([_item("70")]))
    with pytest.raises(Unavailable):
        provider.find(OF_PART, key=KEY)
