from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shipping.providers.base import BoughtLabel, LabelFormat, VoidOutcome
from shipping.providers.easypost import EasyPost
from shipping.providers.memory import one_page_pdf
from tests.contracts.cases import KEY, NOW, SPEC, EasyPostCase, easypost
from tests.contracts.tape import Tape, answer, with_value

CASE = easypost()
PDF = httpx.Response(200, content=one_page_pdf())


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def provider(tape: Tape) -> EasyPost:
    assert isinstance(CASE, EasyPostCase)
    made = CASE.make(tape)
    assert isinstance(made, EasyPost)
    return made


def _error(code: str, message: Any = "Something.", errors: object = ()) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "errors": list(errors)}}  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "code",
    [
        "SHIPMENT.POSTAGE.EXISTS",
        "SHIPMENT.PURCHASE.IN_PROGRESS",
        "SHIPMENT.POSTAGE.TIMED_OUT",
        "SHIPMENT.POSTAGE.NO_RESPONSE",
    ],
)
def test_codes_that_do_not_rule_out_a_label_leave_it_unknown(
    provider: EasyPost, tape: Tape, code: str
) -> None:
    tape.play(answer(_error(code), 422))
    with pytest.raises(OutcomeUnknown) as unknown:
        provider.buy(SPEC, CASE.rate, key=KEY)
    assert unknown.value.code == code
    assert len(tape.requests) == 1


@pytest.mark.parametrize(
    "code", ["SHIPMENT.RATE.UNAVAILABLE", "SHIPMENT.POSTAGE.FAILURE", "PARAMETER.INVALID"]
)
def test_codes_that_say_no_are_rejected(provider: EasyPost, tape: Tape, code: str) -> None:
    tape.play(answer(_error(code, "The rate is gone."), 422, x_ep_request_uuid="abc"))
    with pytest.raises(Rejected, match="The rate is gone.") as refused:
        provider.buy(SPEC, CASE.rate, key=KEY)
    assert (refused.value.code, refused.value.request_id) == (code, "abc")


def test_an_empty_wallet_is_said_so(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(_error("PAYMENT_REQUIRED", "Insufficient funds."), 402))
    with pytest.raises(Rejected, match="wants money first.*Insufficient funds"):
        provider.buy(SPEC, CASE.rate, key=KEY)


def test_a_forbidden_key_is_not_authorized(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(_error("FORBIDDEN"), 403))
    with pytest.raises(NotAuthorized):
        provider.quote(SPEC)


@pytest.mark.parametrize(
    ("message", "errors", "words"),
    [
        ("No.", [], "No."),
        (["One.", "Two."], [], "One.; Two."),
        ({"zip": ["Bad."]}, [], "ZIP code: Bad."),
        ("No.", ["carrier is down"], "No (carrier is down)."),
        (
            "No.",
            [{"field": "to_address.zip", "message": "is bad"}],
            "No (recipient ZIP code: is bad).",
        ),
        (None, [{"field": "", "message": "is bad"}], "is bad"),
        (None, [], "CODE"),
        ("The key EZTKsecret is bad", [], "The key *** is bad"),
    ],
)
def test_every_recorded_shape_of_an_error_is_put_into_words(
    provider: EasyPost, tape: Tape, message: object, errors: list[object], words: str
) -> None:
    tape.play(answer(_error("CODE", message, errors), 422))
    with pytest.raises(Rejected) as refused:
        provider.quote(SPEC)
    assert refused.value.message == words


def test_postage_not_yet_billed_counts_as_selected(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(with_value(CASE.buy_body, ["fees"], [{"type": "LabelFee", "amount": "0.05"}])))
    assert provider.buy(SPEC, CASE.rate, key=KEY).cost == Money.of("6.12", "USD")


def test_parts_of_a_cent_are_kept(provider: EasyPost, tape: Tape) -> None:
    fees = [{"type": "PostageFee", "amount": "6.07500"}]
    tape.play(answer(with_value(CASE.buy_body, ["fees"], fees)))
    assert provider.buy(SPEC, CASE.rate, key=KEY).cost == Money.of("6.075", "USD")


def test_a_fee_that_cannot_be_read_leaves_the_price_and_so_the_outcome_unknown(
    provider: EasyPost, tape: Tape
) -> None:
    tape.play(answer(with_value(CASE.buy_body, ["fees"], [{"type": "PostageFee"}])))
    with pytest.raises(OutcomeUnknown, match="without a price"):
        provider.buy(SPEC, CASE.rate, key=KEY)


def test_prices_sent_as_bare_numbers_stay_exact(provider: EasyPost, tape: Tape) -> None:
    body = b'{"id": "shp_1", "rates": [{"id": "rate_1", "carrier": "USPS", "service": "Priority",'
    body += b' "rate": 0.1, "currency": "usd"}]}'
    tape.play(httpx.Response(201, content=body))
    assert provider.quote(SPEC).rates[0].price == Money.of("0.1", "USD")


def test_rates_that_cannot_be_read_are_left_out_and_said_so(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(with_value(CASE.quote_body, ["rates", 1, "rate"], "a lot")))
    quotes = provider.quote(SPEC)
    assert len(quotes.rates) == 1
    assert quotes.messages[-1] == "1 of EasyPost's rates could not be read."


def test_a_label_bought_at_another_rate_is_found_with_what_it_really_cost(
    provider: EasyPost, tape: Tape
) -> None:
    other = CASE.quote_body["rates"][1]
    bought = CASE.buy_body | {"selected_rate": other, "fees": []}
    tape.play(answer(bought))
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert (found.carrier, found.cost) == ("ups", Money.of("34.15", "USD"))
    assert found.extra["rate_id"] == "rate_2"


def test_a_shipment_with_half_a_label_is_still_unknown(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(CASE.quote_body | {"tracking_code": "9400100208303109505657"}))
    with pytest.raises(OutcomeUnknown):
        provider.find(CASE.rate, key=KEY)


def test_a_body_cut_short_is_no_proof_that_nothing_was_bought(
    provider: EasyPost, tape: Tape
) -> None:
    tape.play(answer({"id": "shp_1"}))
    with pytest.raises(Unavailable):
        provider.find(CASE.rate, key=KEY)


@pytest.mark.parametrize(
    ("wanted", "file_type", "read"),
    [
        (LabelFormat.PNG, "image/png", LabelFormat.PNG),
        (LabelFormat.ZPL, "application/zpl", LabelFormat.ZPL),
        (LabelFormat.PDF, "application/pdf", LabelFormat.PDF),
    ],
)
def test_the_label_format_is_asked_for_and_read_back(
    provider: EasyPost, tape: Tape, wanted: LabelFormat, file_type: str, read: LabelFormat
) -> None:
    tape.play(answer(CASE.quote_body))
    provider.quote(replace(SPEC, label_format=wanted))
    assert tape.body()["shipment"]["options"] == {"label_format": wanted, "label_size": "4x6"}
    tape.play(answer(with_value(CASE.buy_body, ["postage_label", "label_file_type"], file_type)))
    assert provider.buy(SPEC, CASE.rate, key=KEY).label_format is read


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("submitted", VoidOutcome.REQUESTED),
        ("refunded", VoidOutcome.REFUNDED),
        ("rejected", VoidOutcome.REFUSED),
        ("not_applicable", VoidOutcome.REFUSED),
    ],
)
def test_a_void_is_answered(
    provider: EasyPost, tape: Tape, status: str, outcome: VoidOutcome
) -> None:
    tape.play(answer(CASE.buy_body | {"refund_status": status}))
    result = provider.void(_label(CASE.buy_body))
    assert result.outcome is outcome
    assert bool(result.message) == (outcome is VoidOutcome.REFUSED)
    assert tape.requests[0].url.path == "/v2/shipments/shp_1/refund"


def test_a_refused_void_carries_the_reason_and_a_lost_one_is_unknown(
    provider: EasyPost, tape: Tape
) -> None:
    tape.play(answer(_error("REFUND.TOO_LATE", "Too late."), 422))
    refused = provider.void(_label(CASE.buy_body))
    assert (refused.outcome, refused.message) == (VoidOutcome.REFUSED, "Too late.")
    for lost in (httpx.ReadTimeout("slow"), answer({"refund_status": "?"})):
        tape.play(lost)
        with pytest.raises(OutcomeUnknown):
            provider.void(_label(CASE.buy_body))
        assert len(tape.requests) == 1


def test_the_label_file_is_fetched_without_the_key(provider: EasyPost, tape: Tape) -> None:
    tape.play(PDF)
    document = provider.document(_label(CASE.buy_body))
    assert (document.content, document.content_type) == (one_page_pdf(), "application/pdf")
    assert "authorization" not in tape.requests[0].headers


def test_a_link_that_has_run_out_is_asked_for_again(provider: EasyPost, tape: Tape) -> None:
    tape.play(httpx.Response(403), answer(CASE.buy_body), PDF)
    assert provider.document(_label(CASE.buy_body)).content == one_page_pdf()
    assert tape.requests[1].url.path == "/v2/shipments/shp_1"


def test_a_label_without_file_yet_is_unavailable(provider: EasyPost, tape: Tape) -> None:
    tape.play(answer(CASE.quote_body))
    with pytest.raises(Unavailable) as pending:
        provider.document(replace(_label(CASE.buy_body), label_url=""))
    assert pending.value.retry_after == 3


def test_a_file_at_a_strange_address_is_refused(provider: EasyPost, tape: Tape) -> None:
    label = replace(_label(CASE.buy_body), label_url="https://evil.example/a.pdf")
    with pytest.raises(Rejected, match=r"evil\.example"):
        provider.document(label)
    assert tape.requests == []


def test_a_live_key_is_proved_by_its_carriers_and_a_test_key_by_its_shipments() -> None:
    tape = Tape(
        answer(
            [
                {"readable": "USPS"},
                {"readable": "UPS DAP"},
                {"type": "KiwiAccount"},
                {"readable": "USPS"},
            ]
        )
    )
    found = EasyPost("EZAKsecret", tape.client(), now=lambda: NOW).check()
    assert (found.mode, found.carriers) == ("live", ("USPS", "UPS", "KiwiAccount"))
    tape = Tape(answer({"shipments": [], "has_more": False}))
    tested = EasyPost("EZTKsecret", tape.client(), now=lambda: NOW).check()
    assert tested.mode == "test"
    assert "cannot be shipped with" in tested.detail
    assert tape.requests[0].url.path == "/v2/shipments"


def _label(body: dict[str, Any]) -> BoughtLabel:
    tape = Tape(answer(body))
    return CASE.make(tape).buy(SPEC, CASE.rate, key=KEY)
