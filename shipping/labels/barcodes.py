"""Barcodes on papers of label printers. Pure: drawn on a canvas."""

from reportlab.graphics.barcode.code128 import Code128
from reportlab.pdfgen.canvas import Canvas

_ROOM = 272.0  # points across a 4x6 page, its margins taken off


def barcode(canvas: Canvas, text: str, *, y: float, height: float, middle: float) -> None:
    """Code 128 around `middle`, with bars as wide as a label printer draws them cleanly."""
    if not text:
        return
    bars = Code128(text, barHeight=height, barWidth=1.06, quiet=True)
    if bars.width > _ROOM:
        bars = Code128(text, barHeight=height, barWidth=0.71, quiet=True)
    bars.drawOn(canvas, middle - bars.width / 2, y)
