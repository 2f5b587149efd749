"""docs/faults.md says what the table says; WRITE_FAULT_TABLE=1 makes it anew."""

import os

from tests.faults.document import PATH, text


def test_the_page_is_up_to_date() -> None:
    wanted = text()
    if os.environ.get("WRITE_FAULT_TABLE"):
        PATH.write_text(wanted, encoding="utf-8")
    assert PATH.read_text(encoding="utf-8") == wanted
