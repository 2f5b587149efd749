"""`./dev demo --headless`: the main job without a browser, and books that agree to the cent."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from creatorflow.demo.__main__ import ties_out
from creatorflow.demo.processes import ROOT
from creatorflow.demo.progress import Bar

FIGURES = {
    "orders",
    "eligible",
    "left_out",
    "labels_bought",
    "labels_failed",
    "labels_unknown",
    "duplicate_purchases",
    "spend",
    "sandbox_charged",
    "pdf_pages",
    "marked_shipped",
    "seconds",
}
GOOD = {"spend": "9.90", "sandbox_charged": "9.90", "duplicate_purchases": 0, "labels_unknown": 0}


def demo(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the demo to its end, without what this run's own environment says about settings."""
    return subprocess.run(
        [sys.executable, "-m", "creatorflow.demo", *words],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=170,
    )


@pytest.mark.timeout(180)
def test_the_whole_job_runs_and_ledger_and_wallet_agree(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    done = demo("--headless", "--orders", "25", "--seed", "3", "--json", str(file))
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert found.keys() == FIGURES
    assert json.loads(done.stdout) == found
    assert found["orders"] == found["eligible"] + found["left_out"] == 25
    assert found["eligible"] > 10
    assert found["labels_bought"] == found["eligible"] == found["marked_shipped"]
    assert found["pdf_pages"] >= found["labels_bought"]
    assert Decimal(found["spend"]) == Decimal(found["sandbox_charged"]) > 0
    assert found["labels_failed"] == found["labels_unknown"] == found["duplicate_purchases"] == 0
    steps = [line for line in done.stderr.splitlines() if "█" in line]
    assert [line.split("  ")[1].strip() for line in steps][-3:] == [
        "Labels, batch 1",
        "Print files in pick order",
        "Shipped, told to TikTok",
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"sandbox_charged": "9.91"}, "do not agree"),
        ({"duplicate_purchases": 1}, "do not agree"),
        ({"labels_unknown": 1}, "nobody knows"),
    ],
)
def test_books_that_do_not_tie_out_are_a_failure(
    wrong: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ties_out(GOOD)
    assert not ties_out(GOOD | wrong)
    assert words in capsys.readouterr().err


def test_a_number_of_orders_that_cannot_be_is_refused_with_words() -> None:
    done = demo("--headless", "--orders", "0")
    assert done.returncode == 2
    assert "a number from 1 to 20000" in done.stderr


def test_a_step_is_one_line_that_fits_into_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar("Weights and sizes of products")
    bar.at(1, 3)
    assert capsys.readouterr().err == ""  # not a terminal: only what is left behind
    bar.at(3, 3, "a remark that is far too long for the line")
    bar.end()
    line = capsys.readouterr().err
    assert line.endswith(" s\n")
    assert len(line.rstrip("\n")) <= 80
