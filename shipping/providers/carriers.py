"""Carriers by one name each, whatever EasyPost, Shippo and TikTok call them, and what their
tracking numbers look like."""

import re

from core.carriers import NAMES, carrier_name
from shipping.providers.check_digits import (
    fedex,
    gs1,
    letters_mod10,
    mod7,
    s10,
)

# Slug -> what people read.
DISPLAY = NAMES

# Names as providers write them, reduced to letters and digits, where that is not already the slug
# or the display name.
_ALIASES = {
    "uspsreturns": "usps",
    "uspsgroundadvantage": "usps",
    "unitedstatespostalservice": "usps",
    "upsdap": "ups",
    "upsexpedited": "ups",
    "upsiparcel": "ups",
    "upsmailinnovations": "ups",
    "upssurepost": "ups",
    "upsgroundsaver": "ups",
    "unitedparcelservice": "ups",
    "fedexdefault": "fedex",
    "fedexsmartpost": "fedex",
    "fedexmailview": "fedex",
    "fedexgroundeconomy": "fedex",
    "federalexpress": "fedex",
    "dhl": "dhl_express",
    "dhlecs": "dhl_ecommerce",
    "dhlecommerceasia": "dhl_ecommerce",
    "dhlecommercesolutions": "dhl_ecommerce",
    "dhlglobalmail": "dhl_ecommerce",
    "ontracv3": "ontrac",
    "lasershipv2": "lasership",
    "unisco": "uniuni",
    "uniexpress": "uniuni",
    "shipveho": "veho",
    "gofo": "gofo",
    "yunexpressus": "yunexpress",
    "amazonmws": "amazon_shipping",
    "amazon": "amazon_shipping",
    "amazonlogistics": "amazon_shipping",
    "axlehire": "jitsu",
    "axlehirev3": "jitsu",
    "gso": "gls_us",
    "goldenstateovernight": "gls_us",
    "asendiausa": "asendia",
    "asendiaus": "asendia",
    "apcpostal": "apc",
    "hermes": "evri",
    "hermesuk": "evri",
    "dpddeutschland": "dpd",
    "dpdde": "dpd",
    "deutschepostdhl": "deutsche_post",
    "ttvirtualexpress": "tiktok",
    "tiktok": "tiktok",
}


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_BY_NAME = (
    {_letters(slug): slug for slug in DISPLAY}
    | {_letters(name): slug for slug, name in DISPLAY.items()}
    | _ALIASES
)


def carrier_slug(name: str) -> str:
    """The canonical slug for a provider's carrier name. An unknown carrier gets a slug made of its
    name, at most 40 long."""
    found = _BY_NAME.get(_letters(name))
    if found:
        return found
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", snake.lower()).strip("_")[:40].strip("_") or "unknown"


def display_name(slug: str) -> str:
    """What people read for a slug, known or not."""
    return carrier_name(slug)


def service_words(code: str) -> str:
    """A provider's service code as words: GroundAdvantage, FEDEX_2_DAY and usps_priority alike."""
    spaced = code.replace("_", " ")
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z][a-z])", " ", spaced)
    words = spaced.split()
    shouted = all(word.isupper() or word.isdigit() for word in words)
    lowered = all(word.islower() or word.isdigit() for word in words)
    fixed = [_word(word) if shouted or lowered else word for word in words]
    return " ".join(fixed)


def _word(word: str) -> str:
    return DISPLAY.get(word.lower(), word.capitalize())


# Tracking numbers ---------------------------------------------------------------------------------


def normal(number: str) -> str:
    """A tracking number without spaces and dashes, in capitals; USPS's routing prefix (420 and ZIP
    code) is taken off."""
    squeezed = re.sub(r"[\s-]", "", number).upper()
    routed = re.fullmatch(r"420(?:\d{5}|\d{9})(9[1-5]\d{20}|9[1-5]\d{24})", squeezed)
    return routed.group(1) if routed else squeezed


def _usps(number: str) -> bool:
    if re.fullmatch(r"9[1-5]\d{20}(\d{4})?", number):
        return gs1(number)
    if re.fullmatch(r"\d{20}", number):
        return gs1(number) or gs1("91" + number)
    return number.endswith("US") and s10(number)


def _ups(number: str) -> bool:
    return bool(re.fullmatch(r"1Z[0-9A-Z]{16}", number)) and letters_mod10(number[2:])


def _fedex(number: str) -> bool:
    if re.fullmatch(r"\d{12}", number):
        return fedex(number)
    if re.fullmatch(r"\d{15}", number):
        return gs1(number)
    if re.fullmatch(r"96\d{20}", number):
        return gs1(number[7:])
    if re.fullmatch(r"(96|10)\d{32}", number):
        return fedex(number[20:], longer=True)
    if re.fullmatch(r"92\d{20}", number):
        return gs1(number)
    return bool(re.fullmatch(r"61\d{18}", number)) and gs1("92" + number)


def _ontrac(number: str) -> bool:
    if re.fullmatch(r"[CD]\d{14}", number):
        return letters_mod10(("4" if number[0] == "C" else "5") + number[1:])
    return bool(re.fullmatch(r"1LS[0-9A-Z]{10,20}|[CD]\d{10,12}", number))


def _shape(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


# Carriers whose numbers carry no check digit anybody has published: the shape only.
_SHAPES = {
    "lasership": _shape(r"L[A-Z]\d{8}|1LS\d{10,16}"),
    "dhl_ecommerce": _shape(r"(GM|LX|RX|UV|CN|SG|TH|IN|HK|MY)\d{10,39}|9[1-5]\d{20}(\d{4})?"),
    "uniuni": _shape(r"UU[A-Z0-9]{10,24}|UNI[A-Z0-9]{8,24}"),
    "speedx": _shape(r"SPX[A-Z0-9]{8,24}"),
    "gofo": _shape(r"GF(US)?[A-Z0-9]{10,20}"),
    "yunexpress": _shape(r"YT\d{16}"),
    "amazon_shipping": _shape(r"TB[AMC]\d{9,15}"),
}
_ANY = re.compile(r"[A-Z0-9]{6,40}")
_VENDOR_TESTS = re.compile(r"EZ[1-7]0{8}\d|SHIPPO_[A-Z_]{5,20}")


def is_vendor_test(number: str) -> bool:
    """Whether a number is one of EasyPost's or Shippo's own for testing; it belongs to no
    carrier."""
    return bool(_VENDOR_TESTS.fullmatch(number.strip().upper()))


def plausible(carrier: str, number: str) -> bool:
    """Whether `number` can be one of `carrier` (a slug): shape, and check digit where it has one.

    Of a carrier we know nothing about, anything of 6 to 40 letters and digits can.
    """
    found = normal(number)
    if carrier == "ups" and found.startswith("92"):  # Mail Innovations ends at the post office
        return _usps(found)
    check = _CHECKS.get(carrier)
    if check is not None:
        return check(found)
    shape = _SHAPES.get(carrier)
    return bool((shape or _ANY).fullmatch(found))


def _dhl_express(number: str) -> bool:
    if re.fullmatch(r"\d{10,11}", number):
        return mod7(number)
    return bool(re.fullmatch(r"J[A-Z]{2,3}\d{9,20}", number))


_CHECKS = {
    "usps": _usps,
    "ups": _ups,
    "fedex": _fedex,
    "dhl_express": _dhl_express,
    "ontrac": _ontrac,
}


def detect_carrier(number: str) -> str | None:
    """The only carrier whose number this can be, as a slug; None when none or several fit."""
    found = normal(number)
    if found.startswith(("92", "61")) and _fedex(found) and _usps(found):
        # FedEx's economy parcels carry a postal barcode with FedEx's own mailer numbers in it.
        return "fedex" if found.startswith(("61292", "61299", "9261292", "9261299")) else "usps"
    fits = [slug for slug, check in _CHECKS.items() if check(found)]
    fits += [
        slug
        for slug, shape in _SHAPES.items()
        if slug not in ("dhl_ecommerce", "lasership") and shape.fullmatch(found)
    ]
    if not fits:
        fits = [slug for slug, shape in _SHAPES.items() if shape.fullmatch(found)]
    return fits[0] if len(fits) == 1 else None
