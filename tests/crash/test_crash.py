"""Processes are killed while money moves; afterwards nothing is paid twice and nothing is lost.

Twenty trials in every run; two hundred, and others, with CREATORFLOW_NIGHTLY set to the night's
seed.
"""

import os

import pytest

from bench.crash_checks import Findings
from tests.crash.running import module

NIGHT = os.environ.get("CREATORFLOW_NIGHTLY", "")
TRIALS, SEED, SECONDS = (200, NIGHT, 2400) if NIGHT else (20, "1", 400)


@pytest.mark.timeout(SECONDS + 20)
def test_after_every_crash_charges_are_labels_and_nothing_is_lost() -> None:
    outcome = module("bench", "crash", "--trials", str(TRIALS), "--seed", SEED, seconds=SECONDS)
    assert outcome["trials"] == TRIALS
    for kind in vars(Findings()):
        assert outcome[kind] == 0, kind
    assert sum(outcome["killed"].values()) >= 0.8 * TRIALS
    assert outcome["labels"] >= TRIALS
