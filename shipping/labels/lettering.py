"""Text of any script on a PDF page: DejaVu Sans is embedded; Chinese, Japanese and Korean use the
reader's own fonts."""

import unicodedata
from functools import cache
from itertools import groupby
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

SANS = "DejaVuSans"
_HAN, _KANA, _HANGUL = "STSong-Light", "HeiseiKakuGo-W5", "HYSMyeongJo-Medium"


@cache
def _glyphs() -> frozenset[int]:
    """Code points the embedded font can draw; registers the fonts on the way."""
    sans = TTFont(SANS, str(Path(__file__).with_name("fonts") / "DejaVuSans.ttf"))
    pdfmetrics.registerFont(sans)
    for name in (_HAN, _KANA, _HANGUL):
        pdfmetrics.registerFont(UnicodeCIDFont(name))
    return frozenset(sans.face.charToGlyph)


def clean(text: str) -> str:
    """One line without control characters, composed, so that accents meet their letters."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def width(text: str, size: float) -> float:
    """Points that `text` takes at `size`."""
    return float(sum(pdfmetrics.stringWidth(part, font, size) for font, part in _runs(clean(text))))


def draw(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    """Write one line with its left end at (x, y)."""
    for font, part in _runs(clean(text)):
        canvas.setFont(font, size)
        canvas.drawString(x, y, part)
        x += pdfmetrics.stringWidth(part, font, size)


def wrap(text: str, size: float, room: float, *, most: int = 3) -> list[str]:
    """Lines of at most `room` points; what does not fit into `most` lines ends in an ellipsis."""
    lines = [""]
    for word in clean(text).split(" "):
        for part in _split(word, size, room):
            longer = f"{lines[-1]} {part}" if lines[-1] else part
            if lines[-1] and width(longer, size) > room:
                lines.append(part)
            else:
                lines[-1] = longer
    if len(lines) > most:
        last = lines[most - 1]
        while last and width(last + "…", size) > room:
            last = last[:-1]
        lines = [*lines[: most - 1], last + "…"]
    return lines


def _split(word: str, size: float, room: float) -> list[str]:
    """A word that is wider than the line, in pieces."""
    pieces = [""]
    for character in word:
        if pieces[-1] and width(pieces[-1] + character, size) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _runs(text: str) -> list[tuple[str, str]]:
    known = _glyphs()
    return [
        (font, "".join(c for _, c in part))
        for font, part in groupby(
            (
                (_font(c, known), c if ord(c) in known or _font(c, known) != SANS else "□")
                for c in text
            ),
            key=lambda pair: pair[0],
        )
    ]


def _font(character: str, known: frozenset[int]) -> str:
    if ord(character) in known or ord(character) > 0xFFFF:
        return SANS
    name = unicodedata.name(character, "")
    if name.startswith("HANGUL"):
        return _HANGUL
    if name.startswith(("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")):
        return _KANA
    return _HAN if name.startswith(("CJK", "IDEOGRAPHIC", "FULLWIDTH")) else SANS
