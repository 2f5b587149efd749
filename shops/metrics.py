"""What shops count for Prometheus: calls to third parties, and how long their permissions last."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Avg, Count, Sum
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.metrics import LATELY
from shops.models import FAILED, ApiCall, Authorization

MOST = 200  # authorizations with a line of their own: those that end first


def collect() -> Iterator[Metric]:
    """Five families from three queries."""
    now = timezone.now()
    yield from _calls(now)
    yield from _authorizations()
    yield _tokens(now)


def _calls(now: datetime) -> Iterator[Metric]:
    """From the journal, where a good read stands for others that were not kept."""
    rows = (
        ApiCall.objects.filter(at__gte=now - LATELY)
        .values_list("provider")
        .annotate(
            calls=Sum("stands_for"),
            failures=Count("id", filter=FAILED),
            took=Avg("milliseconds"),
        )
        .order_by("provider")
    )
    calls = GaugeMetricFamily(
        "creatorflow_api_calls_5m",
        "Calls of the last 5 minutes, estimated from the journal's sample.",
        labels=["provider"],
    )
    failures = GaugeMetricFamily(
        "creatorflow_api_failures_5m", "Failed calls among them, exact.", labels=["provider"]
    )
    took = GaugeMetricFamily(
        "creatorflow_api_seconds", "Mean duration of the calls in the journal.", labels=["provider"]
    )
    for provider, number, bad, milliseconds in rows:
        calls.add_metric([provider], number)
        failures.add_metric([provider], bad)
        took.add_metric([provider], milliseconds / 1000)
    yield from (calls, failures, took)


def _authorizations() -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "creatorflow_authorizations", "Sellers' permissions.", labels=["state"]
    )
    for state, number in Authorization.objects.values_list("state").annotate(number=Count("pk")):
        family.add_metric([state], number)
    yield family


def _tokens(now: datetime) -> Metric:
    family = GaugeMetricFamily(
        "creatorflow_token_expiry_seconds",
        "Until the access token of an authorization ends, those that end first; below 0 it is dead.",
        labels=["authorization"],
    )
    soonest = Authorization.objects.filter(state="active").order_by("access_expires_at")
    for pk, end in soonest.values_list("pk", "access_expires_at")[:MOST]:
        family.add_metric([str(pk)], (end - now).total_seconds())
    return family
