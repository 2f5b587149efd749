"""What histories a state machine tries: the same ones in every run, others by night."""

import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

NIGHTLY = bool(os.environ.get("CREATORFLOW_NIGHTLY"))
SEED = 2


def try_histories(machine: type[RuleBasedStateMachine], count: int, *, steps: int) -> None:
    """`count` histories of up to `steps` steps; ten times as many, and new ones, by night."""
    run_state_machine_as_test(
        machine if NIGHTLY else seed(SEED)(machine),
        settings=settings(
            max_examples=count * (10 if NIGHTLY else 1),
            stateful_step_count=steps,
            deadline=None,
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


def happening(
    table: Mapping[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]],
) -> st.SearchStrategy[tuple[Any, ...]]:
    """One of the table's events by weight, as (name, *arguments)."""
    names = [name for name, (weight, _) in table.items() for _ in range(weight)]
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), *table[name][1]))
