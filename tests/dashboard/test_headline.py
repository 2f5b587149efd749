"""The first sentence of the connections' page: never better than what stands below it."""

import pytest

from dashboard.connections import Line, Traffic, headline


def lines(*tones: str) -> list[Line]:
    return [Line("EasyPost", "label account", tone=tone) for tone in tones]


@pytest.mark.parametrize(
    ("tones", "failed", "words"),
    [
        (["green"], 0, "Everything answers"),
        (["green"], 2, "Everything answers"),  # an accident
        (["green"], 4, "No connection is down, but of the last hour's calls EasyPost failed 13 %"),
        (["amber"], 0, "1 connection needs a look"),
        (["amber", "amber"], 0, "2 connections need a look"),
        (
            ["amber"],
            30,
            "1 connection needs a look; of the last hour's calls EasyPost failed 100 %",
        ),
        (["red", "amber"], 30, "1 connection does not work"),
        (["red", "red"], 0, "2 connections do not work"),
    ],
)
def test_the_headline_says_what_is_true(tones: list[str], failed: int, words: str) -> None:
    assert headline(lines(*tones), [Traffic("EasyPost", 0.5, 30, failed)])[0] == words


def test_a_few_failures_of_many_calls_are_no_news() -> None:
    assert headline(lines("green"), [Traffic("EasyPost", 10, 600, 20)])[1] == "green"


def test_every_provider_that_fails_is_named() -> None:
    both = [Traffic("EasyPost", 1, 60, 30), Traffic("Shippo", 1, 60, 6)]
    words, tone = headline(lines("green"), both)
    assert "EasyPost failed 50 % and Shippo failed 10 %" in words
    assert tone == "amber"
