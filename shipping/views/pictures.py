"""Boxes drawn to one scale, as points for inline SVG. Pure: millimetres in, coordinates out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import cos, pi, sin

from shipping.models import ParcelPreset

# Seen from a corner: both level axes rise at this angle.
_COS, _SIN = cos(pi / 6), sin(pi / 6)
WIDTH, HEIGHT = 132, 96
# The 4×6 label that every box is measured against, in millimetres.
LABEL = (152, 102)

type Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Picture:
    """Three faces of a box as SVG `points`, and the label on its lid ("" where it does not fit)."""

    top: str
    front: str
    side: str
    label: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A kept box with its picture."""

    preset: ParcelPreset
    picture: Picture


def draw(presets: Iterable[ParcelPreset]) -> list[Drawn]:
    """Every box with its picture, all at the scale at which the largest fills the frame."""
    rows = list(presets)
    scale = min((_fit(p.length_mm, p.width_mm, p.height_mm) for p in rows), default=1.0)
    return [Drawn(p, picture_of(p.length_mm, p.width_mm, p.height_mm, scale)) for p in rows]


def _fit(length: int, width: int, height: int) -> float:
    across = (length + width) * _COS
    tall = (length + width) * _SIN + height
    return min((WIDTH - 4) / max(across, 1), (HEIGHT - 4) / max(tall, 1))


def picture_of(length: int, width: int, height: int, scale: float) -> Picture:
    """A box at `scale` pixels a millimetre, standing on the bottom of the frame."""
    left = (WIDTH - (length + width) * _COS * scale) / 2 + width * _COS * scale

    def at(x: float, y: float, z: float) -> Point:
        """x along the length to the right, y along the width to the left, both towards us; z
        upwards."""
        deep = (length + width - x - y) * _SIN
        return left + (x - y) * _COS * scale, HEIGHT - 2 - (deep + z) * scale

    lid = [at(0, 0, height), at(length, 0, height), at(length, width, height), at(0, width, height)]
    front = [at(0, width, height), at(length, width, height), at(length, width, 0), at(0, width, 0)]
    side = [
        at(length, 0, height),
        at(length, width, height),
        at(length, width, 0),
        at(length, 0, 0),
    ]
    return Picture(_points(lid), _points(front), _points(side), _label(length, width, height, at))


def _label(length: int, width: int, height: int, at: Callable[[float, float, float], Point]) -> str:
    for along, across in (LABEL, LABEL[::-1]):
        if along <= length and across <= width:
            x, y = (length - along) / 2, (width - across) / 2
            corners = ((x, y), (x + along, y), (x + along, y + across), (x, y + across))
            return _points([at(px, py, height) for px, py in corners])
    return ""


def _points(points: list[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
