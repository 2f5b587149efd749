"""Label files as carriers send them, made here."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

from django.conf import settings
from reportlab.pdfgen.canvas import Canvas

SIZE_4X6 = (288.0, 432.0)
LETTER = (612.0, 792.0)


def pdf(*words: str, sizes: tuple[tuple[float, float], ...] = (SIZE_4X6,)) -> bytes:
    """A PDF with one page per word, of the sizes in turn."""
    out = BytesIO()
    canvas = Canvas(out, pageCompression=1)
    for n, word in enumerate(words):
        canvas.setPageSize(sizes[n % len(sizes)])
        canvas.drawString(40, 40, word)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def png(width: int = 60, height: int = 90) -> bytes:
    """A grey picture."""
    rows = b"".join(b"\x00" + bytes((x * 7 + y) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def zpl(word: str) -> bytes:
    """A label in the language of label printers."""
    return b"^XA^FO50,50^FD" + word.encode() + b"^FS^XZ\n"


def stored(key: str) -> Path:
    """Where the bytes of `key` lie, for tests that damage them."""
    return Path(settings.FILE_STORE) / key
