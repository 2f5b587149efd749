"""What a scan does to the order on the bench, as values."""

import pytest

from shipping.bench.scan import (
    Does,
    Item,
    Known,
    State,
    applied,
    choices,
    plain,
    step,
)

SERUM = Item("1", "Glow Serum", 2, frozenset({"SERUM-30", "1"}))
BALM = Item("2", "Lip Balm", 1, frozenset({"BALM", plain("012345678905")}))
OPEN = State("5769", (SERUM, BALM))


def after(*codes: str, state: State = OPEN) -> State:
    for code in codes:
        state = applied(state, step(state, code))
    return state


def test_each_unit_is_verified_and_the_last_one_completes_the_order() -> None:
    state = OPEN
    seen = []
    for code in ("SERUM-30", "balm", "serum-30"):
        done = step(state, code)
        seen.append(done.does)
        state = applied(state, done)
    assert seen == [Does.VERIFIED, Does.VERIFIED, Does.COMPLETE]
    assert state.is_packed


def test_the_words_say_how_far_the_item_is() -> None:
    assert step(OPEN, "SERUM-30").words == "Glow Serum: 1 of 2."


@pytest.mark.parametrize("code", ["012345678905", "0012345678905", " 12345678905 "])
def test_a_upc_an_ean_and_blanks_around_are_one_barcode(code: str) -> None:
    assert step(OPEN, code).item == "2"


def test_one_unit_too_many_is_refused() -> None:
    done = step(after("BALM"), "BALM")
    assert done.does is Does.WRONG
    assert "One too many" in done.words
    assert not done.quantity


def test_an_item_of_another_order_is_refused_by_its_name() -> None:
    done = step(OPEN, "MASK", Known(sku="Night Mask"))
    assert (done.does, done.words) == (
        Does.WRONG,
        "Wrong item: Night Mask is not in this order.",
    )


def test_an_unknown_code_is_asked_about_and_taught_by_its_number() -> None:
    asked = step(OPEN, "999", Known())
    assert asked.does is Does.ASKED
    state = State("5769", (SERUM, BALM), asked="999")
    done = step(state, "2")
    assert (done.item, done.quantity, done.teaches) == ("2", 1, "999")


def test_only_items_that_are_not_complete_are_offered_for_an_unknown_code() -> None:
    assert [item.key for item in choices(after("BALM"))] == ["1"]


@pytest.mark.parametrize("code", ["0", "/no"])
def test_none_of_them_forgets_the_unknown_code(code: str) -> None:
    done = step(State("5769", (SERUM,), asked="999"), code)
    assert (done.does, done.teaches) == (Does.SAID, "")


def test_a_number_that_is_not_on_the_screen_is_refused() -> None:
    assert step(State("5769", (SERUM,), asked="999"), "7").does is Does.REFUSED


def test_many_equal_units_are_entered_as_an_amount_of_the_item_scanned_last() -> None:
    jar = Item("3", "Jar", 12, frozenset({"JAR"}))
    state = after("JAR", state=State("5769", (jar,)))
    done = step(state, "*12")
    assert (done.does, done.quantity) == (Does.COMPLETE, 11)
    assert applied(state, done).verified == 12


def test_an_amount_corrects_downwards_too() -> None:
    jar = Item("3", "Jar", 12, frozenset({"JAR"}))
    state = after("JAR", "*5", state=State("5769", (jar,)))
    assert step(state, "*3").quantity == -2


@pytest.mark.parametrize("code", ["*0", "*", "*x", "*13", "*1000"])
def test_an_amount_that_cannot_be_verifies_nothing(code: str) -> None:
    jar = Item("3", "Jar", 12, frozenset({"JAR"}))
    state = after("JAR", state=State("5769", (jar,)))
    done = step(state, code)
    assert done.does in (Does.REFUSED, Does.WRONG)
    assert not done.quantity


def test_an_amount_needs_a_scanned_unit_first() -> None:
    assert step(OPEN, "*2").does is Does.REFUSED


def test_another_order_waits_until_this_one_is_finished() -> None:
    done = step(after("BALM"), "9999", Known(order="9999"))
    assert done.does is Does.REFUSED
    assert "1 of 3" in done.words


def test_an_order_of_which_nothing_is_verified_makes_room() -> None:
    assert step(OPEN, "9999", Known(order="9999")).open == "9999"


def test_the_same_order_again_changes_nothing() -> None:
    assert step(OPEN, "5769", Known(order="5769")).does is Does.SAID


def test_skipping_needs_a_reason() -> None:
    assert step(OPEN, "/skip").does is Does.REFUSED
    done = step(OPEN, "/skip out of stock")
    assert (done.does, done.reason) == (Does.SKIPPED, "out of stock")


def test_nothing_is_on_the_bench_and_the_code_is_unknown() -> None:
    done = step(State(), "what", Known())
    assert done.does is Does.REFUSED
    assert "what" in done.words


def test_printing_again_is_for_packed_orders() -> None:
    assert step(OPEN, "/print").does is Does.REFUSED
    assert step(after("BALM", "SERUM-30", "SERUM-30"), "/print").does is Does.REPRINT


@pytest.mark.parametrize("code", ["/undo", "/skip why", "/print", "/no", "/what"])
def test_commands_on_an_empty_bench_are_words(code: str) -> None:
    done = step(State(), code)
    assert done.words
    assert not done.quantity
