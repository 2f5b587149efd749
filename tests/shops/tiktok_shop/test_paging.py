from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from core.errors import NotAuthorized, Rejected, Unavailable
from shops.tiktok_shop.errors import PageTokenRefused
from shops.tiktok_shop.orders import search_orders
from shops.tiktok_shop.paging import read_list, read_page, window
from tests.shops.tiktok_shop.wire import NOW, Wire, ok, refusal


def page(*ids: str, token: str = "", total: int = 3) -> httpx.Response:
    return ok({"orders": [{"id": i} for i in ids], "next_page_token": token, "total_count": total})


def test_pages_follow_the_token_to_the_empty_one_with_the_same_filter() -> None:
    wire = Wire(page("1", token="a/b+c=="), page("2", token="t2"), page("3"))
    pages = list(search_orders(wire.client(), updated_since=NOW, page_size=1))
    assert [item["id"] for one in pages for item in one.items] == ["1", "2", "3"]
    assert [one.total for one in pages] == [3, 3, 3]
    assert [request.url.params.get("page_token") for request in wire.requests] == [
        None,
        "a/b+c==",
        "t2",
    ]
    assert len({request.content for request in wire.requests}) == 1
    assert "page_token=a%2Fb%2Bc%3D%3D" in str(wire.requests[1].url)


def test_a_page_is_asked_for_only_when_the_one_before_was_taken() -> None:
    wire = Wire(page("1", token="t1"), page("2"))
    pages = search_orders(wire.client())
    next(pages)
    assert len(wire.requests) == 1


def test_a_list_can_be_taken_up_at_a_token() -> None:
    wire = Wire(page("2"))
    list(search_orders(wire.client(), page_token="t1"))
    assert wire.last.url.params["page_token"] == "t1"


def test_an_empty_list_is_one_empty_page() -> None:
    (only,) = search_orders(Wire(ok({"next_page_token": "", "orders": None})).client())
    assert only.items == []
    assert only.total is None


@pytest.mark.parametrize("code", [36009004, 38023048, 21001001])
def test_a_refused_page_token_says_start_again(code: int) -> None:
    wire = Wire(page("1", token="t1"), refusal(code, "Invalid page token"))
    pages = search_orders(wire.client())
    next(pages)
    with pytest.raises(PageTokenRefused) as caught:
        next(pages)
    assert isinstance(caught.value, Rejected)
    assert caught.value.code == str(code)


def test_the_same_refusal_of_a_first_page_is_about_the_filter() -> None:
    with pytest.raises(Rejected) as caught:
        next(search_orders(Wire(refusal(36009004, "bad body")).client()))
    assert not isinstance(caught.value, PageTokenRefused)


def test_other_refusals_in_mid_list_keep_their_meaning() -> None:
    for code, kind in ((12052180, Rejected), (105001, NotAuthorized), (36009003, Unavailable)):
        wire = Wire(page("1", token="t1"), refusal(code))
        pages = search_orders(wire.client())
        next(pages)
        with pytest.raises(kind) as caught:
            next(pages)
        assert not isinstance(caught.value, PageTokenRefused)


def test_a_token_that_leads_back_to_itself_ends_instead_of_looping() -> None:
    with pytest.raises(PageTokenRefused):
        list(search_orders(Wire(page("1", token="t1")).client()))


@pytest.mark.parametrize("nonsense", ["text", [1, 2], {"a": 1}])
def test_a_list_that_is_none_is_unreadable(nonsense: object) -> None:
    with pytest.raises(Unavailable):
        next(search_orders(Wire(ok({"orders": nonsense})).client()))


def test_a_window_never_loses_a_fraction_of_a_second() -> None:
    since = datetime(2026, 1, 1, 0, 0, 0, 900_000, tzinfo=UTC)
    fields = window("update_time", since, since + timedelta(seconds=1))
    start = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
    assert fields == {"update_time_ge": start, "update_time_lt": start + 2}


def test_times_need_a_zone_and_any_zone_will_do() -> None:
    plus_nine = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert window("t", plus_nine, None) == window("t", datetime(2026, 1, 1, tzinfo=UTC), None)
    with pytest.raises(ValueError, match="zone"):
        window("t", datetime(2026, 1, 1), None)  # noqa: DTZ001 - the mistake on trial


@pytest.mark.parametrize("data", [{"total_count": 0}, {"next_page_token": ""}])
def test_a_page_that_says_so_is_empty_without_a_list(data: dict[str, object]) -> None:
    assert read_page(data, "orders").items == []


@pytest.mark.parametrize("data", [{}, {"orders": None, "total_count": None}, {"total_count": 3}])
def test_a_page_without_its_list_is_not_taken_for_an_empty_one(data: dict[str, object]) -> None:
    with pytest.raises(Unavailable):
        read_page(data, "orders")


def test_a_list_in_one_piece_has_to_be_there() -> None:
    assert read_list({"warehouses": []}, "warehouses") == []
    for damaged in ({}, {"warehouses": None}, {"warehouses": [None]}, {"warehouses": {}}):
        with pytest.raises(Unavailable):
            read_list(damaged, "warehouses")
