"""What people do to orders: done in bulk, written down, and seen at once in the stage."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry, User, Workspace
from orders import actions, staging
from orders.label_notes import note_label
from orders.models import Dispatch, Order, OrderEvent
from shops.catalog import reading
from tests import factories

pytestmark = pytest.mark.django_db
GOOD = {
    "name": "Ana Reyes",
    "street1": "9 Oak Ave",
    "city": "Reno",
    "state": "Nevada",
    "postal_code": "89509",
    "country": "us",
}


@pytest.fixture
def workspace() -> Workspace:
    workspace = factories.workspace()
    factories.ship_from(workspace)
    factories.account(workspace)
    return workspace


@pytest.fixture
def user(workspace: Workspace) -> User:
    return factories.member(workspace)


def made(workspace: Workspace, **fields: Any) -> Order:
    """A ready order whose SKU has a weight."""
    order = factories.order(workspace, **fields)
    line = factories.line(order)
    if not order.shop.skus.filter(tiktok_id=line.sku_id).exists():
        factories.sku(order.shop, tiktok_id=line.sku_id)
    return order


def stage_of(order: Order) -> tuple[str, str]:
    order.refresh_from_db()
    return order.stage, order.blocker


def test_holding_and_releasing_are_written_down(workspace: Workspace, user: User) -> None:
    orders = [made(workspace) for _ in range(3)]
    ids = [order.pk for order in orders]
    assert actions.hold(workspace, ids, because="check stock", user=user) == 3
    assert stage_of(orders[0]) == ("hold", "held")
    assert actions.release(workspace, ids[:1], user=user) == 1
    assert stage_of(orders[0]) == ("ready", "")
    assert stage_of(orders[1]) == ("hold", "held")
    events = OrderEvent.objects.filter(order=orders[0]).exclude(kind="decision").order_by("pk")
    assert [(e.kind, e.text, e.actor) for e in events] == [
        ("hold", "Held: check stock", user),
        ("hold", "Released.", user),
    ]
    entry = AuditEntry.objects.order_by("pk").first()
    assert entry is not None
    assert (entry.action, entry.actor, entry.detail["count"]) == ("order.hold", user, 3)


def test_another_workspaces_orders_are_never_touched(workspace: Workspace, user: User) -> None:
    strangers = made(factories.workspace())
    assert actions.hold(workspace, [strangers.pk], because="x", user=user) == 0
    strangers.refresh_from_db()
    assert strangers.held_because == ""


def test_ten_thousand_orders_cost_few_queries(workspace: Workspace, user: User) -> None:
    first = made(workspace)
    columns = [f.column for f in Order._meta.concrete_fields if f.column not in ("id", "tiktok_id")]
    names = ", ".join(columns)
    copy = (
        f"INSERT INTO orders_order (tiktok_id, {names}) SELECT 'x' || n, {names} "  # noqa: S608 - our own names
        "FROM orders_order, generate_series(1, 10000) n WHERE id = %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(copy, [first.pk])
    ids = list(Order.objects.values_list("pk", flat=True))
    with CaptureQueriesContext(connection) as seen:
        assert actions.hold(workspace, ids, because="all", user=user) == 10_001
    assert len(seen) < 80
    assert Order.objects.filter(stage="hold").count() == 10_001


def test_a_hold_ends_by_itself(workspace: Workspace, user: User) -> None:
    order = made(workspace)
    until = timezone.now() + timedelta(hours=1)
    actions.hold(workspace, [order.pk], because="later", until=until, user=user)
    assert actions.release_due() == 0
    Order.objects.update(held_until=timezone.now() - timedelta(seconds=1))
    assert actions.release_due() == 1
    assert stage_of(order) == ("ready", "")


def test_tags_are_added_once_and_taken_off(workspace: Workspace, user: User) -> None:
    order = made(workspace, tags=["old"])
    assert actions.tag(workspace, [order.pk], "  very   important ", user=user) == 1
    assert actions.tag(workspace, [order.pk], "very important", user=user) == 0
    order.refresh_from_db()
    assert order.tags == ["old", "very important"]
    assert actions.untag(workspace, [order.pk], "old", user=user) == 1
    order.refresh_from_db()
    assert order.tags == ["very important"]
    with pytest.raises(actions.BadAction):
        actions.tag(workspace, [order.pk], " ", user=user)


def test_an_address_entered_by_a_person_wins_and_makes_the_order_ready(
    workspace: Workspace, user: User
) -> None:
    order = made(workspace, address_state="masked", stage="fix", blocker="masked_address")
    actions.fix_address(order, GOOD, user=user)
    assert (order.stage, order.blocker) == ("ready", "")
    assert (order.address["state"], order.address["country"]) == ("NV", "US")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"postal_code": "10001"}, "not in NV"), ({"street1": "9 O***"}, "struck out")],
)
def test_an_address_nobody_delivers_to_is_not_taken(
    workspace: Workspace, user: User, change: dict[str, str], words: str
) -> None:
    order = made(workspace)
    with pytest.raises(actions.BadAction, match=words):
        actions.fix_address(order, GOOD | change, user=user)


def test_a_parcel_entered_for_an_order_stands_in_for_missing_weights(
    workspace: Workspace, user: User
) -> None:
    order = factories.order(workspace, stage="fix", blocker="no_weight")
    factories.line(order, sku_id="unweighed")
    actions.set_parcel(order, weight_g=300, length_mm=200, width_mm=150, height_mm=50, user=user)
    assert (order.stage, order.parcel["weight_g"]) == ("ready", 300)
    actions.clear_parcel(order, user=user)
    assert stage_of(order) == ("fix", "no_weight")


@pytest.mark.parametrize("grams", [0, -5, 10_000_000])
def test_a_weight_that_cannot_be_is_refused_with_words(
    workspace: Workspace, user: User, grams: int
) -> None:
    order = made(workspace)
    with pytest.raises(actions.BadAction, match="cannot be right"):
        actions.set_parcel(order, weight_g=grams, length_mm=1, width_mm=1, height_mm=1, user=user)
    with pytest.raises(reading.BadMeasure, match="cannot be right"):
        reading.measure(order.shop.skus.get(), weight_g=grams, user=user)


def test_shipping_despite_a_request_to_cancel_is_a_persons_choice(
    workspace: Workspace, user: User
) -> None:
    order = made(workspace, is_cancel_requested=True, stage="fix", blocker="cancel_requested")
    assert actions.ship_despite_cancel(workspace, [order.pk], user=user) == 1
    assert stage_of(order) == ("ready", "")


def test_a_bought_label_moves_the_order_and_is_noted_once(workspace: Workspace) -> None:
    order = made(workspace)
    for _ in range(2):
        note_label(order.pk, "bought", "ups", "1Z1")
    assert stage_of(order) == ("bought", "")
    told = order.events.exclude(kind="decision").values_list("text", flat=True)
    assert list(told) == ["Label bought: UPS 1Z1."]
    note_label(order.pk, "", "ups", "")
    assert stage_of(order) == ("ready", "")


def test_a_label_is_noted_in_one_statement_where_the_order_is_still_as_it_is_known(
    workspace: Workspace, django_assert_num_queries
) -> None:
    order = made(workspace)
    with django_assert_num_queries(1):
        note_label(order.pk, "bought", "ups", "1Z1", known=order)
    assert stage_of(order) == ("bought", "")
    order.refresh_from_db()
    assert (order.label_state, order.label_carrier, order.label_tracking) == (
        "bought",
        "ups",
        "1Z1",
    )
    note_label(order.pk, "bought", "ups", "1Z1", known=order)
    assert list(order.events.order_by("pk").values_list("kind", "text", "actor", "detail")) == [
        ("label", "Label bought: UPS 1Z1.", None, {}),
        ("decision", "Has its label.", None, {"stage": "bought", "blocker": ""}),
    ]


def test_a_label_leaves_the_same_behind_whether_its_order_is_known_or_not(
    workspace: Workspace,
) -> None:
    known, other = made(workspace), made(workspace)
    note_label(known.pk, "unknown", "ups", "", known=known)
    note_label(other.pk, "unknown", "ups", "")
    assert stage_of(known) == stage_of(other) == ("fix", "label_unknown")
    left = [list(o.events.values_list("kind", "text", "detail")) for o in (known, other)]
    assert sorted(left[0]) == sorted(left[1])


@pytest.mark.parametrize(
    ("status", "stage"), [("CANCELLED", ("closed", "cancelled")), ("IN_TRANSIT", ("shipped", ""))]
)
def test_a_label_is_noted_on_the_order_as_it_is_not_as_it_was_known(
    workspace: Workspace, status: str, stage: tuple[str, str]
) -> None:
    known = made(workspace)
    Order.objects.filter(pk=known.pk).update(status=status)
    note_label(known.pk, "bought", "ups", "1Z1", known=known)
    assert stage_of(known) == stage
    known.refresh_from_db()
    assert known.label_tracking == "1Z1"
    assert known.events.filter(kind="label").count() == 1


def test_a_number_that_tiktok_refused_stays_in_the_way_of_an_order_known_before(
    workspace: Workspace,
) -> None:
    order = made(workspace)
    Dispatch.objects.create(order=order, tracking_number="1Z0", carrier="ups", state="refused")
    note_label(order.pk, "bought", "ups", "1Z1", known=order)
    assert stage_of(order) == ("fix", "dispatch_refused")


def test_the_first_ship_from_address_and_account_make_orders_ready() -> None:
    workspace = factories.workspace()
    order = made(workspace)
    staging.restage_workspace(workspace_id=workspace.pk)
    assert stage_of(order) == ("fix", "no_ship_from")
    factories.ship_from(workspace)
    staging.restage_workspace(workspace_id=workspace.pk)
    assert stage_of(order) == ("fix", "no_account")
    factories.account(workspace)
    actions.release_due()
    assert stage_of(order) == ("ready", "")


def test_a_platform_order_needs_no_account_of_ours() -> None:
    workspace = factories.workspace()
    factories.ship_from(workspace)
    order = made(workspace, lane="platform", address_state="masked")
    staging.restage([order.pk])
    assert stage_of(order) == ("ready", "")


def test_a_weight_told_by_a_person_frees_every_order_with_that_sku(
    workspace: Workspace, user: User
) -> None:
    shop = factories.shop(workspace)
    sku = factories.sku(shop, tiktok_id="s1", weight_g=None, measured_by="")
    orders = [factories.order(workspace, shop=shop) for _ in range(3)]
    for order in orders:
        factories.line(order, sku_id="s1")
    staging.restage([order.pk for order in orders])
    assert stage_of(orders[0]) == ("fix", "no_weight")
    reading.measure(sku, weight_g=120, user=user)
    staging.restage_skus(shop_id=shop.pk, sku_ids=["s1"])
    assert [stage_of(order)[0] for order in orders] == ["ready"] * 3
    assert (sku.measured_by, sku.weight_g) == ("person", 120)


def test_restaging_costs_the_same_queries_for_one_and_for_many(workspace: Workspace) -> None:
    orders = [made(workspace, stage="closed") for _ in range(40)]

    def queries(some: list[Order]) -> int:
        Order.objects.update(stage="closed")
        with CaptureQueriesContext(connection) as seen:
            assert staging.restage([order.pk for order in some]) == len(some)
        return len(seen)

    assert queries(orders[:1]) == queries(orders)
