"""What core counts for Prometheus: the queue, the inbox of webhooks, circuits, batches, workers."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Avg, Count, F, Max, Min, Q
from django.utils import timezone
from django_q.models import OrmQ
from prometheus_client.core import GaugeMetricFamily, Metric

from core import heartbeats
from core.models import Batch, Circuit, WebhookEvent
from core.version import BUILD, VERSION

LATELY = timedelta(minutes=5)


def collect() -> Iterator[Metric]:
    """Nine families from seven queries; each reads an index of few rows, or the last five minutes."""
    now = timezone.now()
    yield _info()
    yield from _queue(now)
    yield from _inbox(now)
    yield from _received(now)
    yield _circuits()
    yield from _batches(now)
    yield _workers(now)


def seconds(since: datetime | None, now: datetime) -> float:
    """Seconds from `since` until now; 0 where there is nothing that waits."""
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _info() -> Metric:
    family = GaugeMetricFamily(
        "creatorflow_info", "Which code answers.", labels=["version", "build"]
    )
    family.add_metric([VERSION, BUILD], 1)
    return family


def _queue(now: datetime) -> Iterator[Metric]:
    # A waiting task is "locked" since it was queued; one at work, or put off, until a moment ahead.
    found = OrmQ.objects.aggregate(
        waiting=Count("id", filter=Q(lock__lte=now)),
        taken=Count("id", filter=Q(lock__gt=now)),
        oldest=Min("lock", filter=Q(lock__lte=now)),
    )
    family = GaugeMetricFamily(
        "creatorflow_queue_tasks",
        "Tasks in the queue; taken: at work, or put off.",
        labels=["state"],
    )
    for state in ("waiting", "taken"):
        family.add_metric([state], found[state])
    yield family
    yield GaugeMetricFamily(
        "creatorflow_queue_oldest_seconds",
        "How long the oldest waiting task has waited.",
        value=seconds(found["oldest"], now),
    )


def _inbox(now: datetime) -> Iterator[Metric]:
    rows = (
        WebhookEvent.objects.filter(state__in=["waiting", "parked"])
        .values_list("provider", "state")
        .annotate(count=Count("id"), oldest=Min("received_at"))
        .order_by("provider", "state")
    )
    count = GaugeMetricFamily(
        "creatorflow_webhooks", "Webhooks that are not done.", labels=["provider", "state"]
    )
    oldest = GaugeMetricFamily(
        "creatorflow_webhooks_oldest_seconds",
        "Age of the oldest webhook that is not done.",
        labels=["provider", "state"],
    )
    for provider, state, number, since in rows:
        count.add_metric([provider, state], number)
        oldest.add_metric([provider, state], seconds(since, now))
    yield from (count, oldest)


def _received(now: datetime) -> Iterator[Metric]:
    """Of the last five minutes, by the index on received_at."""
    rows = (
        WebhookEvent.objects.filter(received_at__gte=now - LATELY)
        .values_list("provider")
        .annotate(
            count=Count("id"),
            late=Max(F("received_at") - F("sent_at")),
            took=Avg(F("done_at") - F("received_at")),
        )
        .order_by("provider")
    )
    labels = ["provider"]
    count = GaugeMetricFamily(
        "creatorflow_webhooks_received_5m",
        "Webhooks received in the last 5 minutes.",
        labels=labels,
    )
    late = GaugeMetricFamily(
        "creatorflow_webhook_delivery_seconds",
        "Longest time from the provider's clock to our receiver, of those.",
        labels=labels,
    )
    took = GaugeMetricFamily(
        "creatorflow_webhook_handling_seconds",
        "Mean time from our receiver until done, of those.",
        labels=labels,
    )
    for provider, number, delay, handling in rows:
        count.add_metric([provider], number)
        if delay is not None:
            late.add_metric([provider], max(delay.total_seconds(), 0.0))
        if handling is not None:
            took.add_metric([provider], handling.total_seconds())
    yield from (count, late, took)


def _circuits() -> Metric:
    """By provider, the first word of a circuit's key: accounts and shops would be labels without end."""
    found: Counter[tuple[str, str]] = Counter()
    for key, state in Circuit.objects.values_list("key", "state"):
        found[key.partition(":")[0], state] += 1
    family = GaugeMetricFamily(
        "creatorflow_circuits", "Circuit breakers that ever opened.", labels=["provider", "state"]
    )
    for labels, number in sorted(found.items()):
        family.add_metric(labels, number)
    return family


def _batches(now: datetime) -> Iterator[Metric]:
    found = Batch.objects.filter(state="running").aggregate(
        count=Count("id"), silent=Min("runner_seen_at")
    )
    yield GaugeMetricFamily("creatorflow_batches_running", "Batches at work.", value=found["count"])
    yield GaugeMetricFamily(
        "creatorflow_batch_silent_seconds",
        "How long the quietest running batch gave no sign of life.",
        value=seconds(found["silent"], now),
    )


def _workers(now: datetime) -> Metric:
    found = Counter((row.version, row.build) for row in heartbeats.alive(now=now))
    family = GaugeMetricFamily(
        "creatorflow_worker_groups",
        "Worker groups heard of in the last minutes.",
        labels=["version", "build"],
    )
    for labels, number in sorted(found.items()):
        family.add_metric(labels, number)
    return family
