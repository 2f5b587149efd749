"""Which lines of an order are in which of its parcels, and whose turn it is."""

import pytest

from orders import parts
from orders.models import Order


def two(first: str = "", second: str = "") -> parts.Parts:
    return [parts.entry(["a", "b"], label=first), parts.entry(["c"], label=second)]


@pytest.mark.parametrize(
    ("labels", "turn", "state"),
    [
        (("", ""), 1, ""),
        (("bought", ""), 2, "part"),
        (("", "bought"), 1, "part"),
        (("buying", ""), 2, "part"),
        (("bought", "bought"), 2, "bought"),
        (("unknown", "bought"), 2, "unknown"),
        (("bought", "buying"), 2, "buying"),
        (("elsewhere", ""), 2, ""),
        (("elsewhere", "bought"), 2, "bought"),
        (("gone", "bought"), 2, "bought"),
        (("bought", "gone"), 1, "bought"),
        (("gone", "elsewhere"), 2, ""),
    ],
)
def test_the_first_parcel_without_a_label_is_next_and_the_order_says_how_far_it_is(
    labels: tuple[str, str], turn: int, state: str
) -> None:
    found = two(*labels)
    assert (parts.in_turn(found), parts.label_state(found)) == (turn, state)


def test_an_order_in_one_parcel_needs_one_label_and_holds_all_lines() -> None:
    order = Order(parcel={"weight_g": 1})
    assert (parts.in_turn([]), parts.open_parts(order), parts.later(order)) == (0, [0], [])
    assert parts.lines_of(order) is None
    assert parts.own_parcel(order) == {"weight_g": 1}
    assert parts.name(0, order.parts) == ""


def test_a_view_shows_another_parcel_and_leaves_the_order_alone() -> None:
    order = Order(parts=two(), part=1)
    order.parts[1]["parcel"] = {"weight_g": 7}
    second = parts.view(order, 2)
    assert (second.part, order.part) == (2, 1)
    assert parts.lines_of(second) == {"c"}
    assert parts.own_parcel(second) == {"weight_g": 7}
    assert parts.own_parcel(order) == {}
    assert (parts.later(order), parts.later(second)) == ([2], [1])
    assert parts.name(2, order.parts) == "parcel 2 of 2"


def test_noting_a_label_changes_its_parcel_only_and_a_voided_one_leaves_no_trace() -> None:
    before = two()
    after = parts.noted(before, 2, "bought", "ups", "1Z1")
    assert before == two()
    assert after[0] == before[0]
    assert (after[1]["label"], after[1]["carrier"], after[1]["tracking"]) == (
        ("bought", "ups", "1Z1")
    )
    assert parts.noted(after, 2, "", "ups", "1Z1") == before


ALL = ["a", "b", "c"]


def labels(found: parts.Parts) -> list[str]:
    return [one["label"] for one in found]


def test_a_parcel_whose_items_were_all_cancelled_needs_no_label_until_they_are_back() -> None:
    gone = parts.tidied(two(), ["a", "b"], ALL, [])
    assert labels(gone) == ["", "gone"]
    assert parts.tidied(gone, ALL, ALL, []) == two()


def test_a_bought_parcel_keeps_its_label_whatever_is_cancelled_or_shipped() -> None:
    assert labels(parts.tidied(two("bought", ""), ["c"], ALL, [])) == ["bought", ""]
    assert labels(parts.tidied(two("bought", ""), ALL, ALL, ["a", "b"])) == ["bought", ""]


def test_a_parcel_that_somebody_else_shipped_needs_no_label_until_that_is_taken_back() -> None:
    assert labels(parts.tidied(two(), ALL, ALL, ["a"])) == ["", ""]
    elsewhere = parts.tidied(two(), ALL, ALL, ["a", "b"])
    assert labels(elsewhere) == ["elsewhere", ""]
    assert parts.tidied(elsewhere, ALL, ALL, []) == two()


@pytest.mark.parametrize(
    ("package", "status", "number", "is_shipped"),
    [
        ("", "", "1Z1", False),
        ("p", "TO_FULFILL", "", False),
        ("p", "", "", False),
        ("p", "TO_FULFILL", "1Z1", True),
        ("p", "PROCESSING", "", True),
        ("p", "CANCELLED", "1Z1", False),
    ],
)
def test_a_line_is_shipped_by_its_package_unless_that_was_cancelled(
    package: str, status: str, number: str, is_shipped: bool
) -> None:
    assert parts.is_shipped(package, status, number) is is_shipped


def test_lines_that_are_in_no_parcel_get_one_of_their_own() -> None:
    found = parts.tidied(two("bought", ""), [*ALL, "d"], [*ALL, "d"], [])
    assert found[2]["lines"] == ["d"]
    assert parts.number_of(found) == {"a": 1, "b": 1, "c": 2, "d": 3}


def test_nothing_is_left_where_others_ship_it_or_nobody_wants_it() -> None:
    assert parts.nothing_left(two("elsewhere", "gone"))
    assert not parts.nothing_left(two("elsewhere", ""))
    assert not parts.nothing_left([])
