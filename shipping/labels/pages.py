"""Whether label bytes can be printed, and their pages. Damaged files are refused, never repaired: a
repaired barcode may be a wrong one. Pure: bytes in, values out."""

import re
import zlib
from base64 import a85decode
from io import BytesIO
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

LABEL = (288.0, 432.0)  # 4x6 inches in points
MOST_PAGES = 20
MOST_INFLATED = 64 * 1024 * 1024  # 4x6 inches at 300 dpi in colour are 6.5 MB
_STUMBLES = (
    *(zlib.error, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError),
    *(RecursionError, OverflowError, NotImplementedError),
)
_ZPL = re.compile(rb"\s*[\^~]")


class DamagedLabel(Exception):
    """The bytes cannot be printed as they are; the message ends a sentence about the label."""


class Paper(NamedTuple):
    """A whole label: what reads it, and its pages, which pypdf counts anew each time it is asked."""

    reader: PdfReader
    pages: list[PageObject]


def pdf_of(content: bytes, kind: str) -> Paper:
    """The label's pages; a PNG is drawn on one 4x6 page. DamagedLabel when the bytes are not
    whole."""
    if kind == "PNG":
        content = _page_with(content)
    if not content.startswith(b"%PDF-"):
        raise DamagedLabel("is not a PDF")
    if b"%%EOF" not in content[-2048:]:
        raise DamagedLabel("is cut short")
    try:
        reader = PdfReader(BytesIO(content))
        if reader.is_encrypted:
            raise DamagedLabel("is locked with a password")
        count = len(reader.pages)
        if not 1 <= count <= MOST_PAGES:
            raise DamagedLabel(f"has {count} pages")
        pages = [reader.pages[at] for at in range(count)]
        for page in pages:
            _check_page(page)
    # pypdf lets the errors of whatever it stumbles over out of a broken file, not only its own.
    except (PyPdfError, *_STUMBLES) as error:
        raise DamagedLabel("cannot be read") from error
    return Paper(reader, pages)


def count_pages(content: bytes, kind: str) -> int:
    """How many pages a label has (`kind` is PDF, PNG or ZPL). DamagedLabel when the bytes are not
    whole."""
    if kind == "ZPL":
        return len(zpl_blocks(content))
    return len(pdf_of(content, kind).pages)


def zpl_blocks(content: bytes) -> list[bytes]:
    """The ``^XA … ^XZ`` blocks. DamagedLabel unless there is at least one and none is cut short."""
    blocks = re.findall(rb"\^XA.*?\^XZ", content, re.DOTALL | re.IGNORECASE)
    opened = len(re.findall(rb"\^XA", content, re.IGNORECASE))
    if not _ZPL.match(content) or not blocks or opened != len(blocks):
        raise DamagedLabel("is not whole ZPL")
    return blocks


def _check_page(page: DictionaryObject) -> None:
    """Look into everything the page draws with: a page may be listed in a file that lost its
    streams."""
    box = page["/MediaBox"].get_object()
    if not isinstance(box, ArrayObject) or len(box) != 4:
        raise DamagedLabel("has a page without a size")
    contents = page.get("/Contents")
    found = contents.get_object() if contents is not None else None
    for part in found if isinstance(found, ArrayObject) else [found]:
        if part is not None:
            _check_stream(part)
    resources = page.get("/Resources")
    if resources is not None:
        drawn = resources.get_object().get("/XObject")
        for entry in drawn.get_object().values() if drawn is not None else ():
            _check_stream(entry)


def _check_stream(entry: object) -> None:
    stream = entry.get_object() if isinstance(entry, IndirectObject) else entry
    if not isinstance(stream, StreamObject):
        raise DamagedLabel("lacks a part of its page")
    data = stream._data
    named = stream.get("/Filter")
    for name in named if isinstance(named, ArrayObject) else [named]:
        if name == "/ASCII85Decode":
            data = a85decode(data.strip().removesuffix(b"~>"))
        elif name == "/FlateDecode":
            data = _inflated(data)
        else:  # a picture's own coding: its length was checked, its dots are the printer's
            return


def _inflated(data: bytes) -> bytes:
    """Unlike pypdf, which hands out what it could save of a broken stream."""
    whole = zlib.decompressobj()
    inflated = whole.decompress(data, MOST_INFLATED)
    if not whole.eof:
        raise DamagedLabel("is cut short")
    return inflated


def _page_with(content: bytes) -> bytes:
    """The picture on a 4x6 page, as large as it fits; a wide one is turned."""
    try:
        with Image.open(BytesIO(content), formats=["PNG"]) as probe:
            probe.verify()
        picture: Image.Image = Image.open(BytesIO(content), formats=["PNG"])
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, zlib.error,
            Image.DecompressionBombError) as error:  # fmt: skip
        raise DamagedLabel("is not a whole PNG picture") from error
    if picture.width > picture.height:
        picture = picture.transpose(Image.Transpose.ROTATE_270)
    scale = min(LABEL[0] / picture.width, LABEL[1] / picture.height)
    width, height = picture.width * scale, picture.height * scale
    page = BytesIO()
    canvas = Canvas(page, pagesize=LABEL, pageCompression=1, invariant=True)
    canvas.drawImage(
        ImageReader(picture), (LABEL[0] - width) / 2, (LABEL[1] - height) / 2, width, height
    )
    canvas.save()
    return page.getvalue()
