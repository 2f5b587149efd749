"""Papers for the packing table: the pick list of a batch and one packing slip per parcel. Pure:
values in, PDF out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO

from reportlab.pdfgen.canvas import Canvas

from shipping.labels.barcodes import barcode
from shipping.labels.lettering import draw, width, wrap

LETTER = (612.0, 792.0)
SLIP = (288.0, 432.0)  # 4x6 inches: the slip comes out of the label printer
_MARGIN = 16.0
_FOOT = 62.0  # above the order's barcode


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one SKU."""

    sku: str
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Pick:
    """Units of one SKU in a whole batch, and where they go: positions in the batch, with the
    quantity where above one."""

    item: Item
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Slip:
    """One order, or what is in one of its parcels, as its buyer sees it there."""

    position: int
    shop: str
    order: str
    recipient: Sequence[str]
    items: Sequence[Item]
    tracking: str = ""
    note: str = ""
    parcel: str = ""  # "Parcel 1 of 2"
    extra: dict[str, str] = field(default_factory=dict)


def pick_list(picks: Sequence[Pick], *, title: str, printed: str) -> bytes:
    """What to take from the shelves, on letter pages: one row per SKU, in the order given."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=LETTER, invariant=True)
    canvas.setTitle(title)
    page, y = 0, 0.0
    units = sum(pick.item.quantity for pick in picks)
    for pick in picks:
        names = wrap(pick.item.name, 9, 250)
        places = wrap(_places(pick), 9, 150, most=12)
        height = 12 * max(len(names), len(places)) + 8
        if page == 0 or y - height < 40:
            if page:
                canvas.showPage()
            page += 1
            y = _pick_head(canvas, title, f"{printed} · {units} units · page {page}")
        _pick_row(canvas, y, pick, names, places)
        y -= height
    if page == 0:
        _pick_head(canvas, title, f"{printed} · nothing to pick")
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _places(pick: Pick) -> str:
    return ", ".join(
        f"{place} ×{units}" if units > 1 else str(place) for place, units in pick.places
    )


def _pick_head(canvas: Canvas, title: str, below: str) -> float:
    draw(canvas, 40, 745, title, 16)
    draw(canvas, 40, 728, below, 9)
    for x, word in ((40, "Take"), (80, "SKU"), (180, "Product"), (440, "For no.")):
        draw(canvas, x, 704, word, 9)
    canvas.line(40, 698, 572, 698)
    return 684.0


def _pick_row(canvas: Canvas, y: float, pick: Pick, names: list[str], places: list[str]) -> None:
    draw(canvas, 40, y, str(pick.item.quantity), 13)
    draw(canvas, 80, y, wrap(pick.item.sku or "no SKU", 9, 95, most=1)[0], 9)
    for n, line in enumerate(names):
        draw(canvas, 180, y - 12 * n, line, 9)
    for n, line in enumerate(places):
        draw(canvas, 440, y - 12 * n, line, 9)


def packing_slips(slips: Sequence[Slip]) -> bytes:
    """4x6 pages, one order after the other; an order with many items goes on over several pages."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=SLIP, invariant=True)
    canvas.setTitle("Packing slips")
    for slip in slips:
        _draw_slip(canvas, slip)
    if not slips:
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _draw_slip(canvas: Canvas, slip: Slip) -> None:
    y = _slip_head(canvas, slip)
    for item in slip.items:
        lines = wrap(item.name, 9, SLIP[0] - 2 * _MARGIN - 36)
        height = 11 * len(lines) + (10 if item.sku else 0) + 6
        if y - height < _FOOT:
            draw(canvas, _MARGIN, 20, "continued on the next slip", 7)
            canvas.showPage()
            y = _slip_head(canvas, slip)
        draw(canvas, _MARGIN, y, f"{item.quantity} ×", 11)
        for n, line in enumerate(lines):
            draw(canvas, _MARGIN + 36, y - 11 * n, line, 9)
        if item.sku:
            draw(canvas, _MARGIN + 36, y - 11 * len(lines), item.sku, 7)
        y -= height
    _slip_foot(canvas, slip, y)
    canvas.showPage()


def _slip_head(canvas: Canvas, slip: Slip) -> float:
    number = f"No. {slip.position}"
    draw(canvas, _MARGIN, 408, wrap(slip.shop, 12, 180, most=1)[0], 12)
    draw(canvas, SLIP[0] - _MARGIN - width(number, 12), 408, number, 12)
    draw(canvas, _MARGIN, 394, f"Order {slip.order}", 8)
    draw(canvas, SLIP[0] - _MARGIN - width(slip.parcel, 10), 394, slip.parcel, 10)
    y = 378.0
    for line in slip.recipient:
        draw(canvas, _MARGIN, y, wrap(line, 9, SLIP[0] - 2 * _MARGIN, most=1)[0], 9)
        y -= 11
    canvas.line(_MARGIN, y + 3, SLIP[0] - _MARGIN, y + 3)
    return y - 12


def _slip_foot(canvas: Canvas, slip: Slip, y: float) -> None:
    for line in wrap(slip.note, 8, SLIP[0] - 2 * _MARGIN, most=4) if slip.note else ():
        if y < _FOOT:
            return
        draw(canvas, _MARGIN, y, line, 8)
        y -= 10
    barcode(canvas, slip.order, y=30, height=22, middle=SLIP[0] / 2)
    if slip.tracking:
        draw(canvas, _MARGIN, 20, f"Tracking {slip.tracking}", 7)
