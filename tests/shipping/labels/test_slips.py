"""Pick list and packing slips can be read, in any script, and lose nothing to a page's end."""

from io import BytesIO

from pypdf import PdfReader

from shipping.labels.lettering import width, wrap
from shipping.labels.slips import Item, Pick, Slip, packing_slips, pick_list


def _text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_the_pick_list_says_how_many_to_take_and_for_whom() -> None:
    picks = [Pick(Item("SERUM-30", "Glow Serum", 3), ((1, 1), (4, 2)))]
    text = _text(pick_list(picks, title="Pick list of 3 May", printed="Batch of 2 orders"))
    assert "SERUM-30" in text
    assert "1, 4 ×2" in text
    assert "3 units" in text


def test_a_long_pick_list_goes_on_over_several_pages() -> None:
    picks = [Pick(Item(f"SKU-{n:03}", "A product " * 9, n), ((n, 1),)) for n in range(1, 121)]
    content = pick_list(picks, title="Pick list", printed="")
    text = _text(content)
    assert len(PdfReader(BytesIO(content)).pages) > 3
    assert all(f"SKU-{n:03}" in text for n in range(1, 121))


def test_an_empty_pick_list_is_still_a_page() -> None:
    assert "nothing to pick" in _text(pick_list([], title="Pick list", printed="today"))


def test_names_in_other_scripts_are_printed() -> None:
    names = ("Zoë Łukaszewski-Şahin", "Đặng Thị Hương", "Дарья", "山田太郎")
    slips = [
        Slip(n, "José's Shop", "57646", (name,), [Item("A", "Größe", 1)])
        for n, name in enumerate(names)
    ]
    text = _text(packing_slips(slips)).replace("\n", "").replace(" ", "")
    assert all(name.replace(" ", "") in text for name in names)


def test_control_characters_and_line_breaks_in_names_do_no_harm() -> None:
    slip = Slip(1, "Shop\x00\n", "1", ("A\tB\u202e",), [Item("", "x\x07y", 1)])
    assert "x y" in _text(packing_slips([slip]))


def test_an_order_with_many_items_has_several_slips_and_each_names_it() -> None:
    slip = Slip(
        7, "Shop", "576461413038785752", ("Ann",), [Item(f"S{n}", "Thing", n) for n in range(1, 40)]
    )
    pages = PdfReader(BytesIO(packing_slips([slip]))).pages
    assert len(pages) > 1
    assert all("576461413038785752" in page.extract_text() for page in pages)
    assert all(any(f"S{n}" in page.extract_text() for page in pages) for n in range(1, 40))


def test_lines_never_leave_their_room() -> None:
    for text in ("word " * 40, "x" * 300, "Größe 山田 " * 20, ""):
        lines = wrap(text, 9, 120, most=3)
        assert len(lines) <= 3
        assert all(width(line, 9) <= 120 for line in lines)
