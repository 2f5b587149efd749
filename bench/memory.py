"""A process's own peak of memory."""

import resource
import sys
from pathlib import Path


def peak_megabytes() -> float:
    """The most this process itself has held: Linux counts the parent's peak before the exec into
    ru_maxrss."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(row for row in status.read_text().splitlines() if row.startswith("VmHWM"))
        return int(peak.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
