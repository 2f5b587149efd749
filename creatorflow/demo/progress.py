"""Steps on a terminal: a bar where it is one, plain lines where it is not."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 28


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
            filled = WIDTH * done // total if total else 0
            bar = "█" * filled + "░" * (WIDTH - filled)
            sys.stderr.write(f"\r  {self.title:<34}{bar}  {self.words:<24}")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave one line behind."""
        seconds = time.monotonic() - self.started
        head = "\r" if self.live else ""
        line = f"{head}  {self.title:<34}{'█' * WIDTH}  {self.words:<24}{seconds:6.1f} s\n"
        sys.stderr.write(line)
        sys.stderr.flush()


@contextmanager
def step(title: str) -> Iterator[Bar]:
    """A bar that ends with its step."""
    bar = Bar(title)
    bar.at(0, 0)
    yield bar
    bar.end()
