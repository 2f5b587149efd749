"""What shipping looks at before an upgrade: money that is under way."""

from collections.abc import Iterator

from django.db.models import Count

from core.models import Batch
from core.upgrades import Finding
from shipping.models import Label


def purchases() -> Iterator[Finding]:
    """Purchases at this moment stop an upgrade; unknown ones do not, as their question may wait."""
    states = ["buying", "unknown", "voiding"]
    found = dict(
        Label.objects.filter(state__in=states).values_list("state").annotate(number=Count("id"))
    )
    if number := found.get("buying"):
        words = "labels are being bought now: wait a minute, or stop the workers."
        yield Finding(f"{number} {words}", stops=True)
    if number := found.get("unknown"):
        yield Finding(
            f"{number} purchases have no known outcome; the provider is asked on after the upgrade."
        )
    if number := found.get("voiding"):
        yield Finding(f"{number} labels are being taken back; that goes on after the upgrade.")


def batches() -> Iterator[Finding]:
    """A batch goes on where it stopped."""
    if number := Batch.objects.filter(state="running").count():
        yield Finding(
            f"{number} batches are running; they stop with the workers and go on after the upgrade."
        )
