"""What people may enter, and the words when they may not."""

from typing import Any

import pytest

from orders.forms import ActionForm, AddressForm, WeightForm
from tests import factories

GOOD = {
    "name": "Jo Ortiz",
    "street1": "1 Main St",
    "city": "Austin",
    "state": "TX",
    "postal_code": "78701",
    "country": "US",
}


def address(**changes: str) -> AddressForm:
    return AddressForm(GOOD | changes)


def test_a_good_address_is_taken_and_tidied() -> None:
    form = address(state="texas", country="us")
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["state"], form.cleaned_data["country"]) == ("TX", "US")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"postal_code": "94110"}, "The ZIP code 94110 is not in TX."),
        ({"postal_code": "7870"}, "it has five digits"),
        ({"postal_code": ""}, "This is needed on the label."),
        ({"state": "XX"}, "“XX” is not a state."),
        ({"name": "J*** Ortiz"}, "Part of it is still struck out with stars."),
        ({"street1": ""}, "This is needed on the label."),
        ({"country": "USA"}, "at most 2 characters"),
    ],
)
def test_an_undeliverable_address_is_refused_with_its_reason(changes, words) -> None:
    form = address(**changes)
    assert not form.is_valid()
    assert words in str(form.errors)


def test_an_address_abroad_needs_no_state() -> None:
    assert address(country="GB", state="", postal_code="SW1A 1AA", name="Zoë Bélanger").is_valid()


def test_what_tiktok_has_struck_out_is_not_filled_in() -> None:
    form = AddressForm(address={"name": "J*** O***", "city": "Austin"})
    assert form.initial == {"city": "Austin"}


@pytest.fixture
def sku(db: None) -> Any:
    return factories.sku(factories.shop(factories.workspace()), weight_g=None)


@pytest.mark.parametrize(("ounces", "grams"), [("8.4", 239), ("0.01", 1), ("2400", 68039)])
def test_ounces_become_whole_grams_rounded_up(ounces, grams, sku) -> None:
    form = WeightForm({f"sku_{sku.pk}": ounces}, skus=[sku])
    assert form.is_valid(), form.errors
    assert form.weights() == [(sku, grams)]


@pytest.mark.parametrize(
    ("ounces", "words"),
    [
        ("0", "A weight is more than nothing."),
        ("-3", "A weight is more than nothing."),
        ("352740", "no parcel carrier takes"),
        ("99999999", "no parcel carrier takes"),
        ("", "Enter its weight."),
        ("heavy", "Enter a number, such as 8.4."),
        ("NaN", "Enter a number, such as 8.4."),
    ],
)
def test_a_weight_that_cannot_be_is_refused_in_words(ounces, words, sku) -> None:
    form = WeightForm({f"sku_{sku.pk}": ounces}, skus=[sku])
    assert words in str(form.errors)


def test_an_action_needs_a_name_and_a_known_time() -> None:
    assert ActionForm({"action": "hold", "days": "3"}).is_valid()
    assert not ActionForm({"days": "3"}).is_valid()
    assert not ActionForm({"action": "hold", "days": "4000000"}).is_valid()
