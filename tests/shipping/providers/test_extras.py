"""Insurance and signature as each provider takes them: asked for with the shipment, paid once, and
never dropped in silence."""

from dataclasses import replace
from decimal import Decimal

import pytest

from core.money import Money
from shipping.providers.base import Provider, Signature, Unsupported
from shipping.spec import spec_from_json, spec_hash, spec_to_json
from tests.contracts.cases import CASES, KEY, SPEC, Case, easypost, shippo, tiktok
from tests.contracts.tape import Tape, answer

EXTRAS = replace(SPEC, insured=Money.of("250.00", "USD"), signature=Signature.ADULT)


@pytest.fixture
def tape() -> Tape:
    return Tape()


def made(case: Case, tape: Tape) -> Provider:
    provider: Provider = case.make(tape)
    return provider


def test_easypost_is_asked_for_a_signature_and_its_insurance_is_part_of_every_price(
    tape: Tape,
) -> None:
    case = easypost()
    tape.play(answer(case.quote_body))
    quotes = made(case, tape).quote(EXTRAS)
    assert tape.body()["shipment"]["options"]["delivery_confirmation"] == "ADULT_SIGNATURE"
    plain = {rate.provider_ref["rate_id"]: rate.price.amount for rate in case.expected_rates}
    assert quotes.rates
    for rate in quotes.rates:  # one percent of 250 dollars
        assert rate.price.amount == plain[rate.provider_ref["rate_id"]] + Decimal("2.50")


def test_easyposts_smallest_premium_is_a_dollar(tape: Tape) -> None:
    case = easypost()
    tape.play(answer(case.quote_body))
    quotes = made(case, tape).quote(replace(SPEC, insured=Money.of("12", "USD")))
    least = min(rate.price.amount for rate in case.expected_rates)
    assert min(rate.price.amount for rate in quotes.rates) == least + 1


def test_easypost_is_told_the_amount_with_the_purchase_and_charges_what_was_quoted(
    tape: Tape,
) -> None:
    case = easypost()
    provider = made(case, tape)
    fees = [
        {"type": "PostageFee", "amount": "6.07"},
        {"type": "InsuranceFee", "amount": "2.50"},
    ]
    tape.play(answer(case.buy_body | {"fees": fees, "insurance": "250.00"}))
    label = provider.buy(EXTRAS, case.rate, key=KEY)
    assert tape.body()["insurance"] == "250.00"
    assert label.cost == Money.of("8.57", "USD")
    assert len(tape.requests) == 1


def test_easypost_insures_in_dollars_only(tape: Tape) -> None:
    with pytest.raises(Unsupported, match="does not insure in EUR"):
        made(easypost(), tape).quote(replace(SPEC, insured=Money.of("50", "EUR")))
    assert not tape.requests


@pytest.mark.parametrize(
    ("signature", "word"), [(Signature.ANY, "STANDARD"), (Signature.ADULT, "ADULT")]
)
def test_shippo_is_asked_for_both_with_the_shipment(
    tape: Tape, signature: Signature, word: str
) -> None:
    case = shippo()
    tape.play(answer(case.quote_body))
    made(case, tape).quote(replace(EXTRAS, signature=signature))
    assert tape.body()["extra"] == {
        "signature_confirmation": word,
        "insurance": {"amount": "250.00", "currency": "USD", "content": "Merchandise"},
    }


@pytest.mark.parametrize("wish", [{"signature": Signature.ANY}, {"insured": Money.of("1", "USD")}])
def test_tiktok_refuses_what_it_cannot_do_before_anything_is_sent(
    tape: Tape, wish: dict[str, object]
) -> None:
    case = tiktok()
    provider = made(case, tape)
    spec = replace(SPEC, **wish)
    with pytest.raises(Unsupported, match="without insurance or signature"):
        provider.quote(spec)
    with pytest.raises(Unsupported, match="without insurance or signature"):
        provider.buy(spec, case.rate, key=KEY)
    assert not tape.requests


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_nothing_is_asked_for_where_nothing_is_wanted(make: type[Case], tape: Tape) -> None:
    case = make()
    tape.play(answer(case.quote_body))
    made(case, tape).quote(SPEC)
    sent = str(tape.body())
    assert "insurance" not in sent
    assert "signature" not in sent
    assert "confirmation" not in sent


def test_specs_are_kept_with_them_and_hash_as_before_without() -> None:
    kept = spec_to_json(EXTRAS)
    assert spec_from_json(kept) == EXTRAS
    assert kept["insured"] == {"amount": "250.00", "currency": "USD"}
    plain = spec_to_json(SPEC)
    assert "insured" not in plain
    assert "signature" not in plain
    assert spec_from_json(plain) == SPEC
    hashes = {spec_hash(spec) for spec in (SPEC, EXTRAS, replace(SPEC, signature=Signature.ANY))}
    assert len(hashes) == 3
