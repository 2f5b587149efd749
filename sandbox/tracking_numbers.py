"""Tracking numbers in each carrier's form, with a true check digit."""

from random import Random

USPS_HEADS = {
    ("easypost", "usps_ground_advantage"): "9400",
    ("easypost", "usps_priority"): "9405",
    ("easypost", "usps_priority_express"): "9470",
    ("shippo", "usps_ground_advantage"): "9234",
    ("shippo", "usps_priority"): "9205",
    ("shippo", "usps_priority_express"): "9270",
}
UPS_SERVICES = {
    "ups_ground": "03",
    "ups_ground_saver": "YW",
    "ups_3_day_select": "12",
    "ups_2nd_day_air": "02",
    "ups_next_day_air_saver": "13",
}


def mod10(digits: str) -> str:
    """The USPS (and GS1) check digit: weights 3 and 1 from the right."""
    total = sum(int(d) * (3 if at % 2 == 0 else 1) for at, d in enumerate(reversed(digits)))
    return str(-total % 10)


def alphanumeric_check(text: str) -> str:
    """The UPS and OnTrac check digit: letters count as (code - 63) mod 10, even places double."""
    total = 0
    for at, sign in enumerate(text):
        value = int(sign) if sign.isdigit() else (ord(sign) - 63) % 10
        total += value if at % 2 == 0 else 2 * value
    return str(-total % 10)


def fedex_check(digits: str) -> str:
    """The FedEx Express and Ground check digit: weights 3, 1, 7 over 11 digits, modulo 11."""
    total = sum(int(d) * (3, 1, 7)[at % 3] for at, d in enumerate(digits))
    return str(total % 11 % 10)


def tracking_number(service_key: str, provider: str, rng: Random, counter: int) -> str:
    """A number nobody got before: `counter` must be unique within provider and world."""
    if service_key.startswith("usps_"):
        body = f"{USPS_HEADS[provider, service_key]}{rng.randrange(10**9):09d}{counter % 10**8:08d}"
        return body + mod10(body)
    if service_key.startswith("ups_"):
        head = "E4P21A" if provider == "easypost" else "S4H70A"
        body = f"{head}{UPS_SERVICES[service_key]}{counter % 10**7:07d}"
        return "1Z" + body + alphanumeric_check(body)
    if service_key.startswith("fedex_"):
        head = "39" if provider == "easypost" else "77"
        body = f"{head}{rng.randrange(100):02d}{counter % 10**7:07d}"
        return body + fedex_check(body)
    if service_key.startswith("ontrac_"):
        letter = "C" if provider == "easypost" else "D"
        body = f"{letter}{rng.randrange(10**6):06d}{counter % 10**7:07d}"
        return body + alphanumeric_check(body)
    head = "926129" + ("0" if provider == "easypost" else "1")
    body = f"{head}{rng.randrange(10**6):06d}{counter % 10**8:08d}"
    return body + mod10(body)
