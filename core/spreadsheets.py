"""Tables as CSV files that spreadsheets read without doing anything."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from django.http import StreamingHttpResponse

_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?")
# What begins a formula somewhere, by OWASP's page on CSV injection; its full-width forms as well
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class _Echo:
    """What csv.writer writes to: it hands each line back."""

    def write(self, line: str) -> str:
        return line


def csv_file(rows: Iterable[Sequence[str]], name: str) -> StreamingHttpResponse:
    """Rows, the header among them, as the download `name`; read while they are sent."""
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"  # spreadsheets then read it as UTF-8
    for cells in rows:
        yield writer.writerow([_plain(cell) for cell in cells])


def _plain(cell: str) -> str:
    """A cell that a spreadsheet takes for text, not for a formula; a number stays a number."""
    if _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.startswith(_STARTS) else cell
