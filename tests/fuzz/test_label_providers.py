"""Label providers' answers with anything in them: a value or an error of ours, and what may have
been paid is never taken for a no."""

from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import OutcomeUnknown, RateLimited, Rejected, RemoteError, Unavailable
from shipping.providers.base import BoughtLabel, Can, Quotes, Rate
from tests.contracts.cases import CASES, KEY, SPEC, Case
from tests.contracts.tape import Tape, outcome
from tests.fuzz.anything import JSON, bounded, every_awkward, is_storable, mutated

MOST_EXPENSIVE = Decimal(10**6)
made = [case() for case in CASES]
cases = st.sampled_from(made)
by_slug = pytest.mark.parametrize("case", made, ids=lambda case: case.slug)
STATUSES = (200, 201, 202, 204, 206, 300, 400, 402, 404, 408, 409, 422, 500, 502, 503, 504)


def bought(case: Case, document: Any, *, status: int = 200) -> BoughtLabel | RemoteError:
    """What buying makes of an answer; it is asked for once."""
    tape = Tape(httpx.Response(status, json=document))
    provider = case.make(tape)
    found: BoughtLabel | RemoteError = outcome(lambda: provider.buy(SPEC, case.rate, key=KEY))
    assert len(tape.requests) == 1
    return found


def check_label(label: BoughtLabel) -> None:
    """What the label's row takes, and an address to fetch it from or the promise of one."""
    texts = (label.provider_label_id, label.tracking_number, label.carrier, label.service)
    assert is_storable(list(texts))
    assert is_storable(dict(label.extra))
    assert 0 < len(label.provider_label_id) <= 100
    assert len(label.tracking_number) <= 60
    assert all(len(text) <= 100 for text in (label.carrier, label.service))
    assert 0 <= label.cost.amount < MOST_EXPENSIVE
    assert label.label_url.startswith(("https://", "http://")) or label.pending_document


def says_no(case: Case, document: Any) -> bool:
    """Whether the provider itself says, in words it documents, that nothing was bought."""
    if not isinstance(document, dict):
        return False
    if case.slug == "shippo":
        return str(document.get("status")).strip().upper() == "ERROR"
    return case.slug == "tiktok" and document.get("code") not in (0, "0")


def check_bought(case: Case, document: Any) -> None:
    """After a yes: the label, or that nobody knows. A no only where the provider says so."""
    found = bought(case, document)
    if isinstance(found, BoughtLabel):
        check_label(found)
        return
    assert found.message
    assert isinstance(found, OutcomeUnknown) or says_no(case, document)


@by_slug
def test_no_awkward_value_in_the_answer_to_a_purchase_loses_a_label(case: Case) -> None:
    body = case.buy_body
    if case.slug == "tiktok":
        body = body | {"data": body["data"] | {"create_time": 1_795_000_000}}
    for words, document in every_awkward(body):
        try:
            check_bought(case, document)
        except Exception as error:  # whatever it is, the place is what one wants to know
            raise AssertionError(words) from error


@bounded(300)
@given(cases.flatmap(lambda c: st.tuples(st.just(c), mutated(c.buy_body, whole=True) | JSON)))
def test_any_json_after_a_purchase_is_a_label_or_not_known(told: tuple[Case, Any]) -> None:
    check_bought(*told)


@bounded(300)
@given(cases, st.sampled_from(STATUSES), JSON | st.sampled_from([c.refusal[1] for c in made]))
def test_a_purchase_is_refused_only_in_words_that_are_understood(
    case: Case, status: int, document: Any
) -> None:
    found = bought(case, document, status=status)
    assert isinstance(found, RemoteError)
    if not 400 <= status < 500 or status in (408, 409):
        assert isinstance(found, OutcomeUnknown) or says_no(case, document)
    assert len(found.message) < 1000


@bounded(150)
@given(cases, st.sampled_from(STATUSES), st.binary(max_size=60))
def test_bytes_that_are_no_json_are_never_a_no(case: Case, status: int, content: bytes) -> None:
    tape = Tape(httpx.Response(status, content=b"<" + content))
    found = outcome(lambda: case.make(tape).buy(SPEC, case.rate, key=KEY))
    assert isinstance(found, OutcomeUnknown)


def check_quotes(case: Case, document: Any) -> None:
    tape = Tape(httpx.Response(200, json=document))
    found = outcome(lambda: case.make(tape).quote(SPEC))
    if isinstance(found, RemoteError):
        assert found.message
        return
    assert isinstance(found, Quotes)
    for rate in found.rates:
        check_rate(rate)
    assert all(is_storable(line) and len(line) < 1000 for line in found.messages)


def check_rate(rate: Rate) -> None:
    texts = [rate.carrier, rate.service, rate.service_name, rate.price.currency]
    assert is_storable(texts)
    assert all(0 < len(text) <= 100 for text in texts)
    assert is_storable(dict(rate.provider_ref))
    assert all(len(text) <= 100 for text in rate.provider_ref.values())
    assert 0 <= rate.price.amount < MOST_EXPENSIVE
    assert rate.delivery_days is None or 0 <= rate.delivery_days < 1000


@by_slug
def test_no_awkward_value_in_an_offer_becomes_a_rate_that_cannot_be_kept(case: Case) -> None:
    for words, document in every_awkward(case.quote_body):
        try:
            check_quotes(case, document)
        except Exception as error:  # whatever it is, the place is what one wants to know
            raise AssertionError(words) from error


@bounded(200)
@given(cases.flatmap(lambda c: st.tuples(st.just(c), mutated(c.quote_body, whole=True) | JSON)))
def test_any_json_as_an_offer_is_rates_or_an_error_of_ours(told: tuple[Case, Any]) -> None:
    check_quotes(*told)


@st.composite
def searches(draw: st.DrawFn) -> tuple[Case, list[Any]]:
    """A case, and its answers to the search for a lost label, one of them changed."""
    case = draw(cases)
    bodies: list[Any] = list(case.find_answers)
    place = draw(st.integers(0, len(bodies) - 1))
    bodies[place] = draw(mutated(bodies[place], whole=True) | JSON)
    return case, bodies


@bounded(200)
@given(searches())
def test_a_lost_label_is_found_or_the_search_says_what_it_could_not_read(
    told: tuple[Case, list[Any]],
) -> None:
    case, bodies = told
    tape = Tape(*[httpx.Response(200, json=body) for body in bodies])
    found = outcome(lambda: case.make(tape).find(case.rate, key=KEY))
    if isinstance(found, BoughtLabel):
        check_label(found)
    elif found is not None:
        assert isinstance(found, Rejected | Unavailable | OutcomeUnknown)
        assert not isinstance(found, RateLimited)


@by_slug
def test_no_awkward_value_in_the_word_about_a_refund_breaks_the_adapter(case: Case) -> None:
    if Can.VOID not in case.make(Tape()).can:
        assert not case.refund_bodies
        return
    label = bought(case, case.buy_body)
    assert isinstance(label, BoughtLabel)
    for body in case.refund_bodies.values():
        for words, document in every_awkward(body):
            tape = Tape(httpx.Response(200, json=document))
            provider = case.make(tape)
            for ask in (provider.void, provider.refund_status):
                found = outcome(lambda ask=ask: ask(label))
                assert not isinstance(found, Rejected), words
