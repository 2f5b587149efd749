"""1,000 raster 4x6 labels into print files of at most 200, one of them damaged, in a process of its
own."""

import random
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.memory import peak_megabytes
from shipping.labels.merge import Piece, merge

LABELS = 1000
DAMAGED = 417
MOST_SECONDS = 5.0
MOST_MEGABYTES = 300
WIDTH, HEIGHT = 1200, 1800  # 4x6 inches at 300 dpi, one bit a pixel


def run() -> dict[str, Any]:
    """Seconds for the whole merge, from files on disk to finished print files."""
    with tempfile.TemporaryDirectory(prefix="bench-merge-") as folder:
        total = _write_labels(Path(folder))
        output = subprocess.run(
            [sys.executable, "-c", "from bench import merge; merge.measure()", folder],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    seconds, megabytes, files, pages, refused = output.split()
    kept = float(seconds) < MOST_SECONDS and float(megabytes) < MOST_MEGABYTES
    return {
        "figure": float(seconds),
        "unit": "s",
        "input": f"{LABELS} raster 4x6 labels of {total // LABELS // 1000} KB,"
        f" number {DAMAGED} cut short",
        "limit": MOST_SECONDS,
        "ratio": round(float(seconds) / MOST_SECONDS, 3),
        "memory_mb": float(megabytes),
        "memory_limit_mb": MOST_MEGABYTES,
        "files": int(files),
        "pages": int(pages),
        "refused": refused,
        "kept": kept and refused == str(DAMAGED) and int(pages) == LABELS - 1,
    }


def measure() -> None:
    """Merge the folder named on the command line; print seconds, peak MB, files, pages, refused
    labels."""
    folder = Path(sys.argv[1])
    started = time.perf_counter()
    files = pages = 0
    refused: list[str] = []
    for made in merge(_pieces(folder)):
        (folder / f"print-{files}.pdf").write_bytes(made.content)
        files += 1
        pages += made.pages
        refused += [str(one.name) for one in made.refused]
    seconds = time.perf_counter() - started
    peak = peak_megabytes()
    print(f"{seconds:.3f} {peak:.1f} {files} {pages} {','.join(refused)}")


def _pieces(folder: Path) -> Iterator[Piece[int]]:
    for number in range(LABELS):
        yield Piece(number, (folder / f"{number}.pdf").read_bytes())


def _write_labels(folder: Path) -> int:
    chance = random.Random(6)
    total = 0
    for number in range(LABELS):
        content = raster_label(chance)
        if number == DAMAGED:
            content = content[: len(content) * 2 // 3]
        (folder / f"{number}.pdf").write_bytes(content)
        total += len(content)
    return total


def raster_label(chance: random.Random) -> bytes:
    """A PDF with one picture: white paper, bars, and a third of it noise, which is what does not
    compress."""
    row = WIDTH // 8
    bars = chance.randbytes(row)
    white = b"\xff" * row
    rows = [white] * 300 + [bars] * 500 + [white] * 400
    rows += [chance.randbytes(row) for _ in range(HEIGHT - len(rows))]
    picture = zlib.compress(b"".join(rows), 1)
    page = b"q 288 0 0 432 0 0 cm /Im0 Do Q"
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 4 0 R"
        b" /Resources << /XObject << /Im0 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceGray"
        b" /BitsPerComponent 1 /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream"
        % (WIDTH, HEIGHT, len(picture), picture),
    ]
    content = bytearray(b"%PDF-1.4\n")
    starts = []
    for number, body in enumerate(bodies, 1):
        starts.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(content)
    content += b"xref\n0 6\n0000000000 65535 f \n"
    content += b"".join(b"%010d 00000 n \n" % start for start in starts)
    content += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % table
    return bytes(content)
