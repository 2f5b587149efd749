"""A 1-bit page of dots with rectangles and a 5x7 font, written out as PNG."""

import struct
import zlib
from collections.abc import Iterable
from functools import lru_cache

# 5 columns per sign from " " to "~", lowest bit on top
FONT = bytes.fromhex(
    "0000000000" "00005f0000" "0007000700" "147f147f14" "242a7f2a12" "2313086462" "3649562050"
    "0008070300" "001c224100" "0041221c00" "2a1c7f1c2a" "08083e0808" "0080703000" "0808080808"
    "0000606000" "2010080402" "3e5149453e" "00427f4000" "7249494946" "2141494d33" "1814127f10"
    "2745454539" "3c4a494931" "4121110907" "3649494936" "464949291e" "0000140000" "0040340000"
    "0008142241" "1414141414" "0041221408" "0201590906" "3e415d594e" "7c1211127c" "7f49494936"
    "3e41414122" "7f4141413e" "7f49494941" "7f09090901" "3e41415173" "7f0808087f" "00417f4100"
    "2040413f01" "7f08142241" "7f40404040" "7f021c027f" "7f0408107f" "3e4141413e" "7f09090906"
    "3e4151215e" "7f09192946" "2649494932" "03017f0103" "3f4040403f" "1f2040201f" "3f4038403f"
    "6314081463" "0304780403" "6159494d43" "007f414141" "0204081020" "004141417f" "0402010204"
    "4040404040" "0003070800" "2054547840" "7f28444438" "3844444428" "384444287f" "3854545418"
    "00087e0902" "18a4a49c78" "7f08040478" "00447d4000" "2040403d00" "7f10284400" "00417f4000"
    "7c04780478" "7c08040478" "3844444438" "fc18242418" "18242418fc" "7c08040408" "4854545424"
    "04043f4424" "3c4040207c" "1c2040201c" "3c4030403c" "4428102844" "4c9090907c" "4464544c44"
    "0008364100" "0000770000" "0041360800" "0201020402"
)  # fmt: skip


@lru_cache(maxsize=4096)
def _glyph_rows(sign: str, scale: int) -> tuple[int, ...]:
    """Eight rows of one sign, each an integer of 6 * scale bits (the sixth column is the gap)."""
    at = (ord(sign) - 32) * 5
    columns = FONT[at : at + 5]
    rows = []
    for row in range(8):
        bits = 0
        for column in columns:
            bits = (bits << scale) | (((1 << scale) - 1) if column >> row & 1 else 0)
        rows.append(bits << scale)
    return tuple(rows)


class Bitmap:
    """Rows of dots as integers, the leftmost dot in the highest bit; 1 is ink."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.rows = [0] * height

    def bar(self, x: int, y: int, wide: int, high: int) -> None:
        """A filled rectangle."""
        self.columns(y, high, [(x, wide)])

    def columns(self, y: int, high: int, spans: Iterable[tuple[int, int]]) -> None:
        """Filled rectangles of one height, given as (x, width): a barcode."""
        ink = 0
        for x, wide in spans:
            ink |= ((1 << wide) - 1) << (self.width - x - wide)
        for row in range(y, y + high):
            self.rows[row] |= ink

    def frame(self, x: int, y: int, wide: int, high: int, line: int) -> None:
        """An unfilled rectangle with lines of `line` dots."""
        self.bar(x, y, wide, line)
        self.bar(x, y + high - line, wide, line)
        self.columns(y, high, [(x, line), (x + wide - line, line)])

    def text(self, x: int, y: int, scale: int, text: str) -> None:
        """ASCII text, cut where it would leave the page."""
        room = (self.width - x - 30) // (6 * scale)
        text = text[:room]
        if not text:
            return
        shift = self.width - x - 6 * scale * len(text)
        glyphs = [_glyph_rows(sign, scale) for sign in text]
        for row in range(8):
            bits = 0
            for glyph in glyphs:
                bits = (bits << 6 * scale) | glyph[row]
            if bits:
                for line in range(y + row * scale, y + (row + 1) * scale):
                    self.rows[line] |= bits << shift

    def png(self) -> bytes:
        """The page as a greyscale PNG of bit depth 1, at 300 dots per inch."""
        stride = (self.width + 7) // 8
        paper = (1 << self.width) - 1
        pad = stride * 8 - self.width
        lines = {
            row: b"\0" + ((paper ^ row) << pad).to_bytes(stride, "big") for row in set(self.rows)
        }
        raw = b"".join([lines[row] for row in self.rows])
        header = struct.pack(">IIBBBBB", self.width, len(self.rows), 1, 0, 0, 0, 0)
        return (
            b"\x89PNG\r\n\x1a\n"
            + _chunk(b"IHDR", header)
            + _chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1))
            + _chunk(b"IDAT", zlib.compress(raw, 1))
            + _chunk(b"IEND", b"")
        )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
