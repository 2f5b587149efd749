"""`/metrics` for Prometheus: counted in the database when asked for, so right for any number of processes."""

import hmac
from collections.abc import Callable, Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client.core import Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

import core.metrics
import orders.metrics
import shipping.metrics
import shops.metrics

SOURCES: tuple[Callable[[], Iterator[Metric]], ...] = (
    core.metrics.collect,
    shops.metrics.collect,
    orders.metrics.collect,
    shipping.metrics.collect,
)


class Database(Collector):
    """What every app has to say."""

    def collect(self) -> Iterator[Metric]:
        """One family after the other; a handful of queries in all."""
        for source in SOURCES:
            yield from source()


def page(request: HttpRequest) -> HttpResponse:
    """The text format. 403 for whoever has not the token, or, without one, asks from another machine."""
    if not _may(request):
        return HttpResponse("Not for you.\n", status=403, content_type="text/plain")
    registry = CollectorRegistry()
    registry.register(Database())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.META.get("HTTP_AUTHORIZATION", "")
        wanted = f"Bearer {settings.METRICS_TOKEN}"
        return hmac.compare_digest(given.encode(), wanted.encode())
    # A proxy on this machine asks for others: what it passes on carries their address.
    through_a_proxy = "HTTP_X_FORWARDED_FOR" in request.META
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not through_a_proxy
