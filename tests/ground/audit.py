"""`./dev check` asks whether a pinned dependency has a known hole.

The advisories live with the package index, so a machine without it learns nothing: the step then
says how much it could not ask about, and passes, unless CREATORFLOW_AUDIT=required.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "requirements" / "demo.txt"  # everything that runs on a user's machine


def judge(report: dict[str, Any], *, required: bool) -> tuple[int, list[str]]:
    """Exit code and lines for a report of pip-audit (its JSON form)."""
    found = report.get("dependencies", [])
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}, fixed in {', '.join(hole['fix_versions'])}"
        for one in found
        for hole in one.get("vulns", [])
    ]
    unasked = [one["name"] for one in found if "skip_reason" in one]
    lines = list(holes)
    if unasked:
        lines.append(f"audit: nothing could be learnt about {len(unasked)} of {len(found)}")
    return int(bool(holes) or (required and bool(unasked))), lines


def main() -> int:
    """0 when no pinned dependency is known to be vulnerable."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(PINS), "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run(command, capture_output=True, text=True)
    required = os.environ.get("CREATORFLOW_AUDIT") == "required"
    try:
        report = json.loads(done.stdout)
    except ValueError:
        print("audit: the advisories could not be reached, nothing was audited")
        return int(required)
    code, lines = judge(report, required=required)
    print("\n".join(lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
