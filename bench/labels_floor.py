"""The same 500 labels with a provider that answers at once: what our own work costs."""

from typing import Any

from bench.labels import LABELS, measure

LEAST = 40.0


def run() -> dict[str, Any]:
    """Labels per second, and CPU milliseconds per label in our process."""
    found = measure(())
    rate = found["labels_per_second"]
    return {
        "figure": rate,
        "unit": "labels/s",
        "input": f"{LABELS} orders, 10 purchases at a time at one account, no provider latency",
        "limit": LEAST,
        "ratio": round(rate / LEAST, 3),
        "kept": rate >= LEAST and found["books_agree"],
        **found,
    }
