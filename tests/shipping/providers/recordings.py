"""Vendors' own recordings, one exchange at a time."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures"


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer. `path` is without host and query."""

    recording: str
    method: str
    path: str
    request: Any
    status: int
    answer: Any

    @property
    def name(self) -> str:
        return f"{self.recording}: {self.method} {self.path}"


def exchanges(provider: str) -> Iterator[Exchange]:
    """Every exchange of every recording kept of a provider."""
    for file in sorted((FIXTURES / provider / "recordings").glob("*.json")):
        for pair in json.loads(file.read_text("utf-8")):
            request, response = pair["request"], pair["response"]
            path = request["uri"].split("://", 1)[1].split("/", 1)[1].split("?")[0]
            yield Exchange(
                file.stem,
                request["method"],
                "/" + path,
                request["body"],
                response["status"]["code"],
                response["body"],
            )
