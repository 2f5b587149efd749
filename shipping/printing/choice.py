"""What a machine prints on, as its browser remembers it. Pure: a cookie's text in, a choice out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

COOKIE = "printing"
LAYOUTS = {
    "4x6": "PDF, 4×6 in",
    "letter": "PDF, letter paper, two a page",
    "zpl": "ZPL, for label printers",
}
WAYS = {"browser": "This browser", "service": "Print service"}
_PRINTER = re.compile(r"[\w .:-]{1,80}")


@dataclass(frozen=True, slots=True)
class Choice:
    """`layout` is a key of LAYOUTS, `way` of WAYS; `when_ready` prints labels as soon as they are
    there; `printer` is the print service's name for one, empty for its default."""

    layout: str = "4x6"
    way: str = "browser"
    when_ready: bool = False
    printer: str = ""

    @property
    def wants_zpl(self) -> bool:
        """Whether labels are to be bought as ZPL."""
        return self.layout == "zpl"

    @property
    def paper(self) -> str:
        """How a PDF is laid out: one of a ZPL machine stays as it is."""
        return "letter" if self.layout == "letter" else "4x6"


def choice_of(cookies: Mapping[str, str]) -> Choice:
    """The machine's choice; what is not understood is as if never chosen.

    The cookie, written by static/js/print.js, is `layout.way.when_ready.printer`.
    """
    parts = unquote(cookies.get(COOKIE, "")).split(".", 3) + [""] * 4
    layout, way, when_ready, printer = parts[:4]
    return Choice(
        layout=layout if layout in LAYOUTS else "4x6",
        way=way if way in WAYS else "browser",
        when_ready=when_ready == "1",
        printer=printer if _PRINTER.fullmatch(printer) else "",
    )
