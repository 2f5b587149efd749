import pytest

from shipping.providers.carriers import (
    carrier_slug,
    detect_carrier,
    display_name,
    is_vendor_test,
    normal,
    plausible,
    service_words,
)

GENUINE = {
    "usps": [
        "9400100208303109505657",
        "9205590164917310132354",
        "92748931507708513018050063",
        "420 22153 9101026837331000039521",
        "4201002334249200190132607600833457",
        "7196 9010 7560 0307 7385",
        "0307 1790 0005 2348 3741",
        "RB123456785US",
    ],
    "ups": ["1Z5R89390357567127", "1z 879E93 0346834440", "1Z8V92A70367203024"],
    "fedex": [
        "986578788855",
        "0414 4176 0228 964",
        "9611020987654312345672",
        "9622001900000000000000776632517510",
        "1001921334250001000300779017972697",
        "61299998820821171811",
        "9261292700768711948021",
    ],
    "ontrac": ["C11031500001879", "D10011354453707", "1LS717793482164"],
    "dhl_express": ["3318810025", "73891051146", "JJD0099999999"],
    "lasership": ["LX17635036"],
    "dhl_ecommerce": ["GM2951173225174494"],
    "gofo": ["GFUS01011884214464"],
    "amazon_shipping": ["TBA123456789012"],
    "speedx": ["SPXDFW012345678901"],
    "uniuni": ["UUS00A1234567890123"],
}
FORGED = {
    "usps": ["9400100208303109505658", "0307 1790 0005 2348 3742", "RB123456786US", "AB1US"],
    "ups": ["1Z5R89390357567128", "2Z5R89390357567127", "1Z1111111111111111", "1Z"],
    "fedex": ["986578788856", "568283610012732", "9600000000000000000001", "6129999882082117181"],
    "ontrac": ["C11031500001889", "D10011345983012", "X1"],
    "dhl_express": ["3318810026", "12"],
    "lasership": ["LX176350N6"],
    "amazon_shipping": ["TBX123456789012"],
}


@pytest.mark.parametrize(
    ("carrier", "number"), [(slug, number) for slug in GENUINE for number in GENUINE[slug]]
)
def test_genuine_numbers_are_plausible_and_known_by_their_looks(carrier: str, number: str) -> None:
    assert plausible(carrier, number)
    assert detect_carrier(number) == carrier


@pytest.mark.parametrize(
    ("carrier", "number"), [(slug, number) for slug in FORGED for number in FORGED[slug]]
)
def test_a_wrong_digit_or_shape_is_not_plausible(carrier: str, number: str) -> None:
    assert not plausible(carrier, number)


def test_a_number_of_another_carrier_is_not_plausible() -> None:
    assert not plausible("ups", "9400100208303109505657")
    assert not plausible("usps", "1Z5R89390357567127")


def test_ups_parcels_that_end_at_the_post_office_carry_postal_numbers() -> None:
    assert plausible("ups", "92748931507708513018050063")


def test_unknown_carriers_take_any_sensible_number() -> None:
    assert plausible("kolibri_post", "KP-0012345")
    assert not plausible("kolibri_post", "?")
    assert not plausible("kolibri_post", "x" * 60)


def test_nothing_is_guessed_from_nonsense() -> None:
    for number in ("", "hello", "١٢٣٤٥٦٧٨٩٠", "1" * 500):
        assert detect_carrier(number) is None


def test_the_routing_prefix_is_not_part_of_a_postal_number() -> None:
    assert normal("420 90277 9400 1002 0830 3109 5056 57") == "9400100208303109505657"


def test_vendors_numbers_for_testing_are_known() -> None:
    assert is_vendor_test("EZ1000000001")
    assert is_vendor_test("shippo_transit")
    assert not is_vendor_test("9400100208303109505657")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("USPS", "usps"),
        ("UPSDAP", "ups"),
        ("UPS® Ground Saver", "ups"),
        ("FedExDefault", "fedex"),
        ("FedExSmartPost", "fedex"),
        ("DHLExpress", "dhl_express"),
        ("DHL Express", "dhl_express"),
        ("DhlEcs", "dhl_ecommerce"),
        ("DHL eCommerce", "dhl_ecommerce"),
        ("OnTrac", "ontrac"),
        ("ontrac_v3", "ontrac"),
        ("TT Virtual express", "tiktok"),
        ("Amazon Shipping", "amazon_shipping"),
        ("KolibriPost", "kolibri_post"),
        ("日本郵便", "unknown"),
        ("", "unknown"),
    ],
)
def test_one_slug_whatever_a_provider_calls_the_carrier(name: str, slug: str) -> None:
    assert carrier_slug(name) == slug


def test_slugs_have_a_name_for_people() -> None:
    assert display_name("dhl_express") == "DHL Express"
    assert display_name("kolibri_post") == "Kolibri Post"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("GroundAdvantage", "Ground Advantage"),
        ("FEDEX_2_DAY", "FedEx 2 Day"),
        ("usps_priority_express", "USPS Priority Express"),
        ("2ndDayAir", "2nd Day Air"),
        ("Priority", "Priority"),
    ],
)
def test_service_codes_as_words(code: str, words: str) -> None:
    assert service_words(code) == words
