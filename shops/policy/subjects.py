"""The rules in force by their words, for the audit trail."""

from collections.abc import Collection
from datetime import date
from urllib.parse import urlencode

from django.utils import timezone

from core.audit_words import Subject
from core.models import Workspace
from core.shell import address
from shops.policy import book


def rules(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """ "US:ship_by.regular" → the rule as its pack puts it, and its market's page."""
    found: dict[str, Subject] = {}
    for key in keys:
        market, _, name = key.partition(":")
        if market in book.names() and (rule := book.plain(market).newest(name, on=_today())):
            url = address("policy:rules", workspace.slug)
            found[key] = Subject(rule.words, f"{url}?{urlencode({'market': market})}")
    return found


def _today() -> date:
    return timezone.localdate()
