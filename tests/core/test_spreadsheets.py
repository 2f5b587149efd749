"""CSV files that a spreadsheet reads as they are, and does not run."""

import csv
import io
from typing import cast

import pytest

from core.spreadsheets import csv_file


def text_of(*rows: list[str]) -> str:
    response = csv_file(rows, "days.csv")
    assert response["Content-Disposition"] == 'attachment; filename="days.csv"'
    assert response["Content-Type"].startswith("text/csv")
    return b"".join(cast(list[bytes], list(response))).decode()


def test_it_begins_so_that_spreadsheets_read_utf_8() -> None:
    assert text_of(["día", "1"]) == "\ufeffdía,1\r\n"


def test_a_cell_is_never_a_formula() -> None:
    found = text_of(["=1+1", "@x", "+1", "-x", "a=1"])
    assert found == "\ufeff'=1+1,'@x,'+1,'-x,a=1\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001 - they are meant
def test_whatever_begins_a_formula_is_text(start: str) -> None:
    (row,) = csv.reader(
        io.StringIO(text_of([f"{start}cmd|' /C calc'!A1"]).lstrip("\ufeff"), newline="")
    )
    assert row == [f"'{start}cmd|' /C calc'!A1"]


@pytest.mark.parametrize("cell", ["-1+1", "-1.", "-1e5", "-²", "-1\n=2"])
def test_what_only_looks_like_a_number_is_text(cell: str) -> None:
    assert text_of([cell]).startswith(("\ufeff'-", "\ufeff\"'-"))


def test_a_negative_number_stays_a_number() -> None:
    assert text_of(["-10.00", "-"]) == "\ufeff-10.00,'-\r\n"


def test_commas_and_quotes_stay_inside_their_cell() -> None:
    assert text_of(['UPS, "Ground"']) == '\ufeff"UPS, ""Ground"""\r\n'
