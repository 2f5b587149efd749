import io

import pytest
from pypdf import PdfReader

from core.errors import OutcomeUnknown, Rejected, Unavailable
from core.money import Money
from shipping.providers.base import Provider, Unsupported, VoidOutcome
from shipping.providers.memory import (
    LOST_AFTER_CHARGE,
    LOST_BEFORE_CHARGE,
    Memory,
    one_page_pdf,
)
from shipping.providers.registry import make_provider
from tests.contracts.cases import NOW, SPEC
from tests.contracts.tape import Tape, answer


@pytest.fixture
def memory() -> Memory:
    return Memory(now=lambda: NOW)


def test_it_is_a_provider_like_the_others(memory: Memory) -> None:
    provider: Provider = memory
    quotes = provider.quote(SPEC)
    label = provider.buy(SPEC, quotes.rates[0], key="a")
    assert provider.find(quotes.rates[0], key="a") == label
    assert provider.find(quotes.rates[0], key="b") is None
    assert provider.document(label).content.startswith(b"%PDF-")
    assert provider.void(label).outcome is VoidOutcome.REQUESTED
    assert provider.check().mode == "test"
    assert memory.charged() == Money.of("8.41", "USD")
    assert memory.calls["buy"] == 1


def test_an_answer_lost_after_the_charge_is_found_again(memory: Memory) -> None:
    rate = memory.quote(SPEC).rates[0]
    memory.fail("buy", LOST_AFTER_CHARGE)
    with pytest.raises(OutcomeUnknown):
        memory.buy(SPEC, rate, key="a")
    assert len(memory.charges) == 1
    assert memory.charges[0].spec == SPEC
    assert memory.find(rate, key="a") == memory.charges[0].label


def test_an_answer_lost_before_the_charge_leaves_nothing(memory: Memory) -> None:
    rate = memory.quote(SPEC).rates[0]
    memory.fail("buy", LOST_BEFORE_CHARGE)
    with pytest.raises(OutcomeUnknown):
        memory.buy(SPEC, rate, key="a")
    assert memory.charges == []
    assert memory.find(rate, key="a") is None


def test_failures_come_as_often_as_asked(memory: Memory) -> None:
    memory.fail("quote", Unavailable("Down.", provider="memory"), times=2)
    for _ in range(2):
        with pytest.raises(Unavailable):
            memory.quote(SPEC)
    assert memory.quote(SPEC).rates
    with pytest.raises(ValueError, match="only a purchase"):
        memory.fail("quote", LOST_AFTER_CHARGE)


def test_buying_twice_charges_twice_and_shows_it(memory: Memory) -> None:
    rate = memory.quote(SPEC).rates[0]
    memory.buy(SPEC, rate, key="a")
    second = memory.buy(SPEC, rate, key="a")
    found = memory.find(rate, key="a")
    assert found is not None
    assert found.extra["duplicates"] == second.provider_label_id
    assert memory.charged() == Money.of("16.82", "USD")


def test_documents_may_take_their_time() -> None:
    memory = Memory(documents_take=1)
    label = memory.buy(SPEC, memory.quote(SPEC).rates[0], key="a")
    assert label.pending_document
    with pytest.raises(Unavailable):
        memory.document(label)
    assert memory.document(label).tracking_number == label.tracking_number


def test_only_its_own_rates_and_labels_count(memory: Memory) -> None:
    other = Memory("other")
    with pytest.raises(Unsupported):
        memory.buy(SPEC, other.quote(SPEC).rates[0], key="a")
    with pytest.raises(Rejected):
        memory.void(other.buy(SPEC, other.quote(SPEC).rates[0], key="a"))


def test_its_label_is_a_real_pdf_of_4_by_6_inches() -> None:
    (page,) = PdfReader(io.BytesIO(one_page_pdf()), strict=True).pages
    assert (page.mediabox.width, page.mediabox.height) == (288, 432)


def test_a_provider_is_made_by_its_slug_and_only_by_a_known_one() -> None:
    tape = Tape(answer({"results": []}))
    made = make_provider("shippo", "shippo_test_x", tape.client(), base_url="http://127.0.0.1:1")
    assert made.slug == "shippo"
    assert made.check().mode == "test"
    assert str(tape.requests[0].url).startswith("http://127.0.0.1:1/carrier_accounts")
    with pytest.raises(Unsupported, match="pigeon"):
        make_provider("pigeon")
