"""A dry run says what rules would change and at what cost; the live run then does just that."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order
from shipping.models import QuoteSet, RuleRun, RuleRunRow
from shipping.plan import plan_order
from shipping.rules import book as books
from shipping.rules import dry_run
from shipping.rules.conditions import BadRule
from tests import factories
from tests.shipping.labels.world import World
from tests.shipping.rules.conftest import Book, fresh

FEDEX = {"service": {"carrier": "fedex"}}
UPS = {"service": {"carrier": "ups"}}
MANY = {"what": "units", "from": 3, "to": None}


def run(world: World, **options: Any) -> RuleRun:
    """A dry run of what is written, done here and now."""
    row = dry_run.start(world.workspace, user=world.user, **({"days": 30} | options))
    dry_run.run_dry(run_id=row.pk)
    row.refresh_from_db()
    return row


def quoted(*orders: Order) -> None:
    for order in orders:
        plan_order(fresh(order), now=timezone.now())


def test_it_tells_what_would_change_and_what_it_would_cost(world: World, book: Book) -> None:
    many, few = world.order(units=3), world.order()
    quoted(many, few)
    book.write("Many to FedEx", FEDEX, MANY)
    found = run(world)
    assert (found.state, found.total, found.seen, found.changed) == ("done", 2, 2, 1)
    row = RuleRunRow.objects.get(run=found)
    assert row.order_id == many.pk
    assert (row.before["service"], row.after["service"]) == ("UPS Ground", "FedEx 2Day")
    assert (row.cost_before, row.cost_after) == (Decimal("8.41"), Decimal("24.20"))
    assert found.result["money"] == {"USD": {"before": "8.41", "after": "24.20", "compared": 1}}
    assert found.result["fields"] == {"service": 1}


def test_it_changes_no_order_and_asks_nobody(world: World, book: Book) -> None:
    order = world.order()
    quoted(order)
    before = Order.objects.values().get(pk=order.pk)
    book.write("All", FEDEX | {"tags": ["x"], "hold": {"reason": "y", "hours": None}})
    run(world)
    assert Order.objects.values().get(pk=order.pk) == before
    assert QuoteSet.objects.count() == 1
    assert world.provider.calls["quote"] == 1


def test_what_was_not_quoted_is_said_and_not_added_up(world: World, book: Book) -> None:
    priced, unpriced = world.order(), world.order()
    quoted(priced)
    book.write("OnTrac", {"service": {"carrier": "ontrac"}})
    found = run(world)
    why = dict(RuleRunRow.objects.filter(run=found).values_list("order", "why"))
    assert why[priced.pk] == "Not quoted: nobody offered the service asked for."
    assert why[unpriced.pk] == "Not quoted: no rates are stored for it."
    assert (found.result["money"], found.result["unquoted"]) == ({}, 2)


def test_another_parcel_or_an_insurance_has_no_price_yet(world: World, book: Book) -> None:
    order = world.order()
    quoted(order)
    big = factories.preset(world.workspace, name="Big")
    book.write("Big", {"parcel": {"box": big.pk}, "insurance": {"of": "value"}})
    row = RuleRunRow.objects.get(run=run(world))
    assert row.cost_before == Decimal("8.41")
    assert row.cost_after is None
    assert row.why == "Not quoted with another parcel and insurance."


def test_it_compares_with_the_rules_that_are_live(world: World, book: Book) -> None:
    order = world.order()
    book.live("FedEx", FEDEX)
    quoted(order)
    assert run(world).changed == 0
    rule = book.write("More", {"tags": ["x"]})
    found = run(world)
    row = RuleRunRow.objects.get(run=found)
    assert row.before["set"] == FEDEX
    assert row.after["set"] == FEDEX | {"tags": ["x"]}
    # A tag costs nothing: there is no price to compare, and nothing that was not quoted.
    assert (row.cost_before, row.cost_after, row.why) == (None, None, "")
    assert (found.result["money"], found.result["unquoted"]) == ({}, 0)
    rule.delete()


def test_what_a_person_chose_stays_in_the_dry_run_too(world: World, book: Book) -> None:
    from shipping.plan import choose_rate

    order = world.order()
    quotes = plan_order(order, now=timezone.now())
    fedex = next(n for n, rate in enumerate(quotes.rates) if rate["carrier"] == "fedex")
    choose_rate(quotes, fedex, by="Jo", user_id=world.user.pk, now=timezone.now())
    book.write("UPS", UPS)
    row = RuleRunRow.objects.get(run=run(world))
    assert row.cost_before == row.cost_after == Decimal("24.20")


@pytest.mark.django_db(transaction=True)
def test_orders_are_read_and_written_beside_the_deciding(world: World, book: Book) -> None:
    orders = [world.order(units=1 + number % 4) for number in range(8)]
    quoted(*orders)
    book.write("Many to FedEx", FEDEX, MANY)
    whole = run(world)
    parts = dry_run.start(world.workspace, user=world.user, days=30)
    assert dry_run._claim(parts)
    dry_run.Runner(parts, at_once=3).work()
    parts.refresh_from_db()
    assert (parts.state, parts.seen, parts.changed) == ("done", 8, 4)
    assert parts.result == whole.result
    kept = [
        list(RuleRunRow.objects.filter(run=one).order_by("order").values_list("order", "after"))
        for one in (whole, parts)
    ]
    assert kept[0] == kept[1]


def test_clashes_and_rules_that_decide_nothing_are_counted(world: World, book: Book) -> None:
    world.order(units=3), world.order()
    book.write("First", FEDEX)
    book.write("Second", UPS, MANY)
    book.write("Never", UPS, {"what": "country", "in": ["CA"]})
    found = run(world)
    assert found.result["clashes"] == [{"field": "service", "winner": 1, "loser": 2, "orders": 1}]
    assert [(r["matched"], r["decided"]) for r in found.result["rules"]] == [(2, 2), (1, 0), (0, 0)]


def test_rules_that_are_off_are_not_tried(world: World, book: Book) -> None:
    world.order()
    book.write("Off", FEDEX, is_on=False)
    assert run(world).changed == 0


def test_only_the_orders_of_its_days_and_its_workspace_are_looked_at(
    world: World, book: Book
) -> None:
    inside = world.order()
    old = world.order()
    Order.objects.filter(pk=old.pk).update(created_at="2020-01-01T00:00Z")
    world.order(status="CANCELLED")
    factories.order(factories.workspace())
    book.write("All", FEDEX)
    found = run(world, days=7)
    assert list(RuleRunRow.objects.values_list("order", flat=True)) == [inside.pk]
    assert found.total == 1


def test_a_run_begins_anew_when_its_worker_died_and_only_then(world: World, book: Book) -> None:
    world.order()
    book.write("All", FEDEX)
    row = dry_run.start(world.workspace, user=world.user, days=30)
    RuleRun.objects.filter(pk=row.pk).update(state="working", runner_seen_at=timezone.now())
    dry_run.run_dry(run_id=row.pk)
    assert RuleRun.objects.get(pk=row.pk).state == "working"
    assert dry_run.resume_due() == 0
    dead = timezone.now() - dry_run.DEAD * 2
    RuleRun.objects.filter(pk=row.pk).update(runner_seen_at=dead)
    assert dry_run.resume_due() == 1
    dry_run.run_dry(run_id=row.pk)
    assert RuleRun.objects.get(pk=row.pk).state == "done"
    assert RuleRunRow.objects.count() == 1


def test_a_run_that_was_stopped_stays_stopped(world: World, book: Book) -> None:
    world.order()
    row = dry_run.start(world.workspace, user=world.user, days=30)
    dry_run.stop(row)
    dry_run.run_dry(run_id=row.pk)
    assert RuleRun.objects.get(pk=row.pk).state == "stopped"


def test_a_rule_that_says_nothing_is_refused_before_a_run(world: World, book: Book) -> None:
    book.write("Empty", FEDEX, {"what": "sku", "patterns": []})
    with pytest.raises(BadRule, match="Say which SKU"):
        dry_run.start(world.workspace, user=world.user, days=30)
    assert not RuleRun.objects.exists()


def test_the_live_run_does_to_every_order_what_the_dry_run_said(world: World, book: Book) -> None:
    other, _ = world.another_account(price="7.10")
    shapes = [
        world.order(units=1 + n % 4, **({"delivery_option_name": "Express"} if n % 3 else {}))
        for n in range(12)
    ]
    quoted(*shapes)
    book.live("Before", {"tags": ["old"]}, MANY)
    big = factories.preset(world.workspace, name="Big", length_mm=400)
    book.write("Express", {"service": {"days": 2}}, {"what": "speed", "is": "express"})
    book.write("Pairs", {"account": str(other.pk)}, {"what": "units", "from": 2, "to": 2})
    book.write("Four", {"parcel": {"box": big.pk}, "tags": ["big"]},
               {"what": "units", "from": 4, "to": None}, stop=True)  # fmt: skip
    book.write("Tagged", {"signature": "any"}, {"what": "tag", "name": "old"})
    book.write("Hold", {"hold": {"reason": "look", "hours": None}},
               {"what": "units", "from": 3, "to": 3})  # fmt: skip
    rows = {row.order_id: row for row in RuleRunRow.objects.filter(run=run(world))}
    untouched = {order.pk: fresh(order).ruled for order in shapes if order.pk not in rows}
    book.go_live()
    assert rows
    for order in shapes:
        now = fresh(order)
        if now.pk not in rows:
            assert now.ruled == untouched[now.pk]
            continue
        after = dict(rows[now.pk].after["set"])
        hold, tags = after.pop("hold", None), after.pop("tags", [])
        assert now.ruled.get("set", {}) == after
        assert now.ruled.get("tags", []) == tags
        assert bool(hold) == (now.stage == "hold")
        if rows[now.pk].cost_after is not None:
            quotes = plan_order(now, now=timezone.now())
            assert quotes.price == rows[now.pk].cost_after
    assert books.is_live(world.workspace, books.drafts(world.workspace))
