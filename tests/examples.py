"""What histories a state machine tries: the same ones in every run, others by night."""

import os
from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

NIGHTLY = bool(os.environ.get("CREATORFLOW_NIGHTLY"))


def examples(count: int, *, steps: int) -> settings:
    """`count` histories of up to `steps` steps; ten times as many, and new ones, by night."""
    return settings(
        max_examples=count * (10 if NIGHTLY else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not NIGHTLY,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def happening(
    table: Mapping[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]],
) -> st.SearchStrategy[tuple[Any, ...]]:
    """One of the table's events by weight, as (name, *arguments)."""
    names = [name for name, (weight, _) in table.items() for _ in range(weight)]
    return st.sampled_from(names).flatmap(lambda name: st.tuples(st.just(name), *table[name][1]))
