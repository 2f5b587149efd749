"""The appeal pack on letter pages: what counted, what was done when, and what proves it. Pure: values
in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from shipping.labels.lettering import draw, width, wrap
from shipping.labels.slips import LETTER

_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 564.0, 736.0, 56.0
_SIZE = 9.0
_LINE = 13.0
_PHOTO = (250.0, 188.0)


@dataclass(frozen=True, slots=True)
class Clause:
    """A rule as it stood on the order's day."""

    words: str
    source: str
    since: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened, and who says so."""

    at: datetime
    what: str
    told_by: str


@dataclass(frozen=True, slots=True)
class Pack:
    """All of one order's proof."""

    order: str
    verdict: str
    facts: Sequence[tuple[str, str]]
    clock: Sequence[tuple[str, str]]
    clauses: Sequence[Clause]
    steps: Sequence[Step]
    tracking: Sequence[Step]
    photos: Sequence[bytes] = field(default=(), repr=False)


def stamp(at: datetime) -> str:
    """A moment to the second, with its zone: "23 Nov 2026, 14:03:21 PST"."""
    return f"{at.day} {at:%b %Y, %H:%M:%S %Z}"


class _Pages:
    """A pen that goes down the page, and on to the next one."""

    def __init__(self, canvas: Canvas, foot: str) -> None:
        self.canvas = canvas
        self.foot = foot
        self.number = 0
        self.y = 0.0

    def room(self, height: float) -> None:
        """Begin a page unless so much fits on this one."""
        if self.number and self.y - height >= _BOTTOM:
            return
        if self.number:
            self.end()
        self.number += 1
        self.y = _TOP

    def end(self) -> None:
        """The page is full."""
        words = f"{self.foot} · page {self.number}"
        draw(self.canvas, _LEFT, 32, words, 7)
        self.canvas.showPage()

    def text(self, words: str, *, size: float = _SIZE, left: float = _LEFT, most: int = 6) -> None:
        """A paragraph."""
        for line in wrap(words, size, _RIGHT - left, most=most):
            self.room(size + 4)
            draw(self.canvas, left, self.y, line, size)
            self.y -= size + 4

    def heading(self, words: str, *, follows: float = 30) -> None:
        """A part's title, kept with what follows, of that height."""
        self.room(30 + follows)
        self.y -= 10
        draw(self.canvas, _LEFT, self.y, words, 12)
        self.canvas.line(_LEFT, self.y - 5, _RIGHT, self.y - 5)
        self.y -= 20

    def pair(self, name: str, value: str, *, wide: float = 130.0) -> None:
        """A name and its value, side by side."""
        lines = wrap(value, _SIZE, _RIGHT - _LEFT - wide, most=4)
        self.room(_LINE * len(lines))
        draw(self.canvas, _LEFT, self.y, name, _SIZE)
        for line in lines:
            draw(self.canvas, _LEFT + wide, self.y, line, _SIZE)
            self.y -= _LINE

    def picture(self, content: bytes, column: int) -> None:
        """One of two photos side by side."""
        if column == 0:
            self.room(_PHOTO[1] + 12)
            self.y -= _PHOTO[1]
        reader = ImageReader(BytesIO(content))
        wide, high = reader.getSize()
        scale = min(_PHOTO[0] / wide, _PHOTO[1] / high)
        left = _LEFT + column * (_PHOTO[0] + 16)
        self.canvas.drawImage(reader, left, self.y, wide * scale, high * scale)
        if column == 1:
            self.y -= 12


def appeal_pdf(packs: Sequence[Pack], *, made_at: datetime) -> bytes:
    """Every order from a page of its own on; an order goes on over as many as it needs."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    canvas.setTitle("Appeal pack" if len(packs) == 1 else f"Appeal packs of {len(packs)} orders")
    for pack in packs:
        pages = _Pages(canvas, f"Order {pack.order} · made {stamp(made_at)}")
        _draw(pages, pack)
        pages.end()
    if not packs:
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw(pages: _Pages, pack: Pack) -> None:
    pages.room(0)
    pages.text(f"Proof of shipment: order {pack.order}", size=16, most=2)
    pages.text(pack.verdict, size=11)
    pages.heading("The order")
    for name, value in pack.facts:
        pages.pair(name, value)
    pages.heading("The clock")
    for name, value in pack.clock:
        pages.pair(name, value)
    if pack.clauses:
        pages.heading("The rules in force on the order's day")
    for clause in pack.clauses:
        pages.text(f"“{clause.words}”")
        pages.text(f"{clause.since}. Source: {clause.source}", size=7.5, left=_LEFT + 12, most=3)
        pages.y -= 4
    pages.heading("What was done")
    _steps(pages, pack.steps, "Nothing is recorded yet.")
    pages.heading("What the carrier told")
    _steps(pages, pack.tracking, "The carrier has told nothing yet.")
    if pack.photos:
        pages.heading("Photos of the handover", follows=_PHOTO[1] + 12)
    for number, photo in enumerate(pack.photos):
        pages.picture(photo, number % 2)


def _steps(pages: _Pages, steps: Sequence[Step], nothing: str) -> None:
    if not steps:
        pages.text(nothing)
    for step in steps:
        lines = wrap(step.what, _SIZE, 268, most=3)
        by = wrap(step.told_by, 7.5, 88, most=2)
        pages.room(_LINE * max(len(lines), len(by)))
        draw(pages.canvas, _LEFT, pages.y, stamp(step.at), _SIZE)
        for number, line in enumerate(lines):
            draw(pages.canvas, _LEFT + 150, pages.y - _LINE * number, line, _SIZE)
        for number, line in enumerate(by):
            shift = width(line, 7.5)
            draw(pages.canvas, _RIGHT - shift, pages.y - _LINE * number, line, 7.5)
        pages.y -= _LINE * max(len(lines), len(by))
