"""4x6 labels on letter paper, two a page, as half-sheet label stock has them. Pure: bytes in, bytes
out."""

from io import BytesIO

from pypdf import PageObject, PdfWriter, Transformation

from shipping.labels.pages import LABEL, pdf_of

LETTER = (612.0, 792.0)  # points
HALF = LETTER[1] / 2
MARGIN = 18.0  # what office printers leave white, a quarter of an inch
_SHEET = 1.35  # so many times wider than a label, and it is a sheet of its own


def two_a_page(content: bytes) -> bytes:
    """The labels of a PDF lying on their sides, one in each half of a letter page, in their order.

    A page that is a whole sheet already stays one. DamagedLabel when the bytes are not whole.
    """
    source = PdfWriter(
        clone_from=pdf_of(content, "PDF").reader
    )  # a reader's pages cannot be turned
    writer = PdfWriter()
    sheet: PageObject | None = None
    for page in source.pages:
        page.transfer_rotation_to_content()
        if _is_sheet(page):
            writer.add_page(page)
            sheet = None
        elif sheet is None:
            sheet = writer.add_blank_page(*LETTER)
            sheet.merge_transformed_page(page, _placed(page, bottom=HALF))
        else:
            sheet.merge_transformed_page(page, _placed(page, bottom=0.0))
            sheet = None
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def _is_sheet(page: PageObject) -> bool:
    box = page.mediabox
    return min(float(box.width), float(box.height)) > LABEL[0] * _SHEET


def _placed(page: PageObject, *, bottom: float) -> Transformation:
    """Into the middle of the half that begins at `bottom`; upright ones are turned, none is made
    larger."""
    box = page.mediabox
    move = Transformation().translate(-float(box.left), -float(box.bottom))
    width, height = float(box.width), float(box.height)
    if height > width:
        move = move.rotate(90).translate(height, 0)
        width, height = height, width
    scale = min(1.0, (LETTER[0] - 2 * MARGIN) / width, (HALF - 2 * MARGIN) / height)
    x = (LETTER[0] - width * scale) / 2
    y = bottom + (HALF - height * scale) / 2
    return move.scale(scale).translate(x, y)
