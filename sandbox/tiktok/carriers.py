"""Carriers a seller may name for an own label, and which tracking numbers look like whose."""

import re
from typing import NamedTuple


class Carrier(NamedTuple):
    """A shipping provider as TikTok lists it; `pattern` fits whole tracking numbers."""

    id: str
    name: str
    pattern: re.Pattern[str]


def _carrier(number: str, name: str, pattern: str) -> Carrier:
    return Carrier(number, name, re.compile(rf"(?:{pattern})\Z"))


USPS_ID = "7117858858072016686"
CARRIERS = (
    _carrier(
        USPS_ID, "USPS", r"(?:420\d{5}(?:\d{4})?)?9[1-5]\d{18}(?:\d{2})?|[A-Z]{2}\d{9}US|82\d{8}"
    ),
    _carrier("7117859084333745966", "UPS", r"1Z[0-9A-Z]{16}|T\d{10}"),
    _carrier("7129720299146184490", "FedEx", r"\d{12}|\d{15}|96\d{20}|\d{20}"),
    _carrier("7117859309819954990", "DHL eCommerce", r"GM\d{10,22}|(?:420\d{5})?9[23]612\d{17}"),
    _carrier("7132708451271542574", "OnTrac", r"[CD]\d{14}|1LS[0-9A-Z]{12,15}"),
    _carrier("7212608507307099946", "Amazon Shipping", r"TBA\d{12}"),
    _carrier("7254084123455211306", "GLS US", r"[1-9]\d{9}|\d{11}"),
    _carrier("7254084123455276842", "Lone Star Overnight", r"Z[0-9A-Z]{7}|LS[0-9A-Z]{8,12}"),
    _carrier("7260017355218224938", "UniUni", r"(?:UUS|N)[0-9A-Z]{10,20}"),
    _carrier("7260017355218290474", "Veho", r"VH[0-9A-Z]{8,16}"),
    _carrier("7132721393761781550", "DHL Express", r"\d{10}|JD\d{16,18}"),
)
BY_ID = {carrier.id: carrier for carrier in CARRIERS}


def owners(number: str) -> list[Carrier]:
    """All carriers whose numbers look like this one."""
    return [carrier for carrier in CARRIERS if carrier.pattern.match(number)]
