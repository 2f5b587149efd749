"""What a scanner read off a label → the numbers it can mean. Pure.

A label's barcode holds more than the number people read: USPS puts the destination ZIP in front
(application identifier 420), FedEx Ground hides the number at the end of 34 digits.
"""

import re

_GARBAGE = re.compile(r"[^0-9A-Za-z]")
LONGEST = 60


def read(scanned: str) -> list[str]:
    """The numbers it can mean, the likeliest first; none for what no label carries."""
    code = _GARBAGE.sub("", scanned).upper()
    if not 4 <= len(code) <= LONGEST:
        return []
    found = [code]
    if code.isdigit() and code.startswith("420"):
        # 420, then five digits of ZIP or nine, then the number of 20 to 26 digits
        found += [code[cut:] for cut in (8, 12) if 20 <= len(code) - cut <= 26]
    if code.isdigit() and len(code) == 34 and code.startswith("96"):
        found += [code[-12:], code[-14:].lstrip("0"), code[-15:]]
    return list(dict.fromkeys(found))
