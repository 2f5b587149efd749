"""What shipping counts for Prometheus: labels by state, those that need somebody, files still to come."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.metrics import seconds
from shipping.models import Label, LabelAccount

_DAY = timedelta(days=1)
_OPEN = ("buying", "unknown", "voiding", "refunding")


def collect() -> Iterator[Metric]:
    """Six families from four queries: open labels by their partial indexes, settled ones of one day."""
    now = timezone.now()
    yield from _open(now)
    yield _settled(now)
    yield from _documents(now)
    yield _accounts()


def _open(now: datetime) -> Iterator[Metric]:
    rows = (
        Label.objects.filter(Q(state__in=_OPEN[:2]) | Q(state__in=_OPEN[2:]))
        .values_list("state")
        .annotate(
            number=Count("id"),
            oldest=Min("intent_at"),
            people=Count("id", filter=Q(needs_person_since__isnull=False)),
        )
        .order_by("state")
    )
    count = GaugeMetricFamily(
        "creatorflow_labels_open", "Labels whose money is under way.", labels=["state"]
    )
    oldest = GaugeMetricFamily(
        "creatorflow_labels_open_oldest_seconds", "Age of the oldest of them.", labels=["state"]
    )
    waiting = 0
    for state, number, since, people in rows:
        count.add_metric([state], number)
        oldest.add_metric([state], seconds(since, now))
        waiting += people
    yield from (count, oldest)
    yield GaugeMetricFamily(
        "creatorflow_labels_need_a_person", "Labels that only a person can settle.", value=waiting
    )


def _settled(now: datetime) -> Metric:
    rows = Label.objects.filter(settled_at__gte=now - _DAY).values_list("provider", "state")
    family = GaugeMetricFamily(
        "creatorflow_labels_settled_24h",
        "Labels settled in the last 24 hours, by the state they are in.",
        labels=["provider", "state"],
    )
    for provider, state, number in rows.annotate(number=Count("id")).order_by("provider", "state"):
        family.add_metric([provider, state], number)
    return family


def _documents(now: datetime) -> Iterator[Metric]:
    found = Label.objects.filter(document_due_at__isnull=False).aggregate(
        count=Count("id"), oldest=Min("document_due_at")
    )
    yield GaugeMetricFamily(
        "creatorflow_label_files_missing",
        "Paid labels whose file is not kept yet.",
        value=found["count"],
    )
    yield GaugeMetricFamily(
        "creatorflow_label_files_overdue_seconds",
        "How long the oldest of them is overdue.",
        value=seconds(found["oldest"], now),
    )


def _accounts() -> Metric:
    family = GaugeMetricFamily(
        "creatorflow_label_accounts", "Accounts at label providers.", labels=["provider", "state"]
    )
    rows = LabelAccount.objects.exclude(state="removed").values_list("provider", "state")
    for provider, state, number in rows.annotate(number=Count("pk")).order_by("provider", "state"):
        family.add_metric([provider, state], number)
    return family
