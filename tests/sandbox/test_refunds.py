"""Providers that pay late, never, or not at all: drawn from the seed, by the control API."""

import pytest

from sandbox import refunds
from sandbox.world import World
from tests.sandbox.running import Running

DAY = 86_400


def days(world: World, reference: str, carrier: str = "UPS") -> float | None:
    due = refunds.wish(world, reference, carrier)
    return None if due is None else round((due - world.now().timestamp()) / DAY)


def test_carriers_take_their_usual_days() -> None:
    world = World(seed=1)
    assert days(world, "shp_1") == 2
    assert days(world, "shp_2", "USPS") == 15
    assert not refunds.is_refused(world, "shp_1")


def test_shares_are_late_refused_or_never_decided_and_the_same_for_the_same_seed() -> None:
    def drawn(seed: int) -> list[object]:
        world = World(seed=seed)
        refunds.set_habits(world, {"late": 0.5, "late_days": 30, "refused": 0.3, "silent": 0.2})
        numbers = [f"shp_{n}" for n in range(200)]
        return [(days(world, number), refunds.is_refused(world, number)) for number in numbers]

    first = drawn(5)
    assert first == drawn(5)
    assert first != drawn(6)
    assert {day for day, _ in first} == {None, 2, 32}  # type: ignore[misc]
    refused = sum(is_refused for _, is_refused in first)  # type: ignore[misc]
    assert 30 < refused < 70


def test_habits_are_set_by_the_control_api(sandbox: Running) -> None:
    assert sandbox.control("POST", "refunds", {"refused": 1})["refused"] == 1
    assert sandbox.state()["refunds"]["refused"] == 1
    answer = sandbox.http.post("/_control/refunds", json={"lost": 1})
    assert answer.status_code == 400


@pytest.mark.parametrize("wrong", [{"refused": 2}, {"late": -1}, {"late_days": -3}])
def test_a_share_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="share"):
        refunds.set_habits(World(seed=1), wrong)
