"""Whether a postal address can be delivered to, as far as it can be told without asking anybody."""

import re
from collections.abc import Mapping

# What an address is made of, beside telephone number and e-mail address
PARTS = ("name", "company", "street1", "street2", "city", "state", "postal_code", "country")
# State -> first three digits of its ZIP codes (USPS Publication 65 and L002); generous at borders.
_ZIPS = """
AL 350-369|AK 995-999|AZ 850-865|AR 716-729 755|CA 900-961|CO 800-816|CT 060-069|DE 197-199
DC 200-205 569|FL 320-349|GA 300-319 398-399|HI 967-968|ID 832-838|IL 600-629|IN 460-479
IA 500-528|KS 660-679|KY 400-427|LA 700-714|ME 039-049|MD 206-219|MA 010-027 055|MI 480-499
MN 550-567|MS 386-397|MO 630-658|MT 590-599|NE 680-693|NV 889-898|NH 030-038|NJ 070-089
NM 870-884|NY 005 063 100-149|NC 270-289|ND 580-588|OH 430-459|OK 730-749|OR 970-979|PA 150-196
PR 006-007 009|RI 028-029|SC 290-299|SD 570-577|TN 370-385|TX 733 750-799 885|UT 840-847
VT 050-059|VA 201 220-246|WA 980-994|WV 247-268|WI 530-549|WY 820-831 834|VI 008|GU 969
AS 967|MP 969|PW 969|FM 969|MH 969|AE 090-098|AA 340|AP 962-966
"""
_NAMES = """
AL Alabama|AK Alaska|AZ Arizona|AR Arkansas|CA California|CO Colorado|CT Connecticut|DE Delaware
DC District of Columbia|FL Florida|GA Georgia|HI Hawaii|ID Idaho|IL Illinois|IN Indiana|IA Iowa
KS Kansas|KY Kentucky|LA Louisiana|ME Maine|MD Maryland|MA Massachusetts|MI Michigan|MN Minnesota
MS Mississippi|MO Missouri|MT Montana|NE Nebraska|NV Nevada|NH New Hampshire|NJ New Jersey
NM New Mexico|NY New York|NC North Carolina|ND North Dakota|OH Ohio|OK Oklahoma|OR Oregon
PA Pennsylvania|PR Puerto Rico|RI Rhode Island|SC South Carolina|SD South Dakota|TN Tennessee
TX Texas|UT Utah|VT Vermont|VA Virginia|WA Washington|WV West Virginia|WI Wisconsin|WY Wyoming
VI Virgin Islands|VI U.S. Virgin Islands|GU Guam|AS American Samoa|MP Northern Mariana Islands
PW Palau|FM Micronesia|MH Marshall Islands|AE Armed Forces Europe|AA Armed Forces Americas
AP Armed Forces Pacific|DC Washington DC|DC Washington, D.C.
"""


def _entries(table: str) -> list[list[str]]:
    rows = table.replace("\n", "|").split("|")
    return [row.split(" ", 1) for row in rows if row.strip()]


def _prefixes(text: str) -> frozenset[str]:
    found: set[str] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found |= {f"{n:03d}" for n in range(int(first), int(last or first) + 1)}
    return frozenset(found)


_PREFIXES = {code: _prefixes(text) for code, text in _entries(_ZIPS)}
_CODES = {name.strip().upper(): code for code, name in _entries(_NAMES)}
US_STATES = frozenset(_PREFIXES)
_ZIP = re.compile(r"\d{5}(-?\d{4})?\Z")


def us_state(*candidates: str) -> str:
    """The two-letter code in the first candidate that is a code ("CA", "US-CA") or a name; ""."""
    for candidate in candidates:
        text = candidate.strip().upper()
        code = text.removeprefix("US-")
        if code in US_STATES:
            return code
        if text in _CODES:
            return _CODES[text]
    return ""


def is_masked(text: str) -> bool:
    """Whether TikTok has struck out part of `text`."""
    return "*" in text


def problem(address: Mapping[str, str]) -> str:
    """What is wrong with an address, as a sentence; "" when nothing is seen to be."""
    for field, words in (("name", "name"), ("street1", "street"), ("city", "city")):
        if not address.get(field, "").strip():
            return f"The address has no {words}."
    country = address.get("country", "")
    if len(country) != 2:
        return "The address has no country."
    return _us_problem(address) if country == "US" else ""


def _us_problem(address: Mapping[str, str]) -> str:
    state, postal = address.get("state", ""), address.get("postal_code", "").strip()
    if not postal:
        return "The address has no ZIP code."
    if not _ZIP.match(postal):
        return f"“{postal}” is not a ZIP code: it has five digits."
    if state not in US_STATES:
        return f"“{state}” is not a state." if state else "The address has no state."
    if postal[:3] not in _PREFIXES[state]:
        return f"The ZIP code {postal} is not in {state}."
    return ""
