"""TikTok's recipient_address → the address fields a label carries, and what state it is in."""

from collections.abc import Mapping
from typing import Any

from orders import addresses

type Json = Mapping[str, Any]


def map_recipient(value: object) -> tuple[dict[str, str], str]:
    """Address fields (name, street1, …) and "none", "masked", "bad" or "good".

    TikTok gives no address before an order is paid and off hold, and strikes out parts of it for
    orders it makes the label for. A phone number that is struck out is left away, as no label needs
    it.
    """
    if not isinstance(value, Mapping) or not value:
        return {}, "none"
    address = _fields(value)
    if not any(address[name] for name in ("name", "street1", "city", "postal_code")):
        return {}, "none"
    if addresses.is_masked(address["phone"]):
        address["phone"] = ""
    struck = (address[name] for name in ("name", "street1", "street2", "city", "postal_code"))
    if any(addresses.is_masked(part) for part in struck):
        return address, "masked"
    return address, "bad" if addresses.problem(address) else "good"


def _fields(value: Json) -> dict[str, str]:
    levels = _levels(value.get("district_info"))
    country = _text(value.get("region_code")).upper()
    state_code, state_name = levels.get("L1", ("", ""))
    state = addresses.us_state(state_code, state_name) if country == "US" else state_name
    name = _text(value.get("name"))
    lines = [_text(value.get(f"address_line{n}")) for n in (1, 2, 3, 4)]
    if country != "US":  # some markets fill the detail and no lines
        lines[0] = lines[0] or _text(value.get("address_detail"))
    town = _text(value.get("post_town"))
    names = {level: name for level, (_, name) in levels.items()}
    return {
        "name": name or f"{_text(value.get('first_name'))} {_text(value.get('last_name'))}".strip(),
        "street1": lines[0],
        "street2": ", ".join(line for line in lines[1:] if line),
        "city": _city(country, names, town),
        "state": state or state_name,
        "postal_code": _text(value.get("postal_code")),
        "country": country,
        "phone": _text(value.get("phone_number")).replace("(", "").replace(")", " ").strip(),
        "company": "",
        "email": "",
    }


def _city(country: str, names: Mapping[str, str], town: str) -> str:
    """In the US L2 is the county and L3 the city; elsewhere the finest level that has a name."""
    if country == "US":
        return names.get("L3") or names.get("L4") or town or names.get("L2", "")
    return town or names.get("L3") or names.get("L2") or names.get("L4", "")


def _levels(value: object) -> dict[str, tuple[str, str]]:
    """Level -> (ISO code, name)."""
    levels: dict[str, tuple[str, str]] = {}
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, Mapping):
            level = _text(entry.get("address_level")).upper()
            levels[level] = (_text(entry.get("iso_code")), _text(entry.get("address_name")))
    return levels


def _text(value: object) -> str:
    return " ".join(value.replace("\x00", "").split())[:200] if isinstance(value, str) else ""
