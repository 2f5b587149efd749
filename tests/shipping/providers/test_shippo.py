from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shipping.providers.base import BoughtLabel, LabelFormat, Rate, Unsupported, VoidOutcome
from shipping.providers.memory import one_page_pdf
from shipping.providers.shippo import Shippo
from tests.contracts.cases import KEY, NOW, SPEC, shippo
from tests.contracts.tape import Tape, answer, with_value

CASE = shippo()


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def provider(tape: Tape) -> Shippo:
    made = CASE.make(tape)
    assert isinstance(made, Shippo)
    return made


def _list(*results: dict[str, Any], more: str | None = None) -> httpx.Response:
    return answer({"next": more, "previous": None, "results": list(results)})


def test_a_refusal_inside_201_is_rejected_with_its_reasons(provider: Shippo, tape: Tape) -> None:
    refused = CASE.buy_body | {
        "status": "ERROR",
        "tracking_number": "",
        "label_url": "",
        "messages": [{"source": "UPS", "code": "120100", "text": "Invalid shipper number"}],
    }
    tape.play(answer(refused, 201))
    with pytest.raises(Rejected, match="UPS: Invalid shipper number"):
        provider.buy(SPEC, CASE.rate, key=KEY)
    tape.play(answer(refused | {"messages": []}, 201))
    with pytest.raises(Rejected, match="without a reason"):
        provider.buy(SPEC, CASE.rate, key=KEY)


@pytest.mark.parametrize("status", ["QUEUED", "WAITING"])
def test_a_purchase_left_in_the_queue_is_unknown_for_now(
    provider: Shippo, tape: Tape, status: str
) -> None:
    tape.play(answer(CASE.buy_body | {"status": status, "label_url": ""}, 201))
    with pytest.raises(OutcomeUnknown) as unknown:
        provider.buy(SPEC, CASE.rate, key=KEY)
    assert (unknown.value.code, unknown.value.retry_after) == (status, 2)
    assert len(tape.requests) == 1


def test_a_transaction_for_another_rate_is_not_taken_for_ours(provider: Shippo, tape: Tape) -> None:
    tape.play(answer(CASE.buy_body | {"rate": "rate9"}, 201))
    with pytest.raises(OutcomeUnknown):
        provider.buy(SPEC, CASE.rate, key=KEY)


def test_a_transaction_that_carries_its_rate_names_the_price(provider: Shippo, tape: Tape) -> None:
    rate = {"object_id": "rate1", "amount": "6.10", "currency": "USD"}
    tape.play(answer(CASE.buy_body | {"rate": rate}, 201))
    assert provider.buy(SPEC, CASE.rate, key=KEY).cost == Money.of("6.10", "USD")


@pytest.mark.parametrize(
    ("wanted", "file_type"),
    [(LabelFormat.PDF, "PDF_4x6"), (LabelFormat.PNG, "PNG"), (LabelFormat.ZPL, "ZPLII")],
)
def test_the_label_format_is_asked_for_when_buying(
    provider: Shippo, tape: Tape, wanted: LabelFormat, file_type: str
) -> None:
    tape.play(answer(CASE.buy_body))
    label = provider.buy(replace(SPEC, label_format=wanted), CASE.rate, key=KEY)
    assert tape.body()["label_file_type"] == file_type
    assert label.label_format is wanted
    tape.play(answer(CASE.buy_body | {"label_file_type": file_type}))
    assert provider.buy(SPEC, CASE.rate, key=KEY).label_format is wanted


def test_finding_asks_by_rate_and_tells_a_success_from_refusals(
    provider: Shippo, tape: Tape
) -> None:
    refused = CASE.buy_body | {"object_id": "tx0", "status": "ERROR"}
    tape.play(_list(refused, CASE.buy_body))
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert found.provider_label_id == "tx1"
    assert dict(tape.requests[0].url.params)["rate"] == "rate1"
    tape.play(_list(refused))
    assert provider.find(CASE.rate, key=KEY) is None


def test_two_paid_transactions_are_one_label_and_a_named_duplicate(
    provider: Shippo, tape: Tape
) -> None:
    later = CASE.buy_body | {"object_id": "tx2", "object_created": "2026-11-23T12:00:09.000Z"}
    tape.play(_list(later, CASE.buy_body))
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert (found.provider_label_id, found.extra["duplicates"]) == ("tx1", "tx2")


def test_a_success_wins_over_an_earlier_one_that_was_refunded(provider: Shippo, tape: Tape) -> None:
    refunded = CASE.buy_body | {
        "object_id": "tx0",
        "status": "REFUNDED",
        "object_created": "2026-11-23T11:00:00.000Z",
    }
    tape.play(_list(refunded, CASE.buy_body))
    found = provider.find(CASE.rate, key=KEY)
    assert found is not None
    assert found.provider_label_id == "tx1"
    assert "duplicates" not in found.extra
    tape.play(_list(refunded))
    only = provider.find(CASE.rate, key=KEY)
    assert only is not None
    assert only.extra["refund_status"] == "REFUNDED"


def test_a_label_of_another_key_or_rate_is_not_ours(provider: Shippo, tape: Tape) -> None:
    tape.play(_list(CASE.buy_body | {"metadata": "label-0002"}, CASE.buy_body | {"rate": "rate9"}))
    assert provider.find(CASE.rate, key=KEY) is None
    tape.play(_list(CASE.buy_body | {"metadata": ""}))
    assert provider.find(CASE.rate, key=KEY) is not None


@pytest.mark.parametrize("status", ["QUEUED", "WAITING", "SOMETHING_NEW", ""])
def test_one_under_way_or_not_understood_keeps_it_unknown(
    provider: Shippo, tape: Tape, status: str
) -> None:
    tape.play(_list(CASE.buy_body | {"status": status}))
    with pytest.raises(OutcomeUnknown):
        provider.find(CASE.rate, key=KEY)


def test_a_list_with_more_pages_proves_nothing(provider: Shippo, tape: Tape) -> None:
    tape.play(_list(more="https://api.goshippo.com/transactions?page=2"))
    with pytest.raises(OutcomeUnknown):
        provider.find(CASE.rate, key=KEY)


def test_rates_still_being_collected_are_looked_for_again_in_the_same_shipment(
    provider: Shippo, tape: Tape
) -> None:
    waiting = CASE.quote_body | {"status": "QUEUED", "rates": []}
    tape.play(answer(waiting, 201), answer(waiting), answer(CASE.quote_body))
    assert provider.quote(SPEC).rates == CASE.expected_rates
    assert [request.method for request in tape.requests] == ["POST", "GET", "GET"]
    assert tape.requests[1].url.path == "/shipments/ship1"


def test_rates_that_never_come_are_unavailable(provider: Shippo, tape: Tape) -> None:
    tape.play(answer(CASE.quote_body | {"status": "WAITING", "rates": []}))
    with pytest.raises(Unavailable, match="still asking"):
        provider.quote(SPEC)


def test_a_shipment_in_error_is_rejected(provider: Shippo, tape: Tape) -> None:
    body = {"object_id": "ship1", "status": "ERROR", "rates": [], "messages": ["Bad address"]}
    tape.play(answer(body, 201))
    with pytest.raises(Rejected, match="Bad address"):
        provider.quote(SPEC)


def test_warnings_on_single_rates_are_told(provider: Shippo, tape: Tape) -> None:
    warning = {"source": "UPS", "code": "110971", "text": "Your invoice may vary."}
    body = with_value(CASE.quote_body, ["rates", 1, "messages"], [warning, warning])
    broken = with_value(body, ["rates", 0, "amount"], None)
    tape.play(answer(broken, 201))
    quotes = provider.quote(SPEC)
    assert quotes.messages == (
        CASE.complaint,
        "UPS: Your invoice may vary.",
        "1 of Shippo's rates could not be read.",
    )


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("QUEUED", VoidOutcome.REQUESTED),
        ("PENDING", VoidOutcome.REQUESTED),
        ("SUCCESS", VoidOutcome.REFUNDED),
        ("ERROR", VoidOutcome.REFUSED),
    ],
)
def test_a_void_is_answered(
    provider: Shippo, tape: Tape, status: str, outcome: VoidOutcome
) -> None:
    tape.play(answer({"object_id": "ref1", "status": status, "transaction": "tx1"}, 201))
    assert provider.void(_label()).outcome is outcome
    assert tape.requests[0].url.path == "/refunds"
    assert tape.body() == {"transaction": "tx1", "async": False}


def test_a_refused_void_carries_the_reason_and_a_lost_one_is_unknown(
    provider: Shippo, tape: Tape
) -> None:
    tape.play(answer({"transaction": ["Already refunded."]}, 400))
    refused = provider.void(_label())
    assert refused.message == "transaction: Already refunded."
    tape.play(answer({}, 201))
    with pytest.raises(OutcomeUnknown):
        provider.void(_label())


def test_a_signed_link_that_has_run_out_is_renewed_from_the_transaction(
    provider: Shippo, tape: Tape
) -> None:
    fresh = CASE.buy_body | {"label_url": "https://deliver.goshippo.com/tx1.pdf?Expires=2"}
    tape.play(
        httpx.Response(403, text="<Error/>"),
        answer(fresh),
        httpx.Response(200, content=one_page_pdf()),
    )
    assert provider.document(_label()).content_type == "application/pdf"
    assert tape.requests[1].url.path == "/transactions/tx1"
    assert tape.requests[2].url.query == b"Expires=2"


def test_a_hiccup_while_fetching_the_file_is_tried_again(provider: Shippo, tape: Tape) -> None:
    tape.play(httpx.Response(503), httpx.Response(200, content=one_page_pdf()))
    assert provider.document(_label()).content == one_page_pdf()


@pytest.mark.parametrize(
    ("key", "mode"),
    [("shippo_live_x", "live"), ("shippo_test_x", "test"), ("something else", "live")],
)
def test_the_key_is_proved_by_the_carriers_of_the_account(key: str, mode: str) -> None:
    accounts = [
        {"carrier": "usps", "active": True},
        {"carrier": "dhl_express", "active": True},
        {"carrier": "ups", "active": False},
    ]
    tape = Tape(answer({"results": accounts, "next": None}))
    found = Shippo(key, tape.client(), now=lambda: NOW).check()
    assert (found.mode, found.carriers) == (mode, ("USPS", "DHL Express"))
    assert bool(found.detail) == (mode == "test")


def test_a_dead_key_is_said_so() -> None:
    tape = Tape(answer({"detail": "Token does not exist"}, 401))
    with pytest.raises(NotAuthorized, match="does not accept this key"):
        Shippo("shippo_live_x", tape.client()).check()


def test_ids_that_could_change_an_address_are_never_used(provider: Shippo, tape: Tape) -> None:
    wrong: Rate = replace(CASE.rate, provider_ref={"shipment_id": "a", "rate_id": "../refunds"})
    with pytest.raises(Unsupported):
        provider.find(wrong, key=KEY)
    with pytest.raises(ValueError, match="1 to 100"):
        provider.buy(SPEC, CASE.rate, key="k" * 101)
    assert tape.requests == []


def _label() -> BoughtLabel:
    return CASE.make(Tape(answer(CASE.buy_body))).buy(SPEC, CASE.rate, key=KEY)
