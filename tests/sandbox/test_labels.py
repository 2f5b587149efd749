"""Labels: a page of the right size whose barcode says the tracking number."""

import io
import re
import struct
import zlib

import pytest
from pypdf import PdfReader
from reportlab.graphics.barcode import code128 as reference

from sandbox.labels import ascii_text, label_pdf, label_png, label_zpl, printable

WORDS = {
    "carrier": "UPS",
    "service": "Ground Saver",
    "sender": ["Łukasz Creator", "Creator (Studio) \\ Co", "San Francisco CA 94107"],
    "recipient": ["Élodie Müller-Straße 日本", "179 N Harbor Dr", "Redondo Beach CA 90277"],
    "reference": "576461413038785752",
}
NUMBERS = ("1ZE4P21AYW00000128", "9400100208303109505657", "770000000016", "C11031500001879")


def decoded(bars: list[tuple[float, float]], unit: float) -> str:
    """The text of Code 128 bars given as (left, width), by reportlab's table, not ours."""
    by_pattern = {shape: symbol for symbol, shape in reference._patterns.items()}
    widths: list[int] = []
    for at, (left, wide) in enumerate(bars):
        if at:
            before = bars[at - 1]
            widths.append(round((left - before[0] - before[1]) / unit))
        widths.append(round(wide / unit))
    assert len(widths) % 6 == 1, "the stop pattern has seven elements"
    symbols = []
    for at in range(0, len(widths) - 7, 6):
        letters = [
            chr(ord("B" if place % 2 == 0 else "b") + wide - 2)
            for place, wide in enumerate(widths[at : at + 6])
        ]
        shape = "".join(letters)
        symbols.append(by_pattern[shape])
    return read(symbols)


def read(symbols: list[int]) -> str:
    """Symbol values to text; the check symbol must be right."""
    *data, check = symbols
    assert (data[0] + sum(at * value for at, value in enumerate(data))) % 103 == check
    in_c = data[0] == 105
    text = ""
    for value in data[1:]:
        if value in (99, 100) and not (in_c and value == 99):
            in_c = value == 99
        elif in_c:
            text += f"{value:02d}"
        else:
            text += chr(value + 32)
    return text


def pdf_bars(pdf: bytes) -> tuple[list[tuple[float, float]], float]:
    """Left edges and widths of the filled boxes, and the narrowest width."""
    found = re.findall(rb"^([\d.]+) 88\.0 ([\d.]+) 66\.0 re$", pdf, re.MULTILINE)
    bars = [(float(left), float(wide)) for left, wide in found]
    return bars, min(wide for _, wide in bars)


@pytest.mark.parametrize("tracking", NUMBERS)
def test_a_pdf_label_is_one_four_by_six_page_whose_barcode_is_the_tracking_number(
    tracking: str,
) -> None:
    pdf = label_pdf(tracking=tracking, **WORDS)
    reader = PdfReader(io.BytesIO(pdf), strict=True)
    assert len(reader.pages) == 1
    assert tuple(reader.pages[0].mediabox) == (0, 0, 288, 432)
    assert decoded(*pdf_bars(pdf)) == tracking


def test_a_pdf_label_names_sender_recipient_service_and_reference() -> None:
    text = PdfReader(io.BytesIO(label_pdf(tracking=NUMBERS[0], **WORDS))).pages[0].extract_text()
    for words in ("GROUND SAVER", "Creator (Studio) \\ Co", "179 N Harbor Dr", "Redondo Beach"):
        assert words in text
    assert "Ref: 576461413038785752" in text
    assert "NOT VALID FOR SHIPPING" in text


def test_names_keep_their_accents_where_the_font_has_them_and_lose_them_where_not() -> None:
    text = PdfReader(io.BytesIO(label_pdf(tracking=NUMBERS[0], **WORDS))).pages[0].extract_text()
    assert "Élodie Müller-Straße ??" in text
    assert "Lukasz Creator" in text
    assert printable("Ștefan Škoda\n") == "Stefan Škoda "
    assert ascii_text("Müller-Straße 日") == "Muller-Strasse ?"


def test_a_very_long_name_is_written_smaller_instead_of_leaving_the_page() -> None:
    pdf = label_pdf(**{**WORDS, "recipient": ["N" * 120]}, tracking=NUMBERS[0])
    size = re.search(rb"/F2 ([\d.]+) Tf [\d.]+ [\d.]+ Td \(N+\)", pdf)
    assert size is not None
    assert float(size[1]) < 6


def test_a_tracking_number_that_no_barcode_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        label_pdf(tracking="日本", **WORDS)


def png_rows(png: bytes) -> list[bytes]:
    """The rows of a 1-bit greyscale PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    wide, high, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (wide, high, depth, colour) == (1200, 1800, 1, 0)
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + body
        )
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(data)
    return [raw[row * 151 + 1 : row * 151 + 151] for row in range(1800)]


@pytest.mark.parametrize("tracking", NUMBERS)
def test_a_png_label_is_1200_by_1800_dots_with_the_same_barcode(tracking: str) -> None:
    row = png_rows(label_png(tracking=tracking, **WORDS))[1250]
    dots = "".join(f"{byte:08b}" for byte in row)
    spans = [match.span() for match in re.finditer("0+", dots)]
    bars = [(float(start), float(end - start)) for start, end in spans if 40 < start < 1150]
    assert decoded(bars, min(wide for _, wide in bars)) == tracking


def test_a_zpl_label_is_one_block_that_no_address_can_break_out_of() -> None:
    words = {**WORDS, "recipient": ["Evil^XZ^XA~DG", "179 N Harbor Dr"]}
    zpl = label_zpl(tracking=NUMBERS[1], **words).decode()
    assert zpl.startswith("^XA")
    assert zpl.rstrip().endswith("^XZ")
    assert (zpl.count("^XA"), zpl.count("^XZ")) == (1, 1)
    assert f"^BCN,200,Y,N,N,A^FD{NUMBERS[1]}^FS" in zpl
