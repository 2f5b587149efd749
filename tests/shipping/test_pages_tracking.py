"""The tracking page, the steps of a claim, and a parcel's story on its order's page."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from core.models import AuditEntry, Role, Workspace
from orders.models import OrderEvent
from shipping.models import Label, TrackingEvent
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
NUMBER = "1Z999AA10123456784"


def label(of: Workspace, *, order: dict[str, Any] | None = None, **fields: Any) -> Label:
    fields = {"settled_at": timezone.now() - DAY} | fields
    return factories.label(factories.order(of, **(order or {})), **fields)


def late(of: Workspace, **fields: Any) -> Label:
    return label(of, order={"due_at": timezone.now() - HOUR}, **fields)


def moving(of: Workspace, status: str, silent: timedelta, **fields: Any) -> Label:
    at = timezone.now() - silent
    return label(of, tracking_status=status, tracking_at=at, first_scan_at=at, **fields)


def test_nothing_to_follow_is_said_plainly(owner: Desk) -> None:
    assert "Every parcel was scanned" in text_of(owner.get("tracking"))
    assert "No parcel is stalled" in text_of(owner.get("tracking", "?list=stalled"))
    assert "Every parcel was scanned" in text_of(owner.get("tracking", "?list=nonsense"))


def test_a_parcel_never_scanned_can_be_voided_from_the_list(glow: Workspace, owner: Desk) -> None:
    mine = late(glow)
    html = owner.get("tracking").content.decode()
    assert "Still with you? Void it and buy another." in html
    assert f'action="/w/{glow.slug}/labels/{mine.pk}/void/"' in html
    assert "https://www.ups.com/track?tracknum=" + NUMBER in html
    assert "Void and ask $5.00 back" in html


def test_each_list_has_its_count_and_its_one_button(glow: Workspace, owner: Desk) -> None:
    moving(glow, "in_transit", 6 * DAY)
    lost = moving(glow, "in_transit", 11 * DAY)
    moving(glow, "return_to_sender", DAY)
    moving(glow, "delivered", HOUR)
    words = text_of(owner.get("tracking", "?list=stalled"))
    for title in ("Stalled 2", "Returned and problems 1", "On the way 2", "Delivered 1"):
        assert title in words
    assert "Ask the carrier" in words
    assert "Claim steps" in words
    assert "10 days" in words
    html = owner.get("tracking", "?list=stalled").content.decode()
    assert f"/labels/{lost.pk}/claim/?list=stalled" in html
    assert "It comes back to you" in text_of(owner.get("tracking", "?list=exceptions"))
    assert "Delivered" in text_of(owner.get("tracking", "?list=delivered"))


def test_htmx_gets_the_list_alone(glow: Workspace, owner: Desk) -> None:
    label(glow)
    part = owner.get("tracking", part=True).content.decode()
    assert "<html" not in part
    assert 'id="tracking"' in part


def test_filters_that_are_none_of_ours_change_nothing(glow: Workspace, owner: Desk) -> None:
    other = factories.shop(factories.workspace())
    label(glow)
    assert NUMBER in text_of(owner.get("tracking", f"?shop={other.pk}&carrier="))
    assert "None with these filters" in text_of(owner.get("tracking", "?carrier=fedex"))
    assert owner.get("tracking", "?carrier=%F0%9F%93%A6&shop=x&after=_").status_code == 200


def test_many_parcels_cost_no_query_each(
    glow: Workspace, owner: Desk, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        late(glow)
    owner.get("tracking")
    with django_assert_max_num_queries(14):
        assert owner.get("tracking").content.decode().count("data-row>") == 8


def test_pages_are_turned(glow: Workspace, owner: Desk) -> None:
    for _ in range(31):
        late(glow)
    first = owner.get("tracking").content.decode()
    place = first.split("after=")[1].split('"')[0]
    second = owner.get("tracking", f"?after={place}").content.decode()
    assert second.count("data-row>") == 1
    assert 'rel="first"' in second


def test_a_claim_names_the_steps_and_what_the_carrier_will_ask(
    glow: Workspace, owner: Desk
) -> None:
    lost = moving(glow, "in_transit", 11 * DAY)
    html = owner.get("tracking-claim", "?list=stalled", label_id=lost.pk).content.decode()
    assert "https://www.ups.com/us/en/support/file-a-claim" in html
    assert NUMBER in html
    assert "/tracking/?list=stalled" in html
    assert lost.order.tiktok_id in html


def test_a_carrier_nobody_knows_has_steps_without_links(glow: Workspace, owner: Desk) -> None:
    lost = moving(glow, "failure", DAY, carrier="pigeon_post")
    html = owner.get("tracking-claim", label_id=lost.pk).content.decode()
    assert "Pigeon Post" in html
    assert "File a claim at" not in html


def test_what_is_dealt_with_leaves_the_list_with_a_note_and_can_come_back(
    glow: Workspace, owner: Desk
) -> None:
    lost = moving(glow, "failure", DAY)
    posted = {"note": "Claim  4711\x00 filed", "list": "exceptions"}
    response = owner.post("tracking-handle", posted, label_id=lost.pk)
    assert response["Location"].endswith("/tracking/?list=exceptions")
    lost.refresh_from_db()
    assert lost.handled_note == "Claim 4711 filed"
    assert "No parcel is in trouble" in text_of(owner.get("tracking", "?list=exceptions"))
    assert "Claim 4711 filed" in text_of(owner.get("tracking", "?list=handled"))
    assert AuditEntry.objects.get(action="parcel.handled").workspace == glow
    event = OrderEvent.objects.get(order=lost.order_id, kind="tracking")
    assert (event.text, event.actor is not None) == ("Dealt with: Claim 4711 filed", True)
    again = owner.post("tracking-handle", posted, label_id=lost.pk)
    assert owner.told(again)[-1] == "Somebody else was faster: nothing was changed."
    owner.post("tracking-handle", {"undo": "1", "list": "handled"}, label_id=lost.pk)
    assert Label.objects.get(pk=lost.pk).handled_note == ""
    assert "The carrier reports a problem" in text_of(owner.get("tracking", "?list=exceptions"))


@pytest.mark.parametrize(
    ("role", "may_void", "may_handle"),
    [(Role.OWNER, True, True), (Role.PACKER, False, True), (Role.VIEWER, False, False)],
)
def test_each_role_sees_what_it_may_press(
    glow: Workspace, role: str, may_void: bool, may_handle: bool
) -> None:
    late(glow)
    html = desk_of(glow, role).get("tracking").content.decode()
    assert ("Void and rebuy" in html) == may_void
    assert (">Dealt with<" in html) == may_handle


def test_the_story_of_a_parcel_is_on_its_orders_page(glow: Workspace, owner: Desk) -> None:
    mine = moving(glow, "in_transit", HOUR)
    for n in range(7):
        TrackingEvent.objects.create(
            label=mine, at=timezone.now() - n * HOUR, status="in_transit", text=f"Scan number {n}",
            place="AUSTIN TX", source="easypost", dedupe=str(n),
        )  # fmt: skip
    words = text_of(owner.get("order-panel", part=True, order_id=mine.order_id))
    assert "On its way" in words
    assert "Scan number 0" in words
    assert "AUSTIN TX" in words
    assert "2 older events" in words
    assert "Carrier's page" in words


def test_a_person_asks_the_provider_at_once(world: World) -> None:
    order = factories.order(world.workspace)
    mine = factories.label(order, account=world.account, tracking_number="1Z1")
    here = desk_of(world.workspace)
    told = here.told(here.post("tracking-ask", label_id=mine.pk))
    assert told == ["Asked just now: Not scanned yet."]
    now = timezone.now().isoformat()
    world.provider.trackers["1Z1"] = {
        "id": "trk_1",
        "status": "in_transit",
        "tracking_details": [{"status": "in_transit", "datetime": now}],
    }
    told = here.told(here.post("tracking-ask", label_id=mine.pk))
    assert told[-1] == "Asked just now: On its way."
    world.provider.fail("track", RuntimeError("nonsense"))
    assert "no answer" in here.told(here.post("tracking-ask", label_id=mine.pk))[-1]
