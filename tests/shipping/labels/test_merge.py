"""Many labels become print files in the order given; a damaged one is refused and named."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from shipping.labels.merge import Piece, PrintBytes, merge
from shipping.labels.pages import DamagedLabel, count_pages
from tests.shipping.labels.papers import LETTER, SIZE_4X6, pdf, png, zpl


def _words(made: PrintBytes[str]) -> list[str]:
    return [page.extract_text().strip() for page in PdfReader(BytesIO(made.content)).pages]


def test_labels_stand_in_the_order_given() -> None:
    names = [f"label {n}" for n in (3, 1, 2)]
    (made,) = merge(Piece(name, pdf(name)) for name in names)
    assert _words(made) == names
    assert made.names == names


def test_a_print_file_holds_at_most_so_many_labels() -> None:
    files = list(merge((Piece(str(n), pdf(str(n))) for n in range(7)), most=3))
    assert [made.names for made in files] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert [word for made in files for word in _words(made)] == [str(n) for n in range(7)]


def test_pages_of_one_label_stay_together_in_one_file() -> None:
    pieces = [Piece("a", pdf("a")), Piece("b", pdf("b1", "b2", "b3")), Piece("c", pdf("c"))]
    first, second = merge(pieces, most=2)
    assert _words(first) == ["a", "b1", "b2", "b3"]
    assert (first.pages, second.pages) == (4, 1)


def test_a_letter_page_keeps_its_size() -> None:
    (made,) = merge([Piece("a", pdf("label", "invoice", sizes=(SIZE_4X6, LETTER)))])
    boxes = [page.mediabox for page in PdfReader(BytesIO(made.content)).pages]
    assert [(float(box.width), float(box.height)) for box in boxes] == [SIZE_4X6, LETTER]


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda whole: whole[: len(whole) // 2], "is cut short"),
        (lambda whole: b"<!doctype html><title>Sign in</title>", "is not a PDF"),
        (lambda whole: b"", "is not a PDF"),
        (lambda whole: b"%PDF-1.4\nnothing in it\n%%EOF\n", "cannot be read"),
        (
            lambda whole: whole.replace(b"/Contents", b"/Content2").replace(b"/Kids", b"/Kid2"),
            "has 0",
        ),
    ],
    ids=["cut short", "a web page", "empty", "no pages", "pages gone"],
)
def test_a_damaged_label_is_refused_and_named(damage, reason) -> None:
    pieces = [Piece("a", pdf("a")), Piece("broken", damage(pdf("x"))), Piece("c", pdf("c"))]
    (made,) = merge(pieces)
    assert made.names == ["a", "c"]
    assert [refused.name for refused in made.refused] == ["broken"]
    assert made.refused[0].reason.startswith(reason) or made.refused[0].reason == "cannot be read"


def test_a_file_whose_picture_was_cut_short_is_refused_although_its_end_is_there() -> None:
    whole = pdf("barcode " * 200)
    start = whole.index(b"stream") + 60
    broken = whole[:start] + bytes(len(whole[start : start + 40])) + whole[start + 40 :]
    with pytest.raises(DamagedLabel):
        count_pages(broken, "PDF")


@settings(max_examples=60, deadline=None)
@given(cut=st.floats(0.01, 0.97))
def test_a_label_cut_anywhere_is_refused(cut: float) -> None:
    whole = pdf("one", "two")
    with pytest.raises(DamagedLabel):
        count_pages(whole[: int(len(whole) * cut)], "PDF")


def test_when_every_label_is_damaged_the_file_is_empty_and_says_so() -> None:
    (made,) = merge([Piece("a", b"no"), Piece("b", b"no")])
    assert made.content == b""
    assert [refused.name for refused in made.refused] == ["a", "b"]


def test_png_labels_become_4x6_pages_among_the_others() -> None:
    (made,) = merge([Piece("a", pdf("a")), Piece("b", png(), "PNG"), Piece("c", pdf("c"))])
    pages = PdfReader(BytesIO(made.content)).pages
    assert [(float(p.mediabox.width), float(p.mediabox.height)) for p in pages] == [SIZE_4X6] * 3
    assert made.names == ["a", "b", "c"]


def test_a_png_that_is_cut_short_is_refused() -> None:
    (made,) = merge([Piece("a", png()[:-30], "PNG")])
    assert made.refused[0].reason == "is not a whole PNG picture"


def test_zpl_labels_are_a_file_of_their_own() -> None:
    pieces = [Piece("a", zpl("A"), "ZPL"), Piece("b", pdf("b")), Piece("c", zpl("C"), "ZPL")]
    by_kind = {made.kind: made for made in merge(pieces)}
    assert by_kind["ZPL"].content.count(b"^XA") == 2
    assert by_kind["ZPL"].names == ["a", "c"]
    assert by_kind["PDF"].names == ["b"]


def test_zpl_that_is_cut_short_is_refused() -> None:
    (made,) = merge([Piece("a", zpl("A")[:-6], "ZPL")])
    assert made.refused[0].reason == "is not whole ZPL"


def test_a_locked_pdf_is_refused() -> None:
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=BytesIO(pdf("secret")))
    writer.encrypt("password", algorithm="RC4-128")
    out = BytesIO()
    writer.write(out)
    with pytest.raises(DamagedLabel, match="locked"):
        count_pages(out.getvalue(), "PDF")
