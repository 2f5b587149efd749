"""An order's history: every webhook, poll, decision, call and person in one list, a page at a time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import audit
from core.models import Workspace
from orders import actions, handlers, staging, timeline
from orders.models import Order, OrderEvent
from orders.timeline import Moment, Place, place_of
from shops.catalog.models import Sku
from shops.models import ApiCall
from tests import factories
from tests.orders.pressing import desk, order

__all__ = ["desk"]

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def moments(made: Order, **kwargs: Any) -> list[Moment]:
    return timeline.page(Order.objects.select_related("shop").get(pk=made.pk), **kwargs).moments


def texts(made: Order) -> list[str]:
    return [one.text for one in moments(made, most=200)]


def details(moment: Moment) -> dict[str, str]:
    return dict(moment.details)


def call(made: Order, at: datetime, **fields: Any) -> ApiCall:
    values: dict[str, Any] = {
        "provider": "EasyPost",
        "method": "POST",
        "path": "/v2/shipments/shp_1/buy",
        "status": 200,
        "milliseconds": 412,
        "request_id": "req-77",
        "subject": made.tiktok_id,
    }
    return ApiCall.objects.create(workspace=made.workspace, at=at, **(values | fields))


def test_every_kind_of_row_is_told_newest_first(desk: Workspace) -> None:
    made = order(desk, created_at=NOON, paid_at=NOON + timedelta(minutes=1))
    OrderEvent.objects.create(
        order=made, at=NOON + timedelta(minutes=2), kind="sync", text="TikTok: Unpaid → On hold."
    )
    factories.webhook(
        "12",
        {"type": 12, "data": {"order_id": made.tiktok_id}},
        owner=made.shop.tiktok_id,
        subject=made.tiktok_id,
        received_at=NOON + timedelta(minutes=3),
    )
    quotes = factories.quotes(
        made, chosen=0, price="4.98", currency="USD", reason={"sentence": "UPS: cheapest."}
    )
    quotes.at = NOON + timedelta(minutes=4)
    quotes.save(update_fields=["at"])
    call(made, NOON + timedelta(minutes=5))
    entry = audit.AuditEntry
    audit.record(desk, "label.bought", f"order:{made.pk}", "Label bought for $4.98.", cost="4.98")
    found = moments(made)
    assert [one.kind for one in found] == [
        "audit",
        "call",
        "rate",
        "webhook",
        "sync",
        "paid",
        "placed",
    ]
    assert found[0].text == entry.objects.get().summary
    assert found == sorted(found, key=lambda one: one.place, reverse=True)


def test_a_handled_webhook_shows_its_kind_delay_and_outcome(desk: Workspace) -> None:
    made = order(desk)
    row = factories.webhook(
        "1",
        {"type": 1, "data": {"order_id": made.tiktok_id, "order_status": "UNPAID"}},
        owner=made.shop.tiktok_id,
        subject=made.tiktok_id,
        dedupe="7327112393057371910",
        state="done",
        outcome="read order 1",
        sent_at=NOON,
        received_at=NOON + timedelta(seconds=2),
        done_at=NOON + timedelta(seconds=3, milliseconds=500),
        attempts=2,
    )
    handlers._note([handlers._hint(row)], {made.tiktok_id: made})
    told = next(one for one in moments(made) if one.kind == "webhook")
    assert told.text == "TikTok told us: order status changed (unpaid)."
    assert told.source == "Webhook"
    assert details(told) == {
        "event": "tiktok 1",
        "id": "7327112393057371910",
        "on its way": "2.0 s",
        "handled after": "1.5 s",
        "tries": "2",
        "outcome": "read order 1",
    }
    assert len([one for one in moments(made) if one.kind == "webhook"]) == 1


def test_a_webhook_that_could_not_be_handled_is_red_and_says_why(desk: Workspace) -> None:
    made = order(desk)
    waiting = {"owner": made.shop.tiktok_id, "subject": made.tiktok_id}
    factories.webhook("3", {}, **waiting)
    factories.webhook("11", {}, state="parked", reason="TikTok is ill.", code="503", **waiting)
    factories.webhook("11", {}, subject=made.tiktok_id, owner="another shop")
    parked, waits = (one for one in moments(made) if one.kind == "webhook")
    assert parked.tone == "red"
    assert parked.text == (
        "TikTok told us: Cancellation status. The event could not be acted on: TikTok is ill."
    )
    assert details(parked)["code"] == "503"
    assert waits.text.endswith("The event waits for its turn.")


def test_a_call_shows_its_code_and_request_id_behind_details(desk: Workspace) -> None:
    made = order(desk)
    call(made, NOON)
    call(made, NOON + timedelta(seconds=1), status=None, error="ReadTimeout", request_id="")
    call(made, NOON + timedelta(seconds=2), status=200, refused=True)
    call(made, NOON + timedelta(seconds=3), subject="another order")
    refused, silent, good = (one for one in moments(made) if one.kind == "call")
    assert (refused.tone, silent.tone, good.tone) == ("red", "red", "")
    assert details(good) == {
        "call": "POST /v2/shipments/shp_1/buy",
        "answer": "200",
        "took": "412 ms",
        "request id": "req-77",
    }
    assert details(silent)["answer"] == "ReadTimeout"
    assert "sample" not in details(good)
    call(made, NOON + timedelta(seconds=4), method="GET", path="/v2/shipments", stands_for=20)
    sample = next(one for one in moments(made) if one.kind == "call")
    assert details(sample)["sample"] == "one good read of 20 is kept"
    assert "request id" not in details(silent)


def test_what_stands_in_the_way_and_when_it_went_is_told(desk: Workspace) -> None:
    made = order(desk)
    Sku.objects.update(weight_g=None)
    staging.restage([made.pk])
    Sku.objects.update(weight_g=200)
    staging.restage([made.pk])
    staging.restage([made.pk])  # nothing has changed
    decisions = [one.text for one in moments(made) if one.kind == "decision"]
    assert decisions == ["Ready to buy.", "Cannot be bought: a weight is missing."]
    kept = OrderEvent.objects.filter(order=made, kind="decision").order_by("pk")
    assert kept[0].detail == {"stage": "fix", "blocker": "no_weight"}


def test_a_persons_hold_is_told_with_the_person_and_its_consequence(desk: Workspace) -> None:
    made = order(desk)
    person = factories.member(desk)
    actions.hold(desk, [made.pk], because="Out of stock", user=person)
    told = texts(made)
    assert "Held: Out of stock" in told
    assert "Waits: the team holds it (Out of stock)." in told
    assert [one.who for one in moments(made) if one.kind == "hold"] == [person.email]
    assert len([text for text in told if "Held" in text]) == 1  # the audit's entry is the same act


def test_a_rate_chosen_again_is_told_once_and_another_choice_anew(desk: Workspace) -> None:
    made = order(desk)
    for minute, sentence in enumerate(["UPS.", "UPS.", "USPS.", "USPS.", "UPS."]):
        quotes = factories.quotes(made, chosen=0, price="5", currency="USD")
        quotes.reason, quotes.at = {"sentence": sentence}, NOON + timedelta(minutes=minute)
        quotes.save(update_fields=["reason", "at"])
    factories.quotes(made, chosen=None)  # nothing could be chosen: the decision says so
    rates = [one.text for one in moments(made) if one.kind == "rate"]
    assert rates == ["UPS.", "USPS.", "UPS."]


def test_pages_follow_each_other_without_gap_or_repeat(desk: Workspace) -> None:
    made = order(desk, created_at=NOON, paid_at=NOON)
    for number in range(9):
        at = NOON + timedelta(seconds=number // 4)  # several of one moment
        OrderEvent.objects.create(order=made, at=at, kind="sync", text=f"event {number}")
        call(made, at, path=f"/call/{number}")
        audit_row = audit.AuditEntry.objects.create(
            workspace=desk, action="label.x", subject=f"order:{made.pk}", summary=f"audit {number}"
        )
        assert audit_row.pk
    row = Order.objects.select_related("shop").get(pk=made.pk)
    whole = timeline.page(row, most=200)
    assert whole.older == ""
    after, seen = "", []
    while True:
        part = timeline.page(row, after=after, most=4)
        assert len(part.moments) <= 4
        seen += part.moments
        if not part.older:
            break
        after = part.older
    assert seen == whole.moments
    assert len(seen) == 9 * 3 + 2


@pytest.mark.parametrize("text", ["", "x", "e30", "bnVsbA", "WyIyMDI2LTExLTIwIiwxLDFd", "[1]", "ü"])
def test_a_place_that_makes_no_sense_is_the_beginning(text: str) -> None:
    assert place_of(text) is None


def test_a_place_is_read_as_it_was_written() -> None:
    place = Place(NOON, 3, 77)
    assert place_of(place.written()) == place


def html(client: Client, made: Order, path: str = "", **headers: str) -> str:
    answer = client.get(f"/w/desk/orders/{made.pk}/{path}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_orders_page_shows_a_page_of_it_and_more_on_demand(
    desk: Workspace, client: Client
) -> None:
    made = order(desk)
    for number in range(40):
        OrderEvent.objects.create(order=made, kind="sync", text=f"Change {number}.")
    first = html(client, made)
    assert "Change 39." in first
    assert "Change 5." not in first
    found = re.search(r'timeline/\?after=([\w-]+)"', first)
    assert found is not None
    part = html(client, made, f"timeline/?after={found[1]}", **{"HX-Request": "true"})
    assert "<html" not in part
    assert "Change 5." in part
    assert "Paid by the buyer." in part
    assert "Change 39." not in part
    whole = html(client, made, f"timeline/?after={found[1]}")
    assert "<html" in whole
    assert "Change 5." in whole


def test_details_stand_behind_a_disclosure_and_are_text(desk: Workspace, client: Client) -> None:
    made = order(desk)
    call(made, timezone.now(), path="/<script>")
    page = html(client, made)
    assert '<details class="moment__more"><summary>Details</summary>' in page
    assert "req-77" in page
    assert "<script>" not in page.split('id="timeline"')[1].split("</section>")[0]


def test_a_long_history_costs_no_more_queries(desk: Workspace, client: Client) -> None:
    made = order(desk)

    def fill() -> None:
        person = factories.member(desk)
        row = factories.webhook(
            "1", {"data": {"order_id": made.tiktok_id}}, owner=made.shop.tiktok_id
        )
        handlers._note([handlers._hint(row)], {made.tiktok_id: made})
        factories.webhook("3", {}, owner=made.shop.tiktok_id, subject=made.tiktok_id)
        OrderEvent.objects.create(order=made, kind="note", text="Note.", actor=person)
        call(made, timezone.now())
        factories.quotes(made, chosen=0, price="5", currency="USD", reason={"sentence": "UPS."})
        audit.record(desk, "label.bought", f"order:{made.pk}", "Bought.", actor=person)

    def cost() -> int:
        with CaptureQueriesContext(connection) as caught:
            timeline.page(Order.objects.select_related("shop").get(pk=made.pk))
        return len(caught)

    fill()
    few = cost()
    for _ in range(12):
        fill()
    assert cost() == few == 7


def test_strangers_see_nothing_of_it(desk: Workspace, client: Client) -> None:
    other = factories.workspace(slug="other")
    theirs = order(other)
    assert client.get(f"/w/desk/orders/{theirs.pk}/timeline/").status_code == 404
    assert client.get(f"/w/other/orders/{theirs.pk}/timeline/").status_code in (403, 404)
