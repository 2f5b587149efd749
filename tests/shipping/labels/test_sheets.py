"""Two labels on a letter page."""

from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter

from shipping.labels.pages import DamagedLabel
from shipping.labels.sheets import HALF, LETTER, two_a_page
from tests.shipping.labels.papers import LETTER as WHOLE
from tests.shipping.labels.papers import SIZE_4X6, pdf


def sheets(content: bytes) -> list[str]:
    reader = PdfReader(BytesIO(two_a_page(content)))
    assert {(page.mediabox.width, page.mediabox.height) for page in reader.pages} == {LETTER}
    return [page.extract_text() for page in reader.pages]


def places(content: bytes) -> list[tuple[float, float]]:
    """Where the words of the first sheet begin, from its lower left corner."""
    found: list[tuple[float, float]] = []

    def note(text: str, cm: list[float], tm: list[float], *_: object) -> None:
        if text.strip():
            x, y = tm[4], tm[5]
            found.append((cm[0] * x + cm[2] * y + cm[4], cm[1] * x + cm[3] * y + cm[5]))

    PdfReader(BytesIO(two_a_page(content))).pages[0].extract_text(visitor_text=note)
    return found


def test_three_labels_take_two_pages_in_their_order() -> None:
    first, second = sheets(pdf("one", "two", "three"))
    assert first.index("one") < first.index("two")
    assert "three" in second
    assert "one" not in second


def test_the_first_label_lies_in_the_upper_half_the_second_in_the_lower() -> None:
    (_, upper), (_, lower) = places(pdf("one", "two"))
    assert HALF < upper < LETTER[1]
    assert 0 < lower < HALF


def test_labels_keep_their_size_so_that_barcodes_still_scan() -> None:
    page = PdfReader(BytesIO(two_a_page(pdf("one")))).pages[0]
    scales: set[float] = set()
    page.extract_text(
        visitor_text=lambda text, cm, tm, *_: (
            scales.add(round((cm[0] ** 2 + cm[1] ** 2) ** 0.5, 4)) if text.strip() else None
        )
    )
    assert scales == {1.0}


def test_a_page_that_is_a_sheet_already_stays_alone() -> None:
    found = sheets(pdf("one", "sheet", "two", sizes=(SIZE_4X6, WHOLE, SIZE_4X6)))
    assert [text.strip() for text in found] == ["one", "sheet", "two"]


def test_a_label_lying_on_its_side_by_its_rotation_is_laid_like_the_others() -> None:
    writer = PdfWriter(clone_from=BytesIO(pdf("one")))
    writer.pages[0].rotate(90)
    out = BytesIO()
    writer.write(out)
    ((x, y),) = places(out.getvalue())
    assert 0 < x < LETTER[0]
    assert HALF < y < LETTER[1]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4 cut", b"^XA^XZ"])
def test_what_is_no_whole_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedLabel):
        two_a_page(content)
