"""Where an order stands, and the first thing in its way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orders.blockers import BLOCKERS
from orders.models import Lane, Stage
from orders.readiness import Facts, decide

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
READY = Facts(status="AWAITING_SHIPMENT", lane="own")


@pytest.mark.parametrize(
    ("changes", "stage", "blocker"),
    [
        ({}, "ready", ""),
        ({"lane": "platform", "address_state": "masked"}, "ready", ""),
        ({"lane": "fbt", "status": "IN_TRANSIT"}, "closed", "fbt"),
        ({"lane": "none", "shipping_type": "TIKTOK_DIGITAL"}, "closed", "not_shippable"),
        ({"lane": "none", "shipping_type": "TELEPORT"}, "fix", "not_shippable"),
        ({"status": "UNPAID"}, "closed", "unpaid"),
        ({"status": "CANCELLED"}, "closed", "cancelled"),
        ({"status": "CANCELLED", "label_state": "bought"}, "closed", "cancelled"),
        ({"status": "AWAITING_COLLECTION"}, "shipped", ""),
        ({"status": "IN_TRANSIT"}, "shipped", ""),
        ({"status": "DELIVERED"}, "shipped", ""),
        ({"status": "COMPLETED"}, "shipped", ""),
        ({"status": "RESTING"}, "fix", "unknown_status"),
        ({"status": "PARTIALLY_SHIPPING"}, "fix", "part_shipped"),
        ({"status": "PARTIALLY_SHIPPING", "label_state": "bought"}, "bought", ""),
        ({"status": "ON_HOLD", "address_state": "none"}, "hold", "on_hold"),
        ({"is_on_hold": True}, "hold", "on_hold"),
        ({"held_because": "gift"}, "hold", "held"),
        ({"held_because": "gift", "held_until": NOW + timedelta(hours=1)}, "hold", "held"),
        ({"held_because": "gift", "held_until": NOW}, "ready", ""),
        ({"is_cancel_requested": True}, "fix", "cancel_requested"),
        ({"is_cancel_requested": True, "ship_despite_cancel": True}, "ready", ""),
        ({"address_state": "none"}, "fix", "no_address"),
        ({"address_state": "masked"}, "fix", "masked_address"),
        ({"address_state": "bad"}, "fix", "bad_address"),
        ({"weight_known": False}, "fix", "no_weight"),
        ({"has_ship_from": False}, "fix", "no_ship_from"),
        ({"has_account": False}, "fix", "no_account"),
        ({"rate_problem": "No rate."}, "fix", "no_rate"),
        ({"label_state": "buying"}, "bought", ""),
        ({"label_state": "bought"}, "bought", ""),
        ({"label_state": "unknown"}, "fix", "label_unknown"),
        ({"label_state": "bought", "dispatch_refused": True}, "fix", "dispatch_refused"),
        ({"label_state": "bought", "status": "IN_TRANSIT"}, "shipped", ""),
    ],
)
def test_an_order_stands_where_its_facts_put_it(
    changes: dict[str, Any], stage: str, blocker: str
) -> None:
    found = decide(replace(READY, **changes), now=NOW)
    assert (found.stage, found.blocker) == (stage, blocker)


def test_every_answer_has_a_stage_and_words() -> None:
    for lane in Lane.values:
        for status in ("UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "X", "CANCELLED", "DELIVERED"):
            for address in ("none", "masked", "bad", "good"):
                found = decide(Facts(status, lane, address_state=address), now=NOW)
                assert found.stage in Stage.values
                assert not found.blocker or found.blocker in BLOCKERS
