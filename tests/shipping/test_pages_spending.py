"""Spend limits on the pages: who may set them, what the sheet says of them, and the second person."""

from decimal import Decimal

import pytest
from django.utils import timezone

from core.models import AuditEntry, Batch, Role
from shipping.models import SpendApproval, SpendLimits
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world
from tests.shipping.spend import rows
from tests.shipping.spend.money import costs, limits, past, quoted
from tests.shipping.test_pages_sheet import fields, sheet

pytestmark = pytest.mark.django_db

TYPED = {
    "daily_cap": "500",
    "label_ceiling": "30.00",
    "jump_percent": "200",
    "batch_jump_percent": "",
    "approve_above": "",
    "approval_hours": "4",
}


# -- The limits ------------------------------------------------------------------------------------
def test_an_owner_sets_limits_and_the_audit_says_what_moved(desk: Desk, world: World) -> None:
    assert "none; $0.00 spent today" in text_of(desk.get("spending"))
    assert desk.post("spending-change", TYPED).status_code == 303
    row = SpendLimits.objects.get()
    assert (row.daily_cap, row.label_ceiling, row.batch_jump_percent) == (500, 30, None)
    assert row.changed_by == world.user
    words = text_of(desk.get("spending"))
    assert "$0.00 of $500.00 spent today" in words
    assert "an order more than 200 % above the usual is stopped" in words
    entry = AuditEntry.objects.get(action="spend.changed")
    assert entry.summary == (
        "Spend limits: daily cap none → $500.00, most for one label none → $30.00, "
        "alarm for a batch 50 → none"
    )


def test_a_manager_sees_the_limits_and_cannot_change_them(world: World) -> None:
    manager = desk_of(world.workspace, Role.MANAGER)
    assert manager.get("spending").status_code == 200
    assert manager.post("spending-change", TYPED).status_code == 403
    assert manager.post("spending-pass", {"currency": "USD"}).status_code == 403
    assert not SpendLimits.objects.exists()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("daily_cap", "0", "An amount above zero"),
        ("label_ceiling", "-3", "above zero"),
        ("jump_percent", "1", "From 5 to 5,000"),
        ("approval_hours", "48", "From 1 to 24"),
        ("approval_hours", "", "This field is required"),
        ("approve_above", "100", "Only one person here may buy labels"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    desk: Desk, field: str, typed: str, words: str
) -> None:
    response = desk.post("spending-change", TYPED | {field: typed})
    assert response.status_code == 422
    assert words in text_of(response)
    assert not SpendLimits.objects.exists()


def test_each_currency_has_limits_of_its_own(desk: Desk, world: World) -> None:
    desk.post("spending-change", TYPED)
    desk.client.post(f"/w/{world.workspace.slug}/settings/spending/change/?currency=gbp", TYPED)
    assert set(SpendLimits.objects.values_list("currency", flat=True)) == {"USD", "GBP"}
    words = text_of(desk.get("spending"))
    assert "Limits in GBP" in words
    assert desk.get("spending-change", "?currency=1").status_code == 303


def test_unusual_prices_are_let_pass_and_stopped_again(desk: Desk, world: World) -> None:
    past(world, 12)
    costs(world, "84.10")
    order = quoted(world)
    assert "10.0 times as much as usual" in text_of(sheet(desk, order))
    desk.post("spending-pass", {"currency": "USD"})
    words = text_of(sheet(desk, order))
    assert "Buy 1 label · $84.10" in words
    assert "Unusual prices pass until" in words
    desk.post("spending-pass", {"currency": "USD", "stop": "1"})
    assert "Nothing to buy" in text_of(sheet(desk, order))
    desk.post("spending-pass", {"currency": "XXX"})
    assert SpendLimits.objects.count() == 1


def test_the_page_shows_what_parcels_usually_cost(desk: Desk, world: World) -> None:
    assert "Not known yet" in text_of(desk.get("spending"))
    past(world, 12)
    assert "UPS Ground 4 to 8 oz, to ZIP 7… 12 $8.41" in text_of(desk.get("spending"))


def test_the_page_costs_a_few_queries(
    world: World,
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    past(world, 12)
    for _ in range(20):
        rows.approval(world.workspace, asked_by=world.user)
    viewer = desk_of(world.workspace, Role.VIEWER)
    with django_assert_max_num_queries(8):
        assert viewer.get("spending", part=True).status_code == 200


# -- The sheet -------------------------------------------------------------------------------------
def test_the_sheet_says_how_far_the_limits_are_used(desk: Desk, world: World) -> None:
    past(world, 12)
    limits(world, daily_cap=Decimal("100.00"), label_ceiling=Decimal("30.00"))
    words = text_of(sheet(desk, quoted(world), quoted(world)))
    assert "$16.82 of $100.00 today with this ($0.00 so far). No label above $30.00." in words
    assert "Prices are at what 2 such parcels usually cost." in words


def test_what_the_guard_leaves_out_has_a_reason_and_a_button(desk: Desk, world: World) -> None:
    limits(world, daily_cap=Decimal("10.00"))
    response = sheet(desk, quoted(world), quoted(world))
    words = text_of(response)
    assert "Buy 1 label · $8.41" in words
    assert "1 The daily cap of $10.00 leaves no room for it" in words
    assert "See the limits" in words
    assert f"/w/{world.workspace.slug}/settings/spending/" in response.content.decode()


def test_a_limit_set_while_the_sheet_was_open_holds(desk: Desk, world: World) -> None:
    shown = fields(sheet(desk, quoted(world)))
    limits(world, label_ceiling=Decimal("5.00"))
    response = desk.post("buy", shown, part=True)
    assert response.status_code == 422
    assert "The spend guard has changed while the sheet was open" in text_of(response)
    assert not Batch.objects.exists()


# -- The second person -----------------------------------------------------------------------------
def asked(desk: Desk, world: World) -> SpendApproval:
    limits(world, approve_above=Decimal("10.00"))
    shown = fields(sheet(desk, quoted(world), quoted(world)))
    response = desk.post("approval-ask", shown | {"layout": "zpl"})
    found = SpendApproval.objects.get()
    assert response["Location"].endswith(f"/approvals/{found.pk}/")
    return found


def test_the_sheet_asks_instead_of_buying_and_a_colleague_approves(
    desk: Desk, world: World
) -> None:
    colleague = desk_of(world.workspace, Role.MANAGER)
    question = asked(desk, world)
    mine = text_of(desk.get("approval", approval_id=question.pk))
    assert "2 labels for at most $16.82" in mine
    assert "somebody else has to approve it" in mine
    assert "Approve and buy" not in mine
    assert "Approve and buy 2 labels · at most $16.82" in text_of(
        colleague.get("approval", approval_id=question.pk)
    )
    response = colleague.post("approval-approve", approval_id=question.pk)
    batch = Batch.objects.get()
    assert response["Location"].endswith(f"/batches/{batch.public_id}/")
    assert batch.created_by == world.user
    assert batch.options["label_format"] == "ZPL"


def test_pressing_buy_all_the_same_buys_nothing(desk: Desk, world: World) -> None:
    desk_of(world.workspace, Role.MANAGER)
    limits(world, approve_above=Decimal("10.00"))
    response = sheet(desk, quoted(world), quoted(world))
    assert "Ask a second person · 2 labels · $16.82" in text_of(response)
    forced = desk.post("buy", fields(response), part=True)
    assert forced.status_code == 422
    assert "needs the word of a second person" in text_of(forced)
    assert not Batch.objects.exists()


def test_who_asked_is_refused_by_the_server_and_may_take_it_back(desk: Desk, world: World) -> None:
    desk_of(world.workspace, Role.MANAGER)
    question = asked(desk, world)
    refused = desk.post("approval-approve", approval_id=question.pk)
    assert refused.status_code == 422
    assert "Somebody else has to approve" in text_of(refused)
    desk.post("approval-refuse", approval_id=question.pk)
    question.refresh_from_db()
    assert question.state == "withdrawn"
    assert "withdrawn" in text_of(desk.get("spending"))
    assert desk.post("approval-refuse", approval_id=question.pk).status_code == 422
    assert not Batch.objects.exists()


def test_alone_it_is_said_why_nobody_can_approve(desk: Desk, world: World) -> None:
    limits(world, approve_above=Decimal("10.00"))
    shown = fields(sheet(desk, quoted(world), quoted(world)))
    response = desk.post("approval-ask", shown, part=True)
    assert response.status_code == 422
    assert "invite a manager or another owner" in text_of(response)
    stale = desk.post("approval-ask", {"offer": "forged"}, part=True)
    assert "This sheet is too old" in stale["HX-Trigger"]


def test_a_packer_reads_a_question_and_decides_nothing(desk: Desk, world: World) -> None:
    desk_of(world.workspace, Role.MANAGER)
    question = asked(desk, world)
    packer = desk_of(world.workspace, Role.PACKER)
    words = text_of(packer.get("approval", approval_id=question.pk))
    assert "waits for another person" in words
    assert "Approve and buy" not in words
    assert packer.post("approval-approve", approval_id=question.pk).status_code == 403


def test_an_expired_question_has_no_buttons(desk: Desk, world: World) -> None:
    colleague = desk_of(world.workspace, Role.MANAGER)
    question = asked(desk, world)
    SpendApproval.objects.update(expires_at=timezone.now())
    words = text_of(colleague.get("approval", approval_id=question.pk))
    assert "ran out of time" in words
    assert "Approve and buy" not in words
    late = colleague.post("approval-approve", approval_id=question.pk)
    assert "It was not approved in time" in text_of(late)


def test_the_audit_trail_names_what_was_asked_and_which_limits_moved(
    desk: Desk, world: World
) -> None:
    desk_of(world.workspace, Role.MANAGER)
    asked(desk, world)
    desk.post("spending-pass", {"currency": "USD"})
    words = text_of(desk.client.get(f"/w/{world.workspace.slug}/audit/"))
    assert "Second person asked to approve a purchase" in words
    assert "Purchase of $16.82" in words
    assert "Spend limits in USD" in words
