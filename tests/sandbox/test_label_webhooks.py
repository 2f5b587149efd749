"""EasyPost's and Shippo's webhooks: registered, proven, and sent as parcels move."""

import hashlib
import hmac
import unicodedata
from typing import Any

import easypost
import pytest

from tests.sandbox.ear import Ear
from tests.sandbox.label_buyers import (
    DAY,
    EASYPOST_KEY,
    Wire,
    easypost_session,
    easypost_shipment,
    shippo_body,
)

Json = dict[str, Any]
SECRET = "sécret"


def bought(seller: easypost.EasyPostClient) -> Any:
    shipment = seller.shipment.create(**easypost_shipment())
    return seller.shipment.buy(shipment.id, rate=shipment.rates[0])


def transaction(wire: Wire, **changes: Any) -> Json:
    rates = wire.post("/shipments", shippo_body()).json()["rates"]
    body = {"rate": rates[0]["object_id"], "async": False, **changes}
    made: Json = wire.post("/transactions", body).json()
    return made


def described(ear: Ear, count: int) -> list[str]:
    return [event["description"] for event in ear.events(count)]


def test_easyposts_own_client_registers_changes_and_removes_a_webhook(seller, ear) -> None:
    hook = seller.webhook.create(url=ear.url, webhook_secret=SECRET)
    assert hook.url == ear.url
    assert seller.webhook.retrieve(hook.id).mode == "test"
    assert [one.id for one in seller.webhook.all()["webhooks"]] == [hook.id]
    changed = seller.webhook.update(hook.id, custom_headers=[{"name": "x-mine", "value": "1"}])
    assert changed.custom_headers[0].name == "x-mine"
    seller.webhook.delete(hook.id)
    assert seller.webhook.all()["webhooks"] == []


def test_an_event_is_signed_with_the_normalised_secret_and_passes_easyposts_own_check(
    seller, ear
) -> None:
    seller.webhook.create(url=ear.url, webhook_secret=SECRET)
    bought(seller)
    ear.events(1)
    heard = ear.heard[0]
    key = unicodedata.normalize("NFKD", SECRET).encode()
    digest = hmac.new(key, heard.raw, hashlib.sha256).hexdigest()
    assert heard.headers["X-Hmac-Signature"] == f"hmac-sha256-hex={digest}"
    event = easypost.util.receive_event(heard.raw.decode())
    assert event.description == "tracker.created"
    headers = {"X-Hmac-Signature": heard.headers["X-Hmac-Signature"]}
    assert easypost.util.validate_webhook(heard.raw, headers, SECRET)


def test_a_tracker_is_told_at_every_scan_with_what_it_was_before(sandbox, seller, ear) -> None:
    seller.webhook.create(url=ear.url, webhook_secret=SECRET)
    shipment = bought(seller)
    for _ in range(12):
        sandbox.travel(DAY)
    events = ear.events(8)
    updates = [event for event in events if event["description"] == "tracker.updated"]
    assert [one["description"] for one in events].count("tracker.created") == 1
    assert len(updates) == 7
    assert {event["object"] for event in events} == {"Event"}
    assert {one["result"]["tracking_code"] for one in updates} == {shipment.tracking_code}
    assert {"status": "pre_transit"} in [one["previous_attributes"] for one in updates]
    assert max(len(one["result"]["tracking_details"]) for one in updates) == 7


def test_a_granted_refund_is_told_and_a_live_webhook_hears_nothing_of_tests(
    sandbox, seller, ear
) -> None:
    with easypost_session(sandbox.url) as other:
        other.session.headers["Authorization"] = "Bearer EZAKsandbox-live"
        made = other.post("/v2/webhooks", {"webhook": {"url": ear.url + "/live"}})
        assert made.status_code == 201
    seller.webhook.create(url=ear.url)
    shipment = bought(seller)
    seller.shipment.refund(shipment.id)
    sandbox.travel(20 * DAY)
    ear.events(2)
    told = {heard.document["description"]: heard for heard in list(ear.heard)}
    assert told["refund.successful"].document["result"]["status"] == "refunded"
    assert told["refund.successful"].document["result"]["shipment_id"] == shipment.id
    assert {heard.path for heard in told.values()} == {"/webhooks"}
    assert "X-Hmac-Signature" not in told["refund.successful"].headers  # no secret was given


@pytest.mark.parametrize("given", [{}, {"url": "desk.example/hooks"}])
def test_a_webhook_without_an_address_is_refused(sandbox, given) -> None:
    with easypost_session(sandbox.url) as wire:
        answer = wire.post("/v2/webhooks", {"webhook": given or {"webhook_secret": "x"}})
    assert answer.status_code == 422


def test_an_easypost_webhook_needs_a_key(sandbox) -> None:
    with Wire(sandbox.url, f"Bearer {EASYPOST_KEY}".replace("EZTK", "nobody")) as wire:
        assert wire.get("/v2/webhooks").status_code == 401


def test_shippo_registers_changes_lists_and_removes_a_webhook(wire, ear) -> None:
    wish = {"event": "track_updated", "url": f"{ear.url}?token=t0ken", "is_test": True}
    made = wire.post("/webhooks", wish)
    assert made.status_code == 201
    hook = made.json()
    assert (hook["event"], hook["active"], hook["is_test"]) == ("track_updated", True, True)
    changed = wire.session.put(f"/webhooks/{hook['object_id']}", json=wish | {"event": "all"})
    assert changed.json()["event"] == "all"
    listed = wire.get("/webhooks").json()
    assert [one["event"] for one in listed["results"]] == ["all"]
    assert wire.session.delete(f"/webhooks/{hook['object_id']}").status_code == 204
    assert wire.get(f"/webhooks/{hook['object_id']}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "https://desk.example/hooks/shippo"},
        {"event": "order_created", "url": "https://desk.example/hooks/shippo"},
        {"event": "all"},
        {"event": "all", "url": "https://desk.example/" + "x" * 190},
    ],
)
def test_shippo_refuses_what_cannot_be_a_webhook(wire, wrong) -> None:
    assert wire.post("/webhooks", wrong).status_code == 400


def test_a_transaction_is_told_when_made_ready_and_scanned(sandbox, wire, ear) -> None:
    address = f"{ear.url}?token=t0ken"
    wire.post("/webhooks", {"event": "all", "url": address, "is_test": True})
    made = transaction(wire, **{"async": True})
    sandbox.travel(2)
    for _ in range(12):
        sandbox.travel(DAY)
    events = ear.events(9)
    kinds = [event["event"] for event in events]
    assert kinds.count("transaction_created") == 1
    assert kinds.count("transaction_updated") == 1
    assert kinds.count("track_updated") == 7
    by_kind = {event["event"]: event["data"] for event in events}
    assert by_kind["transaction_updated"]["object_id"] == made["object_id"]
    assert by_kind["transaction_updated"]["status"] == "SUCCESS"
    assert by_kind["track_updated"]["transaction"] == made["object_id"]
    assert by_kind["track_updated"]["tracking_status"]["status"]
    assert {heard.path for heard in ear.heard} == {"/webhooks?token=t0ken"}
    assert {event["test"] for event in events} == {True}


def test_a_refund_is_told_as_a_changed_transaction(sandbox, wire, ear) -> None:
    wire.post("/webhooks", {"event": "transaction_updated", "url": ear.url, "is_test": True})
    made = transaction(wire)
    wire.post("/refunds", {"transaction": made["object_id"]})
    sandbox.travel(20 * DAY)
    statuses = [event["data"]["status"] for event in ear.events(2)]
    assert sorted(statuses) == ["REFUNDED", "REFUNDPENDING"]
