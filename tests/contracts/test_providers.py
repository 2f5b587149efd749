# Longer than 300 lines: one suite of questions, the same for every provider.
"""The same questions to every label provider's adapter, over a swapped wire."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from core.errors import (
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from shipping.providers.base import BoughtLabel, Can, Parcel, Provider, Unsupported
from shipping.providers.registry import PROVIDERS, provider_class
from tests.contracts.cases import CASES, KEY, NOW, SPEC, Case, answers
from tests.contracts.tape import Tape, answer, outcome, with_value, without


@pytest.fixture(params=CASES, ids=lambda case: case.__name__)
def case(request: pytest.FixtureRequest) -> Case:
    made: Case = request.param()
    return made


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def provider(case: Case, tape: Tape) -> Provider:
    return case.make(tape)


def test_it_is_in_the_registry_and_says_what_it_can(case: Case, provider: Provider) -> None:
    assert isinstance(provider, provider_class(case.slug))
    assert provider.slug == case.slug
    assert provider.slug in PROVIDERS
    assert {Can.RATES, Can.BUY} <= provider.can


def test_a_quote_asks_exactly_this(case: Case, provider: Provider, tape: Tape) -> None:
    provider_quotes = tape.play(answer(case.quote_body))
    provider.quote(SPEC)
    (request,) = provider_quotes.requests
    assert (request.method, request.url.path) == ("POST", case.quote_path)
    assert tape.body() == case.quote_request
    assert {name: request.headers[name] for name in case.headers} == case.headers


def test_names_outside_ascii_travel_as_utf_8(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(answer(case.quote_body))
    provider.quote(SPEC)
    text = tape.requests[0].content.decode("utf-8")
    names_travel = case.slug != "tiktok"  # TikTok knows the address itself
    assert ("José Ñandú 陳" in text or "Jos\\u00e9" in text) == names_travel


def test_rates_and_complaints_are_read(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(answer(case.quote_body))
    quotes = provider.quote(SPEC)
    assert quotes.rates == case.expected_rates
    assert quotes.messages == (case.complaint,)
    assert all(rate.expires_at and rate.expires_at > NOW for rate in quotes.rates)


def test_a_purchase_asks_exactly_this_once(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(answer(case.buy_body))
    provider.buy(SPEC, case.rate, key=KEY)
    (request,) = tape.requests
    assert (request.method, request.url.path) == ("POST", case.buy_path)
    assert tape.body() == case.buy_request


def test_a_bought_label_is_read(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(answer(case.buy_body))
    label = provider.buy(SPEC, case.rate, key=KEY)
    assert label.provider_label_id == case.label_id
    assert label.tracking_number == case.tracking
    assert (label.carrier, label.service) == (case.rate.carrier, case.rate.service)
    assert label.cost == case.cost
    assert label.pending_document == (not label.label_url)


@pytest.mark.parametrize("step", ["quote", "buy"])
def test_a_refusal_is_rejected_in_words_that_name_the_field(
    case: Case, provider: Provider, tape: Tape, step: str
) -> None:
    status, body = case.refusal
    tape.play(answer(body, status))
    with pytest.raises(Rejected) as refused:
        _do(provider, step, case)
    assert len(tape.requests) == 1
    for words in case.refusal_words:
        assert words in refused.value.message


@pytest.mark.parametrize("step", ["quote", "buy", "find"])
def test_dead_credentials_are_not_authorized(
    case: Case, provider: Provider, tape: Tape, step: str
) -> None:
    status, body = case.forbidden
    tape.play(answer(body, status))
    with pytest.raises(NotAuthorized) as refused:
        _do(provider, step, case)
    assert len(tape.requests) == 1
    assert "secret" not in refused.value.message


def test_too_many_requests_on_a_purchase_means_not_bought_and_names_the_wait(
    case: Case, provider: Provider, tape: Tape
) -> None:
    status, body = case.limited
    tape.play(answer(body, status, retry_after="7"))
    with pytest.raises(RateLimited) as limited:
        provider.buy(SPEC, case.rate, key=KEY)
    assert limited.value.retry_after == 7
    assert len(tape.requests) == 1


def test_a_quote_waits_as_long_as_it_was_told_and_asks_again(
    case: Case, provider: Provider, tape: Tape
) -> None:
    status, body = case.limited
    tape.play(answer(body, status, retry_after="2"), answer(case.quote_body))
    assert provider.quote(SPEC).rates == case.expected_rates
    assert len(tape.requests) == 2
    assert 2 <= tape.pauses[0] <= 2.3


def test_a_quote_does_not_sit_out_a_long_wait(case: Case, provider: Provider, tape: Tape) -> None:
    status, body = case.limited
    tape.play(answer(body, status, retry_after="60"))
    with pytest.raises(RateLimited) as limited:
        provider.quote(SPEC)
    assert limited.value.retry_after == 60
    assert tape.pauses == []


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ReadTimeout("slow"),
        httpx.WriteTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("cut short"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_a_purchase_whose_answer_is_lost_is_unknown_and_never_sent_again(
    case: Case, provider: Provider, tape: Tape, trouble: Exception
) -> None:
    tape.play(trouble)
    with pytest.raises(OutcomeUnknown):
        provider.buy(SPEC, case.rate, key=KEY)
    assert len(tape.requests) == 1


@pytest.mark.parametrize("status", [302, 408, 409, 500, 502, 503, 504])
def test_a_purchase_answered_with_neither_yes_nor_no_is_unknown(
    case: Case, provider: Provider, tape: Tape, status: int
) -> None:
    tape.play(httpx.Response(status, text="<html>Bad gateway</html>"))
    with pytest.raises(OutcomeUnknown):
        provider.buy(SPEC, case.rate, key=KEY)
    assert len(tape.requests) == 1


def test_a_refused_connection_means_certainly_not_bought(
    case: Case, provider: Provider, tape: Tape
) -> None:
    tape.play(httpx.ConnectError("refused"))
    with pytest.raises(Unavailable) as trouble:
        provider.buy(SPEC, case.rate, key=KEY)
    assert not isinstance(trouble.value, OutcomeUnknown)
    assert len(tape.requests) == 1


NONSENSE = [
    httpx.Response(200, content=b""),
    httpx.Response(200, content=b'{"id": "shp_1", "tracking'),
    httpx.Response(200, text="<html>Welcome</html>", headers={"content-type": "text/html"}),
    httpx.Response(200, content=b"[" * 100_000),
    httpx.Response(200, content=b'{"code": NaN}'),
    httpx.Response(200, content=b"\xff\xfe\x00"),
    httpx.Response(200, json=None),
    httpx.Response(200, json=[1, 2]),
    httpx.Response(200, json="yes"),
    httpx.Response(200, json={"data": [], "code": "fine"}),
]


@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_leaves_a_purchase_unknown_and_a_quote_unavailable(
    case: Case, provider: Provider, tape: Tape, body: httpx.Response
) -> None:
    tape.play(body)
    with pytest.raises(OutcomeUnknown):
        provider.buy(SPEC, case.rate, key=KEY)
    assert len(tape.requests) == 1
    with pytest.raises(Unavailable):
        provider.quote(SPEC)
    with pytest.raises(Unavailable):
        provider.find(case.rate, key=KEY)


def test_a_yes_that_lacks_what_makes_a_label_is_unknown(
    case: Case, provider: Provider, tape: Tape
) -> None:
    for path in case.needed:
        for body in (without(case.buy_body, path), with_value(case.buy_body, path, None)):
            tape.play(answer(body))
            with pytest.raises(OutcomeUnknown):
                provider.buy(SPEC, case.rate, key=KEY)
            assert len(tape.requests) == 1


@pytest.mark.parametrize("value", [None, "", 0, [], {}, "\x00", -1, "NaN", True])
def test_no_strange_value_anywhere_breaks_reading(
    case: Case, provider: Provider, tape: Tape, value: object
) -> None:
    for path in _paths(case.buy_body):
        tape.play(answer(with_value(case.buy_body, path, value)))
        _label_or_remote_error(provider, case)
    for path in _paths(case.quote_body):
        tape.play(answer(with_value(case.quote_body, path, value)))
        quotes = outcome(lambda: provider.quote(SPEC))
        rates = () if isinstance(quotes, RemoteError) else quotes.rates
        assert all(rate.price.amount >= 0 for rate in rates)


def test_json_is_read_whatever_the_content_type_says(
    case: Case, provider: Provider, tape: Tape
) -> None:
    content = json.dumps(case.buy_body).encode()
    tape.play(httpx.Response(200, content=content, headers={"content-type": "text/plain"}))
    assert provider.buy(SPEC, case.rate, key=KEY).provider_label_id == case.label_id


def test_a_lost_purchase_is_found_again(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(*answers(case.find_answers))
    found = provider.find(case.rate, key=KEY)
    assert found is not None
    assert found.provider_label_id == case.label_id
    assert found.cost == case.cost
    assert found.carrier == case.rate.carrier
    assert all(request.method == "GET" for request in tape.requests)


def test_nothing_bought_is_none(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(*answers(case.nothing_answers))
    assert provider.find(case.rate, key=KEY) is None


def test_finding_survives_a_hiccup(case: Case, provider: Provider, tape: Tape) -> None:
    tape.play(httpx.ReadTimeout("slow"), *answers(case.find_answers))
    found = provider.find(case.rate, key=KEY)
    assert found is not None
    assert found.provider_label_id == case.label_id


@pytest.mark.parametrize(
    ("parcel", "words"),
    [
        (Parcel(0, 254, 203, 102), "no weight"),
        (Parcel(-5, 254, 203, 102), "no weight"),
        (Parcel(10_000_000, 254, 203, 102), "10,000.0 kg"),
        (Parcel(437, 254, 0, 102), "no size"),
        (Parcel(437, 9_000, 203, 102), "longer than any"),
    ],
)
def test_an_impossible_parcel_is_refused_before_anything_is_sent(
    case: Case, provider: Provider, tape: Tape, parcel: Parcel, words: str
) -> None:
    spec = replace(SPEC, parcel=parcel)
    with pytest.raises(Rejected, match=words):
        provider.quote(spec)
    with pytest.raises(Rejected, match=words):
        provider.buy(spec, case.rate, key=KEY)
    assert tape.requests == []


def test_a_rate_of_somebody_else_cannot_be_bought(
    case: Case, provider: Provider, tape: Tape
) -> None:
    for wrong in (replace(case.rate, provider="other"), replace(case.rate, provider_ref={})):
        with pytest.raises(Unsupported):
            provider.buy(SPEC, wrong, key=KEY)
        with pytest.raises(Unsupported):
            provider.find(wrong, key=KEY)
    assert tape.requests == []


def test_a_wish_it_cannot_fulfil_raises(case: Case, provider: Provider, tape: Tape) -> None:
    missing = replace(SPEC, recipient=None, tiktok_order_ids=())
    with pytest.raises(Unsupported):
        provider.quote(missing)
    assert tape.requests == []


def _a_label(case: Case, provider: Provider, tape: Tape) -> BoughtLabel:
    tape.play(answer(case.buy_body))
    return provider.buy(SPEC, case.rate, key=KEY)


def test_what_became_of_a_refund_is_read_and_never_asked_for(
    case: Case, provider: Provider, tape: Tape
) -> None:
    label = _a_label(case, provider, tape)
    assert bool(case.refund_bodies) == (Can.VOID in provider.can)
    for outcome_wanted, body in case.refund_bodies.items():
        tape.play(answer(body))
        found = provider.refund_status(label)
        assert (found.outcome if found else "") == outcome_wanted
        (request,) = tape.requests
        assert (request.method, request.url.path) == ("GET", case.refund_path)
    if not case.refund_bodies:
        with pytest.raises(Unsupported):
            provider.refund_status(label)


def test_nothing_strange_passes_for_word_on_a_refund(
    case: Case, provider: Provider, tape: Tape
) -> None:
    label = _a_label(case, provider, tape)
    if not case.refund_bodies:
        assert Can.VOID not in provider.can
        return
    key = {"easypost": "id", "shippo": "object_id"}[case.slug]
    status = {"easypost": "refund_status", "shippo": "status"}[case.slug]
    granted = case.refund_bodies["refunded"]
    strange = [
        without(granted, (status,)),
        with_value(granted, (status,), "on its way"),
        with_value(granted, (status,), 7),
        with_value(granted, (key,), "another"),
    ]
    for given in [*map(answer, strange), *NONSENSE]:
        tape.play(given)
        with pytest.raises(Unavailable):
            provider.refund_status(label)
    tape.play(answer(case.forbidden[1], case.forbidden[0]))
    with pytest.raises(NotAuthorized):
        provider.refund_status(label)


def _do(provider: Provider, step: str, case: Case) -> object:
    if step == "quote":
        return provider.quote(SPEC)
    if step == "find":
        return provider.find(case.rate, key=KEY)
    return provider.buy(SPEC, case.rate, key=KEY)


def _label_or_remote_error(provider: Provider, case: Case) -> None:
    label = outcome(lambda: provider.buy(SPEC, case.rate, key=KEY))
    assert isinstance(label, RemoteError | BoughtLabel)
    if isinstance(label, BoughtLabel):
        assert label.provider_label_id
        assert label.cost.amount >= 0


def _paths(body: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value, the whole excepted."""
    inner: list[tuple[Any, ...]] = []
    names = body.keys() if isinstance(body, dict) else range(len(body))
    for name in names:
        inner.append((*here, name))
        if isinstance(body[name], dict | list):
            inner += _paths(body[name], (*here, name))
    return inner
