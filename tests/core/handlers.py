"""A handler that notes what it is given, and does what a test says."""

from collections.abc import Callable

from core.models import WebhookEvent

PATH = f"{__name__}.handle"
OTHER = f"{__name__}.other"
calls: list[list[int]] = []
doing: list[Callable[[list[WebhookEvent]], None]] = []


def handle(*, events: list[WebhookEvent]) -> None:
    """Note the call; then do what was asked for."""
    calls.append([row.pk for row in events])
    for action in doing:
        action(events)


def other(*, events: list[WebhookEvent]) -> None:
    """A second handler, which has nothing to do."""
    for row in events:
        row.outcome = "by the other"
