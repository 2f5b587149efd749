from decimal import Decimal

import pytest

from core.money import Money, total


def test_money_is_exact() -> None:
    assert Money.of("0.10", "usd") + Money.of("0.20", "USD") == Money.of("0.30", "USD")
    assert Money.of("1.00", "USD") - Money.of("0.99", "USD") == Money.of("0.01", "USD")
    assert Money.of(3, "USD").amount == Decimal(3)


def test_money_is_never_a_float() -> None:
    with pytest.raises(TypeError, match="float"):
        Money.of(0.1, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("nonsense", ["", "six", "NaN", "Infinity", "1,50"])
def test_what_is_not_a_finite_number_is_not_money(nonsense: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        Money.of(nonsense, "USD")


def test_currencies_do_not_mix() -> None:
    dollars, pounds = Money.of("1", "USD"), Money.of("1", "GBP")
    for mix in (
        lambda: dollars + pounds,
        lambda: dollars - pounds,
        lambda: dollars < pounds,
        lambda: dollars <= pounds,
        lambda: total([dollars, pounds], "USD"),
    ):
        with pytest.raises(ValueError, match="do not mix"):
            mix()


def test_amounts_of_one_currency_are_ordered() -> None:
    small, large = Money.of("9.99", "USD"), Money.of("10", "USD")
    assert small < large
    assert small <= large
    assert large <= Money.of("10.00", "USD")
    assert min(large, small) == small


@pytest.mark.parametrize(
    ("money", "text"),
    [
        (Money.of("1234.5", "USD"), "$1,234.50"),
        (Money.of("-19.73", "USD"), "-$19.73"),
        (Money.of("6.07", "GBP"), "6.07 GBP"),
        (Money.of("1500", "JPY"), "1,500 JPY"),
        (Money.of("3", "XYZ"), "3.00 XYZ"),
    ],
)
def test_money_is_written_as_people_write_it(money: Money, text: str) -> None:
    assert str(money) == text


def test_a_total_of_nothing_is_zero_in_its_currency() -> None:
    assert total([], "USD") == Money.of(0, "USD")
    assert total([Money.of("1.10", "USD")] * 3, "USD") == Money.of("3.30", "USD")
