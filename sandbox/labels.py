"""A 4x6 inch label as PDF, PNG or ZPL: real barcode, real addresses, plainly not real postage."""

import unicodedata
from collections.abc import Sequence

from sandbox.bitmap import Bitmap
from sandbox.code128 import bars, modules

NOTICE = "SANDBOX LABEL - NOT VALID FOR SHIPPING"
PLAIN = str.maketrans(
    {"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "‐": "-", "‑": "-"}
)
HEAD = (
    b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 288 432] /Contents 6 0 R"
    b" /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
)


def printable(text: str) -> str:
    """The text in Windows-1252 signs: kept where possible, else unaccented, else "?"."""
    out = []
    for sign in text.translate(PLAIN):
        try:
            sign.encode("cp1252")
            out.append(sign if sign.isprintable() else " ")
        except UnicodeEncodeError:
            base = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
            out.append(base or "?")
    return "".join(out)


def ascii_text(text: str) -> str:
    """The text in ASCII for bitmap and ZPL fonts."""
    plain = unicodedata.normalize("NFKD", text.translate(PLAIN).replace("ß", "ss"))
    return "".join(
        sign if " " <= sign <= "~" else "?" for sign in plain if not unicodedata.combining(sign)
    )


def grouped(tracking: str) -> str:
    """The number in the groups people read it in."""
    if tracking.startswith("1Z"):
        parts = [tracking[:2], tracking[2:5], tracking[5:8], tracking[8:10], tracking[10:14]]
        return " ".join([*parts, tracking[14:]])
    return " ".join(tracking[at : at + 4] for at in range(0, len(tracking), 4))


def _literal(text: str) -> bytes:
    raw = printable(text).encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def _text(x: float, y: float, size: float, text: str, font: int = 1, room: float = 268) -> bytes:
    """Text at (x, y) in points, made smaller where an average Helvetica would not fit `room`."""
    wide = 0.58 if font == 2 else 0.53
    if len(text) * size * wide > room:
        size = max(4.0, room / (len(text) * wide))
    return b"BT /F%d %.1f Tf %.1f %.1f Td (%b) Tj ET\n" % (font, size, x, y, _literal(text))


def _barcode(tracking: str, y: float, height: float) -> bytes:
    width = modules(tracking)
    unit = min(1.2, 260 / width)
    left = (288 - width * unit) / 2
    boxes = [
        b"%.2f %.1f %.2f %.1f re" % (left + at * unit, y, wide * unit, height)
        for at, wide in bars(tracking)
    ]
    return b"\n".join(boxes) + b"\nf\n"


def _content(
    carrier: str, service: str, tracking: str, sender: Sequence[str],
    recipient: Sequence[str], reference: str,
) -> bytes:  # fmt: skip
    parts = [
        b"0.8 w 6 6 276 420 re S 6 376 m 282 376 l S 6 346 m 282 346 l S\n",
        b"6 180 m 282 180 l S 6 60 m 282 60 l S\n",
        b"12 382 38 38 re S\n",
        _text(21, 391, 28, service[:1].upper() or "?", 2),
        _text(60, 402, 16, carrier, 2, 160),
        _text(60, 386, 8, NOTICE, 1, 210),
        _text(12, 355, 17, service.upper(), 2, 264),
    ]
    top = 334.0
    for line in [line for line in sender if line][:6]:
        parts.append(_text(12, top, 8, line, 1, 200))
        top -= 10
    parts.append(_text(12, 262, 8, "SHIP TO:", 2))
    top = 248.0
    for line in [line for line in recipient if line][:6]:
        parts.append(_text(36, top, 11, line, 2, 240))
        top -= 13
    shown = grouped(tracking)
    parts += [
        _text(96, 164, 9, f"{carrier} TRACKING #"[:40], 2, 180),
        _barcode(tracking, 88, 66),
        _text(max(12, 144 - len(shown) * 2.9), 70, 10.5, shown, 2, 264),
        _text(12, 44, 9, f"Ref: {reference}" if reference else "", 1, 264),
        _text(12, 14, 6, f"{carrier} / {service} / {tracking}", 1, 264),
    ]
    return b"".join(parts)


def label_pdf(
    *, carrier: str, service: str, tracking: str, sender: Sequence[str],
    recipient: Sequence[str], reference: str = "",
) -> bytes:  # fmt: skip
    """One page of 288 x 432 points; `tracking` must be printable ASCII (ValueError)."""
    return _pdf(_content(carrier, service, tracking, sender, recipient, reference))


def form_pdf(
    *, carrier: str, service: str, tracking: str, sender: Sequence[str],
    recipient: Sequence[str], reference: str = "",
) -> bytes:  # fmt: skip
    """A form to be scanned for many parcels: the same words in the middle of a letter page."""
    words = _content(carrier, service, tracking, sender, recipient, reference)
    return _pdf(b"q 1 0 0 1 162 180 cm\n%b\nQ\n" % words, b"612 792")


def _pdf(content: bytes, size: bytes = b"288 432") -> bytes:
    stream = b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)
    out = bytearray(HEAD[0])
    offsets = []
    pages = [one.replace(b"288 432", size) for one in HEAD[1:]]
    for number, body in enumerate((*pages, stream), 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(offsets) + 1,
        start,
    )
    return bytes(out)


def label_png(
    *, carrier: str, service: str, tracking: str, sender: Sequence[str],
    recipient: Sequence[str], reference: str = "",
) -> bytes:  # fmt: skip
    """The same label as a 1-bit PNG of 1200 x 1800 dots (300 dpi)."""
    page = Bitmap(1200, 1800)
    page.frame(20, 20, 1160, 1760, 4)
    for y in (235, 360, 1050, 1540):
        page.bar(20, y, 1160, 4)
    page.text(50, 60, 8, ascii_text(carrier))
    page.text(50, 170, 4, NOTICE)
    page.text(50, 270, 8, ascii_text(service).upper())
    for row, line in enumerate([line for line in sender if line][:6]):
        page.text(50, 390 + row * 44, 4, ascii_text(line))
    page.text(50, 680, 4, "SHIP TO:")
    for row, line in enumerate([line for line in recipient if line][:6]):
        page.text(130, 730 + row * 52, 5, ascii_text(line))
    unit = max(2, min(5, 1080 // modules(tracking)))
    left = (1200 - modules(tracking) * unit) // 2
    page.columns(1130, 290, [(left + at * unit, wide * unit) for at, wide in bars(tracking)])
    shown = grouped(tracking)
    page.text(max(50, 600 - len(shown) * 15), 1450, 5, shown)
    page.text(50, 1600, 5, ascii_text(f"Ref: {reference}") if reference else "")
    return page.png()


def label_zpl(
    *, carrier: str, service: str, tracking: str, sender: Sequence[str],
    recipient: Sequence[str], reference: str = "",
) -> bytes:  # fmt: skip
    """The same label in ZPL II for 203 dpi (812 x 1218 dots)."""
    lines = ["^XA", "^CI28", "^PW812", "^LL1218", "^LH0,0", "^FO16,16^GB780,1186,3^FS"]

    def put(x: int, y: int, size: int, text: str) -> None:
        clean = text.replace("^", " ").replace("~", " ")
        lines.append(f"^FO{x},{y}^A0N,{size},{size}^FD{clean}^FS")

    put(36, 40, 56, carrier)
    put(36, 104, 24, NOTICE)
    put(36, 150, 48, service.upper())
    for row, line in enumerate([line for line in sender if line][:6]):
        put(36, 230 + row * 30, 24, line)
    for row, line in enumerate([line for line in recipient if line][:6]):
        put(90, 440 + row * 42, 36, line)
    lines.append(f"^FO80,760^BY2,2,200^BCN,200,Y,N,N,A^FD{tracking}^FS")
    put(36, 1080, 28, f"Ref: {reference}" if reference else "")
    return ("\n".join([*lines, "^XZ"]) + "\n").encode()


# What is not put on a parcel
FORMS = ("SCAN Form", "Manifest")
RENDERERS = {
    "pdf": ("application/pdf", label_pdf),
    "png": ("image/png", label_png),
    "zpl": ("application/zpl", label_zpl),
}
