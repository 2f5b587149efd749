"""/metrics: what Prometheus reads, from the database, for every process at once."""

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from core.models import Circuit, Heartbeat, WebhookEvent
from orders.models import SyncCursor
from shops import metrics as shop_metrics
from shops.models import ApiCall, Authorization
from tests import factories

pytestmark = pytest.mark.django_db
QUERIES = 16


def scraped() -> dict[tuple[str, ...], float]:
    """Name and label values -> value."""
    answer = Client().get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_an_empty_installation_has_metrics_too() -> None:
    found = scraped()
    assert found["creatorflow_queue_tasks", "waiting"] == 0
    assert found["creatorflow_batches_running",] == 0
    assert found["creatorflow_labels_need_a_person",] == 0


def test_the_queue_is_counted_with_its_oldest_task() -> None:
    now = timezone.now()
    for seconds in (300, 20, -900):
        OrmQ.objects.create(key="creatorflow", payload="x", lock=now - timedelta(seconds=seconds))
    found = scraped()
    assert found["creatorflow_queue_tasks", "waiting"] == 2
    assert found["creatorflow_queue_tasks", "taken"] == 1
    assert found["creatorflow_queue_oldest_seconds",] == pytest.approx(300, abs=5)


def webhook(**fields: object) -> WebhookEvent:
    values = {
        "provider": "tiktok",
        "event": "1",
        "body": b"{}",
        "dedupe": uuid.uuid4().hex,
    } | fields
    return WebhookEvent.objects.create(**values)


def test_webhooks_are_counted_by_provider_and_state() -> None:
    now = timezone.now()
    webhook(received_at=now - timedelta(seconds=90), sent_at=now - timedelta(seconds=97))
    webhook(state="parked", received_at=now - timedelta(hours=2))
    done = now - timedelta(seconds=50)
    webhook(state="done", received_at=done, done_at=done + timedelta(seconds=3), sent_at=done)
    found = scraped()
    assert found["creatorflow_webhooks", "tiktok", "waiting"] == 1
    assert found["creatorflow_webhooks_oldest_seconds", "tiktok", "parked"] == pytest.approx(
        7200, abs=5
    )
    assert found["creatorflow_webhooks_received_5m", "tiktok"] == 2
    assert found["creatorflow_webhook_delivery_seconds", "tiktok"] == pytest.approx(7, abs=0.1)
    assert found["creatorflow_webhook_handling_seconds", "tiktok"] == pytest.approx(3, abs=0.1)


def test_each_shop_has_its_freshness_and_each_authorization_its_end() -> None:
    shop = factories.shop(factories.workspace())
    now = timezone.now()
    SyncCursor.objects.filter(shop=shop).update(complete_until=now - timedelta(seconds=40))
    Authorization.objects.update(access_expires_at=now + timedelta(hours=1))
    found = scraped()
    assert found["creatorflow_freshness_seconds", str(shop.pk)] == pytest.approx(40, abs=5)
    end = found["creatorflow_token_expiry_seconds", str(shop.authorization_id)]
    assert end == pytest.approx(3600, abs=5)
    assert found["creatorflow_authorizations", "active"] == 1


def test_calls_are_estimated_from_the_sample_and_failures_are_exact() -> None:
    for fields in (
        {"status": 200, "milliseconds": 100, "stands_for": 20},
        {"status": 200, "milliseconds": 4000},
        {"status": 503, "milliseconds": 100},
        {"status": 200, "milliseconds": 100, "refused": True},
        {"status": None, "milliseconds": 100},
        {"status": 500, "milliseconds": 9, "at": timezone.now() - timedelta(hours=1)},
    ):
        ApiCall.objects.create(provider="EasyPost", method="GET", path="/v2", **fields)
    found = scraped()
    assert found["creatorflow_api_failures_5m", "EasyPost"] == 3
    assert found["creatorflow_api_calls_5m", "EasyPost"] == 20 + 1 + 3


def test_labels_are_counted_by_state_and_those_that_need_somebody() -> None:
    of = factories.workspace()
    hour = timezone.now() - timedelta(hours=1)
    factories.label(factories.order(of))
    factories.label(
        factories.order(of),
        state="unknown",
        intent_at=hour,
        needs_person_since=hour,
        settled_at=None,
    )
    factories.label(factories.order(of), document_due_at=hour, settled_at=hour - timedelta(days=2))
    found = scraped()
    assert found["creatorflow_labels_open", "unknown"] == 1
    assert found["creatorflow_labels_open_oldest_seconds", "unknown"] == pytest.approx(3600, abs=5)
    assert found["creatorflow_labels_need_a_person",] == 1
    assert found["creatorflow_labels_settled_24h", "easypost", "bought"] == 1
    assert found["creatorflow_label_files_missing",] == 1


def test_circuits_and_workers_are_counted_without_naming_accounts_or_machines() -> None:
    Circuit.objects.create(key="easypost:account:5", state="open")
    Circuit.objects.create(key="easypost:account:6", state="open")
    Heartbeat.objects.create(process="host-17:1", version="0.1.0", build="abc")
    old = timezone.now() - timedelta(hours=1)
    Heartbeat.objects.create(process="host-18:1", version="0.0.9", build="old", seen_at=old)
    found = scraped()
    assert found["creatorflow_circuits", "easypost", "open"] == 2
    assert found["creatorflow_worker_groups", "abc", "0.1.0"] == 1
    assert not [name for name in found if "old" in name or "host-17:1" in name]


def busy() -> None:
    of = factories.workspace()
    for _ in range(3):
        factories.label(factories.order(of, total=Decimal(1), shop=factories.shop(of)))
        webhook(event=str(_))


def test_a_scrape_is_a_fixed_number_of_queries_however_much_there_is() -> None:
    for fill in (lambda: None, busy):
        fill()
        with CaptureQueriesContext(connection) as queries:
            scraped()
        assert len(queries) == QUERIES, [q["sql"][:90] for q in queries]


def test_labels_of_metrics_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_metrics, "MOST", 2)
    of = factories.workspace()
    rows = [factories.authorization(of) for _ in range(4)]
    for hours, row in enumerate(rows, start=1):
        end = timezone.now() + timedelta(hours=hours)
        Authorization.objects.filter(pk=row.pk).update(access_expires_at=end)
    named = [name[1] for name in scraped() if name[0] == "creatorflow_token_expiry_seconds"]
    assert named == [str(rows[0].pk), str(rows[1].pk)]


@pytest.mark.parametrize(
    ("token", "sent", "address", "status"),
    [
        ("", "", "127.0.0.1", 200),
        ("", "", "::1", 200),
        ("", "", "10.0.0.9", 403),
        ("t0ken", "Bearer t0ken", "10.0.0.9", 200),
        ("t0ken", "Bearer wrong", "127.0.0.1", 403),
        ("t0ken", "Bearer wröng", "127.0.0.1", 403),
        ("t0ken", "", "127.0.0.1", 403),
    ],
)
def test_who_may_read_them(
    settings: Settings, token: str, sent: str, address: str, status: int
) -> None:
    settings.METRICS_TOKEN = token
    answer = Client().get("/metrics", REMOTE_ADDR=address, HTTP_AUTHORIZATION=sent)
    assert answer.status_code == status
    assert (b"creatorflow_" in answer.content) == (status == 200)


def test_a_proxy_on_this_machine_does_not_open_them_to_the_world() -> None:
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 403
