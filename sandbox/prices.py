"""What a carrier would ask for a parcel: zone, billable weight, price, days, or why not."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from sandbox.price_data import AREAS, SERVICES, Service

CENT = Decimal("0.01")
CARRIER_LIMIT_LB = {"USPS": 70, "UPS": 150, "FedEx": 150, "OnTrac": 50, "DHL eCommerce": 25}
DIVISOR = 139
USPS_STYLE = {"USPS", "DHL eCommerce"}  # dimensional weight only above one cubic foot
NOWHERE = re.compile(r"\b(unknown|undeliverable|undelievrable)\b", re.IGNORECASE)
OUTLYING = {"PR", "VI", "GU", "AE", "AP", "AA"}
PO_BOX = re.compile(r"^\s*p\.?\s*o\.?\s*box\b", re.IGNORECASE)
MILES = ((50, 1), (150, 2), (300, 3), (600, 4), (1000, 5), (1400, 6), (1800, 7))


@dataclass(frozen=True)
class Place:
    """The part of an address that a price depends on."""

    zip: str
    state: str
    country: str = "US"
    street: str = ""
    residential: bool = True


@dataclass(frozen=True)
class Box:
    """A parcel in pounds and inches."""

    pounds: float
    length: float = 0.0
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True)
class Quote:
    """One service's offer; amounts in US dollars."""

    service: Service
    amount: Decimal
    list_amount: Decimal
    retail_amount: Decimal
    days: int


@dataclass(frozen=True)
class Refusal:
    """Why a carrier offers nothing, in its own words."""

    carrier: str
    text: str


def _areas() -> dict[str, tuple[str, float, float]]:
    table: dict[str, tuple[str, float, float]] = {}
    for entry in AREAS.replace("\n", "|").split("|"):
        if not entry.strip():
            continue
        span, state, lat, lon = entry.split()
        low, high = span.split("-")
        for number in range(int(low), int(high) + 1):
            table[f"{number:03d}"] = (state, float(lat), float(lon))
    return table


ZIP_AREAS = _areas()


def location(zip_code: str) -> tuple[float, float] | None:
    """Latitude and longitude of the ZIP's area, or None for a ZIP that does not exist."""
    area = ZIP_AREAS.get(zip_code[:3])
    return None if area is None else (area[1], area[2])


def zip_fits_state(zip_code: str, state: str) -> bool:
    """Whether a US ZIP lies in that state; false for a ZIP no area is known for."""
    area = ZIP_AREAS.get(zip_code[:3])
    if not re.fullmatch(r"\d{5}(-?\d{4})?", zip_code) or area is None:
        return False
    return area[0] == state.strip().upper() or {area[0], state.strip().upper()} <= OUTLYING


def deliverable(street: str, zip_code: str, state: str) -> bool:
    """Whether a carrier knows the place; streets called unknown or undeliverable it does not."""
    return bool(street.strip()) and not NOWHERE.search(street) and zip_fits_state(zip_code, state)


@lru_cache(maxsize=20_000)
def zone(origin: str, destination: str) -> int:
    """The postal zone 1 to 8 between two 3-digit ZIP areas, by distance."""
    if origin == destination:
        return 1
    one, two = ZIP_AREAS[origin], ZIP_AREAS[destination]
    if "AK" in (one[0], two[0]) and one[0] != two[0]:
        return 8
    lat1, lon1, lat2, lon2 = map(math.radians, (one[1], one[2], two[1], two[2]))
    a = math.sin((lat2 - lat1) / 2) ** 2
    a += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    miles = 3958.8 * 2 * math.asin(math.sqrt(a))
    return next((number for limit, number in MILES if miles <= limit), 8)


def billable_pounds(carrier: str, box: Box) -> float:
    """Greater of actual and dimensional weight, rounded up as that carrier does."""
    sides = [math.ceil(side) for side in (box.length, box.width, box.height)]
    volume = sides[0] * sides[1] * sides[2]
    dimensional = volume / DIVISOR if carrier not in USPS_STYLE or volume > 1728 else 0.0
    pounds = max(box.pounds, dimensional)
    if pounds < 1 and carrier in USPS_STYLE:
        return math.ceil(pounds * 4) / 4
    return float(math.ceil(pounds))


@lru_cache(maxsize=50_000)
def _cents(service_key: str, pounds: float, zone_number: int) -> int:
    """The base price between the two nearest weights of the table."""
    table = BY_KEY[service_key].prices
    weights = list(table)
    price = [round(table[weight][zone_number - 1] * 100) for weight in weights]
    if pounds <= weights[0]:
        return price[0]
    for at in range(1, len(weights)):
        if pounds <= weights[at]:
            share = (pounds - weights[at - 1]) / (weights[at] - weights[at - 1])
            return round(price[at - 1] + share * (price[at] - price[at - 1]))
    return price[-1]


BY_KEY = {service.key: service for service in SERVICES}
CARRIERS = tuple(dict.fromkeys(service.carrier for service in SERVICES))


def _offers(service: Service, origin: Place, destination: Place, pounds: float) -> bool:
    if pounds > service.max_lb:
        return False
    if service.reach and not {origin.state.upper(), destination.state.upper()} <= service.reach:
        return False
    if service.homes is not None and service.homes != destination.residential:
        return False
    if destination.state.upper() in OUTLYING and service.carrier != "USPS":
        return False
    return service.po_box or not PO_BOX.match(destination.street)


@lru_cache(maxsize=50_000)
def _money(cents: int, factor: Decimal) -> Decimal:
    return (Decimal(cents) / 100 * factor).quantize(CENT, ROUND_HALF_UP)


def quote(
    origin: Place, destination: Place, box: Box, provider: str
) -> tuple[list[Quote], list[Refusal]]:
    """All offers of `provider` ("easypost" or "shippo") for a parcel, and the refusals."""
    refusals = _address_refusals(origin, destination)
    if refusals:
        return [], refusals
    zone_number = zone(origin.zip[:3], destination.zip[:3])
    quotes: list[Quote] = []
    for carrier in CARRIERS:
        limit = CARRIER_LIMIT_LB[carrier]
        pounds = billable_pounds(carrier, box)
        if pounds > limit:
            text = f"The weight of the package exceeds the maximum of {limit} lbs."
            refusals.append(Refusal(carrier, text))
            continue
        for service in SERVICES:
            if service.carrier == carrier and _offers(service, origin, destination, pounds):
                quotes.append(_priced(service, pounds, zone_number, destination, provider))
    return quotes, refusals


def _priced(
    service: Service, pounds: float, zone_number: int, destination: Place, provider: str
) -> Quote:
    cents = _cents(service.key, pounds, zone_number)
    if destination.residential:
        cents += service.residential
    factor = service.shippo_factor if provider == "shippo" else Decimal(1)
    return Quote(
        service,
        _money(cents, factor),
        _money(cents, service.list_factor),
        _money(cents, service.retail_factor),
        service.days[zone_number - 1],
    )


def _address_refusals(origin: Place, destination: Place) -> list[Refusal]:
    for place, words in ((origin, "origin"), (destination, "destination")):
        if place.country.upper() != "US":
            return [Refusal(carrier, f"Unsupported {words} country.") for carrier in CARRIERS]
        if not place.state.strip():
            return [Refusal(carrier, f"A state is required ({words}).") for carrier in CARRIERS]
        if not zip_fits_state(place.zip, place.state):
            text = f"The postal code {place.zip} is invalid for {place.state} ({words})."
            return [Refusal(carrier, text) for carrier in CARRIERS]
    return []
