import pytest

from core.errors import OutcomeUnknown, Rejected, Unavailable
from shops.tiktok_shop.combining import (
    Group,
    Splitting,
    combinable,
    combine,
    split,
    splitting,
    uncombine,
)
from tests.shops.tiktok_shop.wire import Wire, ok

PAIR = Group("77", ("5", "6"))


def test_every_page_of_what_can_be_combined_is_read() -> None:
    first = {"combinable_packages": [{"id": "77", "order_ids": ["5", "6"]}, {"id": "78"}]}
    rest = {"combinable_packages": [{"id": "79", "order_ids": ["7"]}], "next_page_token": ""}
    wire = Wire(ok(first | {"next_page_token": "more"}), ok(rest))
    assert list(combinable(wire.client())) == [PAIR]
    assert wire.query()["page_token"] == "more"


def test_orders_are_combined_and_the_new_package_is_named() -> None:
    wire = Wire(ok({"packages": [{"id": "80", "order_ids": ["6", "5"]}]}))
    assert combine(wire.client(), PAIR).id == "80"
    assert wire.body() == {"combinable_packages": [{"id": "77", "order_ids": ["5", "6"]}]}


def test_a_refusal_inside_an_answer_of_success_is_a_refusal() -> None:
    error = {"code": 21011031, "message": "x", "detail": {"package_id": "77"}}
    with pytest.raises(Rejected, match="can no longer travel"):
        combine(Wire(ok({"packages": [], "errors": [error]})).client(), PAIR)


@pytest.mark.parametrize("data", [{"packages": [{"id": "80", "order_ids": ["5", "9"]}]}, {}])
def test_an_answer_that_names_neither_the_package_nor_a_refusal_leaves_it_unknown(
    data: dict[str, object],
) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        combine(Wire(ok(data)).client(), PAIR)
    assert caught.value.code == "not-combined"


def test_an_error_about_another_package_leaves_it_unknown() -> None:
    error = {"code": 1, "message": "x", "detail": {"package_id": "99"}}
    with pytest.raises(OutcomeUnknown):
        combine(Wire(ok({"errors": [error]})).client(), PAIR)


def test_orders_are_taken_out_of_a_package() -> None:
    wire = Wire(ok({"packages": []}))
    uncombine(wire.client(), package_id="80", order_ids=["6"])
    assert wire.asked == ("POST", "/fulfillment/202309/packages/80/uncombine")
    assert wire.body() == {"order_ids": ["6"]}


def test_what_may_be_split_and_what_must() -> None:
    entry = {"order_id": "5", "can_split": False, "must_split": False, "reason": "cancelled"}
    wire = Wire(ok({"split_attributes": [entry]}))
    assert splitting(wire.client(), ["5"]) == {"5": Splitting("5", False, False, "cancelled")}
    assert wire.query()["order_ids"] == "5"
    with pytest.raises(Unavailable):
        splitting(Wire(ok({})).client(), ["5"])


@pytest.mark.parametrize(
    ("reasons", "words"),
    [
        (
            [{"type": "CATEGORY_ITEM_LIMITATION", "category_id": "601990", "max_count": "2"}],
            ("TikTok takes at most 2 items of one category in one package.",),
        ),
        (
            [{"type": "CATEGORY_ITEM_LIMITATION", "max_count": 1}] * 2,
            ("TikTok takes at most 1 item of one category in one package.",),
        ),
        (
            [{"type": "TOTAL_COUNT_LIMITATION", "max_count": "5"}, {"type": "NEW"}],
            (
                "TikTok takes at most 5 items in one package.",
                "TikTok does not take these items in one package.",
            ),
        ),
        (
            [{"type": "TOTAL_COUNT_LIMITATION", "max_count": "many"}],
            ("TikTok takes fewer items in one package.",),
        ),
        ([], ()),
        (None, ()),
        ("soon", ()),
        ([None, 7], ()),
    ],
)
def test_why_an_order_must_be_split_is_said_in_sentences(
    reasons: object, words: tuple[str, ...]
) -> None:
    entry = {"order_id": "5", "can_split": True, "must_split": True, "must_split_reasons": reasons}
    found = splitting(Wire(ok({"split_attributes": [entry]})).client(), ["5"])["5"]
    assert (found.can, found.must, found.must_because) == (True, True, words)


def test_an_order_is_split_into_packages_in_the_order_given() -> None:
    made = [{"splittable_group_id": "2", "id": "91"}, {"splittable_group_id": "1", "id": "90"}]
    wire = Wire(ok({"packages": made}))
    assert split(wire.client(), order_id="5", groups=[["a", "b"], ["c"]]) == ("90", "91")
    assert wire.body()["splittable_groups"] == [
        {"id": "1", "order_line_item_ids": ["a", "b"]},
        {"id": "2", "order_line_item_ids": ["c"]},
    ]


@pytest.mark.parametrize("data", [{}, {"packages": None}, {"packages": [7]}])
def test_an_answer_without_packages_leaves_it_unknown_whether_an_order_was_split(
    data: dict[str, object],
) -> None:
    with pytest.raises(OutcomeUnknown):
        split(Wire(ok(data)).client(), order_id="5", groups=[["a"], ["b"]])
