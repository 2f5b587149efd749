"""When an account does not answer, others stand in for it, and people read who and why; but never
for an order whose label may have been paid."""

import threading
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from core import breaker
from core.errors import CircuitOpen, NotAuthorized, RateLimited, RemoteError, Unavailable
from core.models import Batch, Circuit
from orders.models import Order
from shipping import accounts
from shipping.batches import NothingToBuy, run_batch, start
from shipping.labels.purchase import AlreadyLabelled, prepare
from shipping.models import Label, LabelAccount
from shipping.plan import choose_rate, plan_order
from shipping.probes import probe_due
from shipping.providers.memory import LOST_AFTER_CHARGE, Memory, Offer
from shipping.quote_sets import MARGIN, STANDS_IN
from shipping.rating import failover
from shipping.rating.engine import Failure, Gathered
from shipping.rating.engine import Offer as Offered
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ZONE = ZoneInfo("UTC")


def circuit_open(name: str, since: datetime | None = None) -> CircuitOpen:
    error = CircuitOpen(f"{name} is not answering.", provider=name, retry_after=30)
    error.since = since or NOW - timedelta(minutes=58)
    return error


def open_circuit(account: LabelAccount) -> None:
    """As after five failures in a row; two threads may find it failing at once."""
    now = timezone.now()
    pause = now + timedelta(minutes=1)
    opened = {"state": "open", "failures": 5, "failing_since": now, "openings": 1}
    Circuit.objects.update_or_create(
        key=accounts.circuit_of(account), defaults={**opened, "retry_at": pause}
    )
    breaker.forget()


def words(*failures: Failure, used: tuple[str, ...] = ()) -> str:
    offers = tuple(Offered(name, None, name) for name in used)  # type: ignore[arg-type]
    return failover.sentence(Gathered(offers, failures, ()), ZONE, now=NOW)


def failure(error: RemoteError | None = None, name: str = "Shippo", text: str = "") -> Failure:
    away = error is None or isinstance(error, Unavailable)
    return Failure(name, name, text or (error.message if error else ""), error, away)


# -- The sentence ------------------------------------------------------------------------------------
def test_the_sentence_names_who_since_when_and_who_stands_in() -> None:
    said = words(failure(circuit_open("Shippo")), used=("EasyPost",))
    assert said == "Shippo is not answering since 14:02; EasyPost's rates are used."


def test_yesterday_is_named_with_its_day() -> None:
    away = circuit_open("Shippo", NOW - timedelta(days=1))
    assert words(failure(away), used=("EasyPost",)).startswith(
        "Shippo is not answering since Nov 22, 15:00;"
    )


def test_who_was_too_slow_or_asked_to_slow_down_is_named_as_such() -> None:
    slow = failure(text="did not answer within 12 seconds")
    assert words(slow, used=("EasyPost",)) == (
        "Shippo did not answer within 12 seconds; EasyPost's rates are used."
    )
    busy = failure(RateLimited("Shippo asks us to slow down.", provider="Shippo"))
    assert words(busy, used=("A", "B", "A")) == (
        "Shippo asks us to slow down; A's and B's rates are used."
    )


def test_nobody_left_means_asked_again() -> None:
    said = words(failure(circuit_open("Shippo")), failure(circuit_open("EasyPost"), "EasyPost"))
    assert said == (
        "Shippo is not answering since 14:02; EasyPost is not answering since 14:02. They are "
        "asked again."
    )


def test_a_refusal_is_no_absence() -> None:
    refused = failure(NotAuthorized("The key was refused.", provider="Shippo"))
    assert words(refused, used=("EasyPost",)) == ""


# -- Quotes ------------------------------------------------------------------------------------------
def test_quotes_say_who_was_not_asked_and_whose_rates_are_used(world: World) -> None:
    world.another_account(price="9.00")
    since = timezone.now()
    world.provider.fail("quote", circuit_open("Easypost", since))
    quotes = world.quotes(world.order())
    clock = since.astimezone(ZoneInfo(world.workspace.time_zone))
    assert quotes.price is not None
    assert f"{quotes.price}" == "9.00"
    assert quotes.reason["sentence"].endswith(
        f"Easypost is not answering since {clock:%H:%M}; Shippo's rates are used."
    )


def test_the_stand_ins_price_is_not_kept_for_the_whole_day(world: World) -> None:
    world.another_account(price="9.00")
    world.provider.fail("quote", circuit_open("Easypost"))
    quotes = world.quotes(world.order())
    assert quotes.expires_at - quotes.at <= MARGIN + STANDS_IN


def test_nobody_to_ask_is_tried_again_within_minutes(world: World) -> None:
    world.provider.fail("quote", circuit_open("Easypost"))
    quotes = world.quotes(world.order())
    assert quotes.chosen is None
    assert quotes.expires_at - quotes.at <= MARGIN + timedelta(minutes=1)
    assert "Easypost is not answering since" in quotes.reason["sentence"]


def test_known_quotes_of_an_account_that_is_away_are_asked_anew_among_the_others(
    world: World,
) -> None:
    world.another_account(price="9.00")
    order = world.order()
    first = world.quotes(order)
    assert f"{first.price}" == "8.41"
    open_circuit(world.account)
    world.provider.fail("quote", circuit_open("Easypost"))
    second = world.quotes(order)
    assert f"{second.price}" == "9.00"


def test_they_hold_when_there_is_nobody_else(world: World) -> None:
    order = world.order()
    first = world.quotes(order)
    open_circuit(world.account)
    assert world.quotes(order) == first


def test_equal_offers_go_to_the_provider_the_setting_names_first(world: World, settings) -> None:
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", "8.00", 3),)
    other, theirs = world.another_account(price="8.00")
    theirs.offers = world.provider.offers
    for order, wanted in (
        (["shippo", "easypost", "tiktok"], other),
        (["easypost", "shippo"], world.account),
        (["tiktok", "easypost"], world.account),  # who is not named comes last
    ):
        settings.PROVIDER_ORDER = order
        quotes = world.quotes(world.order())
        assert quotes.rates[quotes.chosen or 0]["account"] == str(wanted.pk)


def test_a_lower_price_or_an_earlier_day_goes_before_the_order_of_the_setting(
    world: World, settings
) -> None:
    settings.PROVIDER_ORDER = ["shippo", "easypost"]
    _, theirs = world.another_account()
    theirs.offers = (Offer("ups", "Ground", "UPS Ground", "8.00", 4),)
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", "8.00", 2),)
    quotes = world.quotes(world.order())
    assert quotes.rates[quotes.chosen or 0]["provider"] == "easypost"


# -- Back again --------------------------------------------------------------------------------------
def test_a_free_call_finds_out_that_an_account_answers_again(world: World) -> None:
    label = world.label()
    open_circuit(world.account)
    assert probe_due() == 0  # its pause is not over
    assert world.provider.calls["check"] == 0
    Circuit.objects.update(retry_at=timezone.now())
    breaker.forget()
    assert probe_due() == 1
    assert world.provider.calls["check"] == 1
    assert label.state == "ready"


def test_one_that_is_still_away_stays_alone(world: World) -> None:
    open_circuit(world.account)
    Circuit.objects.update(retry_at=timezone.now())
    breaker.forget()
    world.provider.fail("check", Unavailable("Away.", provider="Easypost"))
    assert probe_due() == 0


# -- Purchases ---------------------------------------------------------------------------------------
def batch_of(world: World, *orders: Order) -> Batch:
    return start(world.workspace, Order.objects.filter(pk__in=[o.pk for o in orders]), world.user)


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_goes_down_in_mid_batch_is_left_and_the_others_buy(world: World) -> None:
    """Certainly not paid: the order waits, is priced among the others, and bought there."""
    _, other = world.another_account()
    other.offers = (Offer("ups", "Ground", "UPS Ground", "8.41", 5),)
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", "8.41", 3),)
    orders = [world.order() for _ in range(3)]
    chosen = [world.quotes(order) for order in orders]
    assert {q.rates[q.chosen or 0]["provider"] for q in chosen} == {"easypost"}
    batch = batch_of(world, *orders)
    key = accounts.circuit_of(world.account)

    def goes_down(call: str) -> None:
        """As the account's gate does: open with the first purchase, and shut from then on."""
        if call == "buy" and not breaker.is_open(key):
            open_circuit(world.account)
        if breaker.is_open(key):
            down = circuit_open("Easypost")
            down.retry_after = 0.1
            raise down

    world.provider._pause = goes_down
    run_batch(batch_id=batch.pk)
    bought = Label.objects.filter(batch=batch, state="bought")
    assert bought.count() == 3
    assert {label.provider for label in bought} == {"shippo"}
    assert (len(world.provider.charges), len(other.charges)) == (0, 3)
    assert not Label.objects.filter(state="unknown").exists()


@pytest.mark.django_db(transaction=True)
def test_an_order_whose_label_may_be_paid_is_never_bought_elsewhere(world: World) -> None:
    _, other = world.another_account(price="8.41")
    world.provider.offers = (Offer("ups", "Ground", "UPS Ground", "8.00", 3),)
    order = world.order()
    world.provider.fail("buy", LOST_AFTER_CHARGE)
    run_batch(batch_id=batch_of(world, order).pk)
    label = Label.objects.get(order=order)
    assert label.state == "unknown"
    open_circuit(world.account)

    with pytest.raises(NothingToBuy):
        batch_of(world, order)
    with pytest.raises(AlreadyLabelled):
        prepare(order, plan_order(order, now=timezone.now()))
    assert other.charges == []
    assert len(world.provider.charges) == 1


@pytest.mark.django_db(transaction=True)
def test_a_provider_that_hangs_does_not_slow_the_purchases_of_another(world: World) -> None:
    account, fine = world.another_account(price="9.00")
    release = threading.Event()
    world.provider._pause = lambda call: None if call != "buy" else release.wait(20) and None
    orders = [world.order() for _ in range(24)]
    for order in orders[12:]:
        quotes = world.quotes(order)
        theirs = next(i for i, r in enumerate(quotes.rates) if r["account"] == str(account.pk))
        choose_rate(quotes, theirs, by="Jo", user_id=world.user.pk, now=timezone.now())
    batch = batch_of(world, *orders)
    runner = threading.Thread(target=_run, args=(batch,))
    started = time.monotonic()
    runner.start()
    while len(fine.charges) < 12 and time.monotonic() - started < 15:
        time.sleep(0.05)
    took = time.monotonic() - started
    hanging = len(world.provider.charges)
    release.set()
    runner.join(30)
    assert (len(fine.charges), hanging) == (12, 0), f"after {took:.1f} s"
    assert Label.objects.filter(batch=batch, state="bought").count() == 24


def _run(batch: Batch) -> None:
    try:
        run_batch(batch_id=batch.pk)
    finally:
        connections.close_all()


def test_a_hanging_provider_takes_no_thread_from_another(world: World) -> None:
    """More questions than one provider's threads: the other one is still asked at once."""
    from shipping.providers.base import Address, Parcel, ShipmentSpec
    from shipping.rating.engine import Asked, ask_all

    home = Address("Jo Ortiz", "1 Main St", "Austin", "TX", "78701", "US")
    spec = ShipmentSpec(home, home, Parcel(238, 150, 100, 50), "576900000000000001")
    release = threading.Event()
    hanging = Memory("hangs", pause=lambda call: release.wait(20) and None)
    both = [Asked("1", "Hangs", hanging), Asked("2", "Answers", Memory("answers"))]
    try:
        for _ in range(40):
            gathered = ask_all(both, spec, seconds=0.05)
            assert len(gathered.failures) >= 1
        late = ask_all(both, spec, seconds=0.5)
        assert {offer.account_id for offer in late.offers} == {"2"}
        assert [one.name for one in late.failures] == ["Hangs"]
    finally:
        release.set()
