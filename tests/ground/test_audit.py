"""The gate's look at known holes in dependencies."""

from typing import Any

from tests.ground.audit import judge


def _one(**fields: Any) -> dict[str, Any]:
    return {"name": "django", "version": "6.1.3", "vulns": [], **fields}


HOLE = {"id": "CVE-2026-1", "fix_versions": ["6.1.4"]}


def test_a_known_hole_fails_the_gate_and_says_what_fixes_it() -> None:
    code, lines = judge({"dependencies": [_one(vulns=[HOLE])]}, required=False)
    assert code == 1
    assert lines == ["django 6.1.3: CVE-2026-1, fixed in 6.1.4"]


def test_nothing_known_passes_in_silence() -> None:
    assert judge({"dependencies": [_one()]}, required=True) == (0, [])


def test_what_could_not_be_asked_is_said_and_fails_only_where_it_is_required() -> None:
    report = {"dependencies": [{"name": "django", "skip_reason": "not found"}, _one()]}
    code, lines = judge(report, required=False)
    assert code == 0
    assert lines == ["audit: nothing could be learnt about 1 of 2"]
    assert judge(report, required=True)[0] == 1
