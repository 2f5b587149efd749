"""What every call of the matrix answers: what it asks, how its row stands, what people read."""

from abc import ABC, abstractmethod
from typing import ClassVar

from tests.faults.bench import Bench
from tests.faults.faults import FAULTS, JSON_ONLY, Fault

READ = "reads"  # may be repeated
WRITE = "writes"  # changes something at the provider, without a charge
SPEND = "spends"  # costs money
FILE = "fetches a file"
HEAR = "is told"  # a webhook


class Subject(ABC):
    """One call, met by a fault: `prepare` runs before it, `act` under it, `settle` after it."""

    provider: ClassVar[str]  # as in sentences
    call: ClassVar[str]
    kind: ClassVar[str] = READ
    method: ClassVar[str] = "GET"
    path: ClassVar[str]  # as the sandbox sees it

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.prepare()

    def prepare(self) -> None:
        """Rows and orders, with nothing going wrong."""
        self.said = ""

    @abstractmethod
    def act(self) -> None:
        """The product's step that makes this call."""

    @abstractmethod
    def row(self) -> str:
        """The state it left, in the words of the code."""

    @abstractmethod
    def seen(self) -> str:
        """What a person reads about it, empty when nothing."""

    @abstractmethod
    def settle(self) -> str:
        """How it ends by itself, or by the person it asked, once the fault is over."""

    @classmethod
    def faults(cls) -> list[Fault]:
        """The faults that can meet this call."""
        if cls.kind == HEAR:
            return [fault for fault in FAULTS if fault.only == "webhook"]
        if cls.kind == FILE:
            called = [fault for fault in FAULTS if fault.only in ("", "file")]
            return [fault for fault in called if fault.name not in JSON_ONLY]
        return [fault for fault in FAULTS if not fault.only]
