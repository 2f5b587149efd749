"""What a machine's cookie says it prints on."""

import pytest

from shipping.printing.choice import Choice, choice_of


def test_a_machine_that_never_chose_prints_4x6_in_its_browser() -> None:
    assert choice_of({}) == Choice("4x6", "browser", False, "")


def test_a_choice_is_read_whole_with_dots_in_the_printers_name() -> None:
    found = choice_of({"printing": "letter.service.1.Zebra%20ZD421.back"})
    assert found == Choice("letter", "service", True, "Zebra ZD421.back")


@pytest.mark.parametrize("text", ["", "...", "a0.fax.yes.", "4x6", "%00.%ff", "x" * 5000])
def test_nonsense_is_as_if_never_chosen(text: str) -> None:
    assert choice_of({"printing": text}) == Choice()


@pytest.mark.parametrize("printer", ["a\nb", "x" * 81, "<b>", "naïve\r\nX: 1"])
def test_a_printers_name_cannot_smuggle_a_header(printer: str) -> None:
    assert choice_of({"printing": f"4x6.service.0.{printer}"}).printer == ""


def test_a_machine_for_zpl_prints_a_pdf_as_it_is() -> None:
    assert Choice("zpl").wants_zpl
    assert Choice("zpl").paper == "4x6"
    assert Choice("letter").paper == "letter"
