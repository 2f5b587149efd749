"""Automation rules on their pages: written, ordered, tried, made live, and written back."""

from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry, Role
from shipping.models import Rule, RuleRun, RuleSet
from shipping.rules import dry_run, live
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

FEDEX = {"service": {"carrier": "fedex"}}


def typed(**fields: Any) -> dict[str, Any]:
    """A rule as a person fills the form: heavy orders go by FedEx."""
    values = {
        "name": "Heavy to FedEx",
        "c0-group": "all",
        "c0-what": "weight",
        "c0-from": "5",
        "c0-to": "",
        "service": "carrier",
        "carrier": "fedex",
    }
    return values | fields


def test_a_rule_is_written_and_reads_as_a_sentence(desk: Desk, world: World) -> None:
    desk.post("rule-add", typed(tags="heavy, two hands", signature="adult"))
    rule = Rule.objects.get()
    assert rule.conditions == {"all": [{"what": "weight", "from": 2268, "to": None}]}
    assert rule.actions == FEDEX | {"signature": "adult", "tags": ["heavy", "two hands"]}
    words = unescape(text_of(desk.get("rules")))
    assert (
        "If the items weigh 5 lb or more: take the best of FedEx, ask for an adult's signature, "
        "add the tags “heavy”, “two hands”." in words
    )
    assert "These rules are not live yet" in words
    assert AuditEntry.objects.get(action="rules.written").subject == f"rule:{rule.pk}"


def test_an_edited_rule_shows_what_was_typed(desk: Desk, world: World) -> None:
    desk.post("rule-add", typed(hold="look at it", hours="12", stop="on"))
    page = desk.get("rule-edit", rule_id=Rule.objects.get().pk).content.decode()
    assert 'name="c0-from" type="text" inputmode="decimal" value="5"' in page
    assert 'value="look at it"' in page
    assert '<option value="fedex" selected>FedEx</option>' in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "This field is required."),
        ({"c0-from": ""}, "Say from or up to which weight."),
        ({"c0-from": "five"}, "“five” is not a number."),
        ({"c0-what": "sku", "c0-patterns": " , "}, "Say which SKU"),
        ({"carrier": ""}, "Say which."),
        ({"service": "", "carrier": ""}, "Say what is to happen: nothing is chosen yet."),
        ({"parcel": "other", "pounds": "1"}, "Enter all three sides."),
        ({"insurance": "amount"}, "Say for how much."),
    ],
)
def test_what_does_not_make_sense_is_said_where_it_stands(
    desk: Desk, world: World, fields: dict[str, str], words: str
) -> None:
    answer = desk.post("rule-add", typed(**fields))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert not Rule.objects.exists()


def test_rows_are_added_and_taken_away_without_losing_what_was_typed(
    desk: Desk, world: World
) -> None:
    answer = desk.post("rule-add", typed(redo="add"), part=True)
    page = answer.content.decode()
    assert 'name="c1-what"' in page
    assert 'value="Heavy to FedEx"' in page
    page = desk.post("rule-add", typed(redo="drop-0"), part=True).content.decode()
    assert "c0-what" not in page
    assert "No condition: the rule is for every order." in page
    page = desk.post("rule-add", typed(redo="kind", **{"c0-what": "zip"})).content.decode()
    assert 'name="c0-starts"' in page
    assert not Rule.objects.exists()


def test_every_kind_of_condition_is_kept_as_it_was_typed(desk: Desk, world: World) -> None:
    rows = [
        ("all", "sku", {"how": "every", "patterns": "GLOW-*, X"}),
        ("all", "product", {"how": "any", "words": "serum"}),
        ("all", "value", {"from": "10.50", "to": "99"}),
        ("any", "units", {"from": "2", "to": "4"}),
        ("any", "country", {"in": "us, ca"}),
        ("any", "zip", {"starts": "967, 968"}),
        ("any", "shop", {"in": str(world.shop.pk)}),
        ("any", "lane", {"in": "own"}),
        ("none", "deadline", {"hours": "6"}),
        ("none", "sample", {"is": "yes"}),
        ("none", "tag", {"name": "vip"}),
        ("none", "option", {"has": "pickup"}),
        ("none", "speed", {"is": "express"}),
        ("none", "order_type", {"in": "pre_order"}),
        ("none", "state", {"in": "hi"}),
    ]
    form = {"name": "All", "tags": "x"}
    for n, (group, what, values) in enumerate(rows):
        form |= {f"c{n}-group": group, f"c{n}-what": what}
        form |= {f"c{n}-{name}": value for name, value in values.items()}
    desk.post("rule-add", form)
    rule = Rule.objects.get()
    kept = rule.conditions
    assert [len(kept[group]) for group in ("all", "any", "none")] == [3, 5, 7]
    page = desk.get("rule-edit", rule_id=rule.pk).content.decode()
    assert 'value="GLOW-*, X"' in page
    assert 'value="10.5"' in page
    assert "unless the deadline is within 6 hours or it is a sample" in text_of(desk.get("rules"))


def test_rules_are_moved_switched_off_and_deleted(desk: Desk, world: World) -> None:
    first, second = (factories.rule(world.workspace, name=name) for name in ("One", "Two"))
    answer = desk.post("rule-move", {"step": "up"}, part=True, rule_id=second.pk)
    assert text_of(answer).index("Two") < text_of(answer).index("One")
    assert list(Rule.objects.order_by("position")) == [second, first]
    desk.post("rule-move", {"step": "up"}, rule_id=second.pk)
    assert list(Rule.objects.order_by("position")) == [second, first]
    assert "Switch on “One”" in text_of(desk.post("rule-switch", part=True, rule_id=first.pk))
    desk.post("rule-delete", rule_id=second.pk)
    assert list(Rule.objects.values_list("position", flat=True)) == [1]


def test_clashes_stand_beside_the_rule_that_loses(desk: Desk, world: World) -> None:
    factories.rule(world.workspace, name="UPS", stop=True)
    factories.rule(world.workspace, name="Late", actions=FEDEX)
    assert "Never reached: Rule 1 “UPS” stops every order" in text_of(desk.get("rules"))


def test_going_live_changes_open_orders_and_keeps_the_version(desk: Desk, world: World) -> None:
    order = world.order()
    rule = factories.rule(world.workspace, name="All", actions=FEDEX)
    told = desk.told(desk.post("rules-live"))
    assert told == ["The rules are live: 1 on. Open orders follow within a minute."]
    live.apply_due()
    order.refresh_from_db()
    assert order.ruled["set"] == FEDEX
    Rule.objects.filter(pk=rule.pk).update(name="Changed")
    assert "These rules are not live yet" in text_of(desk.get("rules"))
    desk.post("rules-back", number=1)
    assert Rule.objects.get().name == "All"
    assert "These rules are not live yet" not in text_of(desk.get("rules"))
    assert RuleSet.objects.count() == 1


def test_a_deleted_rule_is_written_back_as_the_same_rule(desk: Desk, world: World) -> None:
    rule = factories.rule(world.workspace, name="All")
    desk.post("rules-live")
    desk.post("rule-delete", rule_id=rule.pk)
    factories.rule(world.workspace, name="New")
    desk.post("rules-back", number=1)
    assert [(one.pk, one.name) for one in Rule.objects.all()] == [(rule.pk, "All")]


def test_a_dry_run_shows_its_progress_and_then_what_would_change(desk: Desk, world: World) -> None:
    order = world.order()
    world.quotes(order)
    factories.rule(world.workspace, name="FedEx", actions=FEDEX)
    factories.rule(world.workspace, name="UPS")
    answer = desk.post("rules-try", {"days": "7"})
    run = RuleRun.objects.get()
    assert answer["Location"].endswith(f"/settings/rules/runs/{run.pk}/")
    waiting = desk.get("rule-run", run_id=run.pk)
    assert 'hx-trigger="every 1s"' in waiting.content.decode()
    dry_run.run_dry(run_id=run.pk)
    words = text_of(desk.get("rule-run", run_id=run.pk))
    assert "Dearer by $15.79 $8.41 → $24.20, 1 order with both prices" in words
    assert "1 FedEx 2 UPS the service 1" in words
    assert "as usual; UPS Ground take the best of FedEx; FedEx 2Day" in words
    assert "1 rule decided nothing" in words


def test_a_dry_run_without_any_change_says_so_and_one_may_be_stopped(
    desk: Desk, world: World
) -> None:
    run = factories.rule_run(world.workspace)
    desk.post("rule-run-stop", run_id=run.pk)
    assert "Somebody ended this dry run" in text_of(desk.get("rule-run", run_id=run.pk))
    other = factories.rule_run(world.workspace)
    dry_run.run_dry(run_id=other.pk)
    assert "Nothing would change" in text_of(desk.get("rule-run", run_id=other.pk))


def test_long_lists_of_a_dry_run_come_a_page_at_a_time(desk: Desk, world: World) -> None:
    for _ in range(52):
        factories.order(world.workspace, shop=world.shop)
    factories.rule(world.workspace, actions={"tags": ["x"]})
    desk.post("rules-try", {"days": "30"})
    run = RuleRun.objects.get()
    dry_run.run_dry(run_id=run.pk)
    page = desk.get("rule-run", run_id=run.pk)
    assert page.content.decode().count("<tr data-row>") == 50
    after = page.context["next"]
    rest = desk.get("rule-run", f"?after={after}", run_id=run.pk)
    assert rest.content.decode().count("<tr data-row>") == 2


def test_a_packer_reads_rules_and_changes_none(world: World) -> None:
    rule = factories.rule(world.workspace, name="All")
    packer = desk_of(world.workspace, Role.PACKER)
    words = text_of(packer.get("rules"))
    assert "All" in words
    assert "Switch off" not in words
    for name, kwargs in (("rule-switch", {"rule_id": rule.pk}), ("rules-live", {})):
        assert packer.post(name, **kwargs).status_code == 403


def test_the_pages_take_the_same_queries_for_few_and_many_rules(desk: Desk, world: World) -> None:
    counts = []
    for more in (2, 12):
        for _ in range(more):
            factories.rule(world.workspace, conditions={"all": [{"what": "shop", "in": [1]}]})
        with CaptureQueriesContext(connection) as captured:
            desk.get("rules", part=True)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 10
