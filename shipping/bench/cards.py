"""Cards with barcodes for the packing table: the bench's commands, and the totes. Pure: values in,
PDF out."""

from collections.abc import Iterable
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from shipping.labels.barcodes import barcode
from shipping.labels.lettering import draw, width

CARD = (288.0, 432.0)  # 4x6 inches: they come out of the label printer
COMMANDS = (
    ("Undo the last scan", "/undo"),
    ("Print the label again", "/print"),
    ("Skip: out of stock", "/skip out of stock"),
    ("Skip: damaged", "/skip damaged"),
    ("It is none of these", "/no"),
)


def command_card() -> bytes:
    """All commands on one card."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=CARD, invariant=True)
    canvas.setTitle("Bench commands")
    y = 372.0
    for words, code in COMMANDS:
        draw(canvas, 20, y + 34, words, 11)
        barcode(canvas, code, y=y, height=28, middle=CARD[0] / 2)
        y -= 82
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def tote_cards(numbers: Iterable[int]) -> bytes:
    """One card for each tote."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=CARD, invariant=True)
    canvas.setTitle("Tote cards")
    for number in numbers:
        draw(canvas, 20, 396, "Tote", 18)
        text = str(number)
        draw(canvas, (CARD[0] - width(text, 150)) / 2, 210, text, 150)
        barcode(canvas, f"TOTE-{number}", y=60, height=90, middle=CARD[0] / 2)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
