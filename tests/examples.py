"""How many histories a state machine tries: the same ones in every run, others by night."""

import os

from hypothesis import HealthCheck, settings

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
