"""All accounts are asked at once with one deadline; nobody's failure hides the others' rates."""

import threading
import time

import pytest

from core.errors import NotAuthorized, Unavailable
from shipping.providers.base import Address, Parcel, Provider, Quotes, ShipmentSpec, Unsupported
from shipping.providers.memory import Memory
from shipping.rating.engine import Asked, ask_all

HOME = Address("Jo Ortiz", "1 Main St", "Austin", "TX", "78701", "US")
SPEC = ShipmentSpec(HOME, HOME, Parcel(238, 150, 100, 50), "576900000000000001")


def asked(name: str, provider: Provider) -> Asked:
    return Asked(f"id-{name}", name, provider)


def test_rates_of_all_accounts_come_together_in_the_order_asked() -> None:
    gathered = ask_all([asked("A", Memory("a")), asked("B", Memory("b"))], SPEC, seconds=5)
    assert [offer.account_id for offer in gathered.offers] == ["id-A"] * 3 + ["id-B"] * 3
    assert gathered.failures == ()


def test_accounts_are_asked_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=5)
    names = ["a", "b"]
    providers = [Memory(name, pause=lambda call: both.wait() and None) for name in names]
    gathered = ask_all([asked(p.slug, p) for p in providers], SPEC, seconds=5)
    assert len(gathered.offers) == 6


def test_one_that_fails_is_named_with_its_words_and_the_others_rates_stay() -> None:
    broken = Memory("b")
    broken.fail("quote", Unavailable("Shippo is down.", provider="Shippo"))
    gathered = ask_all([asked("A", Memory("a")), asked("Shippo", broken)], SPEC, seconds=5)
    assert len(gathered.offers) == 3
    (failure,) = gathered.failures
    assert (failure.account_id, failure.name) == ("id-Shippo", "Shippo")
    assert failure.message == "Shippo is down."


def test_a_dead_key_is_recognisable() -> None:
    dead = Memory("d")
    dead.fail("quote", NotAuthorized("The key was refused.", provider="EasyPost"))
    (failure,) = ask_all([asked("EasyPost", dead)], SPEC, seconds=5).failures
    assert isinstance(failure.remote, NotAuthorized)


def test_one_that_is_late_is_left_behind_at_the_deadline() -> None:
    release = threading.Event()
    late = Memory("late", pause=lambda call: release.wait(5) and None)
    started = time.monotonic()
    gathered = ask_all([asked("Late", late), asked("A", Memory("a"))], SPEC, seconds=0.2)
    release.set()
    assert time.monotonic() - started < 2
    assert len(gathered.offers) == 3
    assert gathered.failures[0].message == "did not answer within 0.2 seconds"


def test_one_that_answers_without_a_rate_is_a_failure_in_its_own_words() -> None:
    silent = Memory("s", offers=())
    choosy = Memory("c", offers=(), messages=("UPS: the parcel is too heavy.",))
    gathered = ask_all([asked("S", silent), asked("C", choosy)], SPEC, seconds=5)
    assert [failure.message for failure in gathered.failures] == [
        "no rate for this parcel",
        "UPS: the parcel is too heavy.",
    ]
    assert gathered.messages == ("C: UPS: the parcel is too heavy.",)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            Unsupported("EasyPost needs the recipient's full address"),
            "EasyPost needs the recipient",
        ),
        (KeyError("rates"), "could not be asked"),
    ],
)
def test_an_adapter_that_cannot_or_breaks_counts_as_failed(error: Exception, words: str) -> None:
    class Broken(Memory):
        def quote(self, spec: ShipmentSpec) -> Quotes:
            raise error

    gathered = ask_all([asked("X", Broken("x")), asked("A", Memory("a"))], SPEC, seconds=5)
    assert gathered.failures[0].message.startswith(words)
    assert len(gathered.offers) == 3


def test_nobody_to_ask_is_an_empty_answer() -> None:
    gathered = ask_all([], SPEC, seconds=1)
    assert (gathered.offers, gathered.failures, gathered.messages) == ((), (), ())
