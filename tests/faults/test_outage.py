"""One provider hangs, over real sockets: the other's rates come in time, and soon nobody waits for
it at all."""

import time

import pytest
from django.utils import timezone
from pytest_django import Settings

from core import breaker
from core.models import Circuit
from shipping import accounts
from shipping.labels import purchase
from shipping.models import Label, QuoteSet
from shipping.plan import context_for, plan_order
from shops import tokens, wire
from shops.models import Authorization
from tests.faults.bench import Bench
from tests.faults.faults import BY_NAME


def priced(bench: Bench) -> tuple[QuoteSet, float]:
    """Quotes for a new order, and the seconds they took."""
    order = bench.order()
    context = context_for([order])
    started = time.monotonic()
    quotes = plan_order(order, now=timezone.now(), context=context)
    return quotes, time.monotonic() - started


def test_a_hanging_providers_rates_are_done_without_and_soon_not_even_asked_for(
    bench: Bench, settings: Settings
) -> None:
    settings.QUOTE_SECONDS = 2
    shippo, _ = bench.account("shippo"), bench.account("easypost")
    bench.strike(BY_NAME["silence"], "POST", "/shipments")
    for _ in range(2):  # three tries each
        quotes, seconds = priced(bench)
        assert {rate["provider"] for rate in quotes.rates} == {"easypost"}
        assert "EasyPost's rates are used" in quotes.reason["sentence"]
        assert seconds < settings.QUOTE_SECONDS + 3
    assert breaker.is_open(accounts.circuit_of(shippo))

    asked = bench.line.met
    quotes, seconds = priced(bench)
    assert bench.line.met == asked, "asked although it does not answer"
    assert "Shippo is not answering since" in quotes.reason["sentence"]
    assert quotes.chosen is not None
    assert seconds < 3

    bench.line.lift()
    bench.sandbox.clear_faults()
    Circuit.objects.update(retry_at=timezone.now())
    breaker.forget()
    quotes, _ = priced(bench)
    assert {rate["provider"] for rate in quotes.rates} == {"easypost", "shippo"}
    assert "not answering" not in quotes.reason["sentence"]


def test_an_open_circuit_sends_no_purchase_and_leaves_nothing_unknown(bench: Bench) -> None:
    account = bench.account("easypost")
    order = bench.order()
    label = purchase.prepare(order, plan_order(order, now=timezone.now()))
    bench.strike(BY_NAME["refused connection"], "GET", "/v2/shipments")
    for _ in range(2):
        with pytest.raises(Exception, match="could not be reached|not answering"):
            accounts.provider_for(account).check()
    assert breaker.is_open(accounts.circuit_of(account))

    assert purchase.buy_label(label_id=label.pk) == "ready"
    label = Label.objects.get(pk=label.pk)
    assert (label.code, label.reason) == (
        "circuit-open",
        "EasyPost is not answering. Nothing was sent.",
    )
    assert label.due_at > timezone.now()
    assert bench.charges() == bench.booked() == 0

    bench.lift()
    assert purchase.buy_label(label_id=label.pk) == "bought"
    assert bench.charges() == bench.booked() == 1


def test_a_token_host_that_is_down_is_not_asked_by_every_shop(bench: Bench) -> None:
    rows = [bench.authorization(bench.new_grant()) for _ in range(breaker.LIMIT + 3)]
    bench.calm()
    bench.strike(BY_NAME["500"], "GET", "/api/v2/token/refresh")
    Authorization.objects.update(next_refresh_at=timezone.now())
    tokens.refresh(now=timezone.now())
    assert bench.line.met == breaker.LIMIT
    assert breaker.is_open(wire.TOKEN_CIRCUIT)
    assert Authorization.objects.filter(state="active").count() == len(rows)

    bench.lift()
    Authorization.objects.update(next_refresh_at=timezone.now())
    assert tokens.refresh(now=timezone.now()) == len(rows)
