"""Many labels → print files in the order given. Pure: bytes in, bytes out."""

import gc
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

from pypdf import PdfWriter

from shipping.labels.pages import DamagedLabel, pdf_of, zpl_blocks

MOST_LABELS = 200
MOST_BYTES = (
    60 * 1024 * 1024
)  # raster labels can be large: a file is cut earlier, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Piece[N]:
    """One label as stored; `name` is handed back to say what became of it, `kind` is PDF, PNG or
    ZPL. So many of the `next` ones belong to it: they are in the same file."""

    name: N
    content: bytes
    kind: str = "PDF"
    next: int = 0


@dataclass(frozen=True, slots=True)
class Refused[N]:
    """A label that is in no file, and why: the end of a sentence about it."""

    name: N
    reason: str


@dataclass(slots=True)
class PrintBytes[N]:
    """One print file; its labels' pages stand together, in the order of `names`."""

    kind: str  # PDF or ZPL
    content: bytes
    names: list[N] = field(default_factory=list)
    pages: int = 0
    refused: list[Refused[N]] = field(default_factory=list)


def merge[N](pieces: Iterable[Piece[N]], *, most: int = MOST_LABELS) -> Iterator[PrintBytes[N]]:
    """Print files of at most `most` labels each, made one at a time while `pieces` are read.

    PNG labels become pages, ZPL labels files of their own. A damaged label is refused and named in
    the file it would have been in; where nothing else is left, in a last one without pages.
    """
    open_pdf, open_zpl = _Pdf[N](), _Zpl[N]()
    for piece in pieces:
        into = open_zpl if piece.kind == "ZPL" else open_pdf
        is_full = len(into.names) + piece.next >= most
        if into.names and (is_full or into.size + len(piece.content) > MOST_BYTES):
            yield into.close()
        into.add(piece)
    for last in (open_pdf, open_zpl):
        if last.names or last.refused:
            yield last.close()


class _File[N](ABC):
    """A print file being filled; empty again after `close`."""

    kind = ""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.names: list[N] = []
        self.refused: list[Refused[N]] = []
        self.size = 0
        self.pages = 0

    def add(self, piece: Piece[N]) -> None:
        """Put the label at the end, or note why not."""
        try:
            self.pages += self._append(piece)
        except DamagedLabel as damage:
            self.refused.append(Refused(piece.name, str(damage)))
        else:
            self.names.append(piece.name)
            self.size += len(piece.content)

    def close(self) -> PrintBytes[N]:
        """The file so far; the next label starts a new one."""
        done = PrintBytes(self.kind, self._bytes(), self.names, self.pages, self.refused)
        self._begin()
        return done

    @abstractmethod
    def _append(self, piece: Piece[N]) -> int:
        """Add the label's pages; how many they are. DamagedLabel when they cannot be read."""

    @abstractmethod
    def _bytes(self) -> bytes:
        """The file's content."""


class _Pdf[N](_File[N]):
    kind = "PDF"

    def _begin(self) -> None:
        super()._begin()
        self.writer = PdfWriter()

    def _append(self, piece: Piece[N]) -> int:
        reader, pages = pdf_of(piece.content, piece.kind)
        for page in pages:
            self.writer.add_page(page)
        # The writer keeps every reader it copied from, with all its bytes: let go of this one.
        self.writer.reset_translation(reader)
        reader.close()
        return len(pages)

    def _bytes(self) -> bytes:
        if not self.names:
            return b""
        out = BytesIO()
        with warnings.catch_warnings():
            # Annotations a carrier left pointing nowhere; the pages themselves were checked.
            warnings.simplefilter("ignore")
            self.writer.write(out)
        # pypdf's objects refer to each other in circles; a file's worth is too much to let lie.
        self.writer = PdfWriter()
        gc.collect()
        return out.getvalue()


class _Zpl[N](_File[N]):
    kind = "ZPL"

    def _begin(self) -> None:
        super()._begin()
        self.blocks: list[bytes] = []

    def _append(self, piece: Piece[N]) -> int:
        blocks = zpl_blocks(piece.content)
        self.blocks += blocks
        return len(blocks)

    def _bytes(self) -> bytes:
        return b"\n".join(self.blocks) + b"\n" if self.blocks else b""
