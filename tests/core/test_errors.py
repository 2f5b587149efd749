from datetime import UTC, datetime, timedelta

import pytest

from core.errors import (
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "kind", [Rejected, Unavailable, RateLimited, NotAuthorized, OutcomeUnknown]
)
def test_every_kind_carries_words_for_people_and_numbers_for_support(
    kind: type[RemoteError],
) -> None:
    error = kind("No.", provider="easypost", code="E1", retry_after=2.5, request_id="r1")
    assert str(error) == error.message == "No."
    assert (error.provider, error.code, error.retry_after, error.request_id) == (
        "easypost",
        "E1",
        2.5,
        "r1",
    )


def test_being_asked_to_slow_down_is_certainly_not_carried_out() -> None:
    assert issubclass(RateLimited, Unavailable)


def test_kinds_that_demand_different_steps_are_never_each_other() -> None:
    kinds = (Rejected, Unavailable, NotAuthorized, OutcomeUnknown)
    for one in kinds:
        assert not any(issubclass(one, other) for other in kinds if other is not one)


def test_asking_again_is_due_when_the_provider_said_or_after_the_default() -> None:
    assert Unavailable("x", provider="p", retry_after=90).due_at(NOW) == NOW + timedelta(seconds=90)
    assert Unavailable("x", provider="p").due_at(NOW) == NOW + timedelta(seconds=30)
    assert Unavailable("x", provider="p").due_at(NOW, default=5) == NOW + timedelta(seconds=5)
    assert Unavailable("x", provider="p", retry_after=0).due_at(NOW) == NOW
