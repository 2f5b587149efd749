"""Services as people read them: with their carrier, once."""

import pytest

from shipping.naming import full_name
from shipping.providers.carriers import service_words

NAMES = [
    ("ups", "Ground Saver", "UPS Ground Saver"),
    ("ups", "UPS Ground Saver", "UPS Ground Saver"),
    ("ups", "UPSStandard", "UPS Standard"),
    ("ups", "Upsurge Express", "UPS Upsurge Express"),
    ("usps", "Ground Advantage", "USPS Ground Advantage"),
    ("fedex", "FedEx 2 Day", "FedEx 2 Day"),
    ("dhl_ecommerce", "DHLParcel Ground", "DHL eCommerce Parcel Ground"),
    ("dhl_ecommerce", "Parcels Ground", "DHL eCommerce Parcels Ground"),
    ("dhl_express", "DHL Express Worldwide", "DHL Express Worldwide"),
    ("ontrac", "OnTrac", "OnTrac"),
    ("moon_mail", "Express", "Moon Mail Express"),
]


@pytest.mark.parametrize(("carrier", "service", "read"), NAMES)
def test_a_service_is_read_with_its_carrier_once(carrier, service, read) -> None:
    assert full_name(carrier, service) == read


def test_a_providers_code_becomes_words_with_the_carrier_in_front() -> None:
    code = service_words("DHLParcelGround")
    assert full_name("dhl_ecommerce", code) == "DHL eCommerce Parcel Ground"
