"""Steps on a terminal: a bar where it is one, plain lines where it is not."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

TITLE, WIDTH, WORDS = 30, 18, 18  # with the seconds at the end, a line fits in 80 columns


class Bar:
    """The bar of one step."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self.live = sys.stderr.isatty()
        self.words = ""

    def at(self, done: int, total: int, words: str = "") -> None:
        """Show `done` of `total`."""
        self.words = words or (f"{done:,} of {total:,}" if total else "")
        if self.live:
            self._write(WIDTH * min(done, total) // total if total else 0, end="")

    def end(self) -> None:
        """Leave one line behind."""
        self._write(WIDTH, end="\n")

    def _write(self, filled: int, *, end: str) -> None:
        bar = "█" * filled + "░" * (WIDTH - filled)
        seconds = time.monotonic() - self.started
        line = f"  {self.title:<{TITLE}}{bar}  {self.words[:WORDS]:<{WORDS}}{seconds:6.1f} s"
        sys.stderr.write(("\r" if self.live else "") + line + end)
        sys.stderr.flush()


@contextmanager
def step(title: str) -> Iterator[Bar]:
    """A bar that ends with its step."""
    bar = Bar(title)
    bar.at(0, 0)
    yield bar
    bar.end()
