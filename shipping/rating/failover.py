"""What is said when an account could not be asked and others stand in for it. Pure."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from shipping.rating.engine import Failure, Gathered


def sentence(gathered: Gathered, zone: ZoneInfo, *, now: datetime) -> str:
    """ "Shippo is not answering since 14:02; EasyPost's rates are used." Empty when nobody is
    away."""
    away = [failure for failure in gathered.failures if failure.away]
    if not away:
        return ""
    who = "; ".join(_words(failure, zone, now) for failure in away)
    used = [offer.name for offer in gathered.offers]
    if used:
        return f"{who}; {_possessive(used)} rates are used."
    again = "It is asked again by itself" if len(away) == 1 else "They are asked again"
    return f"{who}. {again}."


def _words(failure: Failure, zone: ZoneInfo, now: datetime) -> str:
    since = failure.since
    if since is None and failure.remote is not None:
        return failure.remote.message.rstrip(".")
    if since is None:
        return f"{failure.name} {failure.message}"
    local, today = since.astimezone(zone), now.astimezone(zone).date()
    day = "" if local.date() == today else f"{local:%b} {local.day}, "
    return f"{failure.name} is not answering since {day}{local:%H:%M}"


def _possessive(names: Sequence[str]) -> str:
    shown = list(dict.fromkeys(names))
    if len(shown) > 3:
        return "the other accounts'"
    return " and ".join(f"{name}'s" for name in shown)
