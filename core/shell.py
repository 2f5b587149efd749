"""What stands around every page: the rail, the workspace switcher, freshness, notifications.

Everything is looked up when the shell is drawn, so a part fetched by HTMX and a signed-out page
cost nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from core.access import RIGHTS, Right
from core.models import Membership, Notification, Workspace


@dataclass(frozen=True, slots=True)
class Cure:
    """The button that helps a shop which is behind: its words, its address, and whether pressing it
    does something (a form) or leads somewhere (a link)."""

    words: str
    url: str
    does: bool = False


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current one shop's orders are: `tone` colours the dot, `words` say it. A shop with a
    `cure` is behind, and pages that depend on it say so."""

    name: str
    tone: str
    words: str
    cure: Cure | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail; shown only when its page exists."""

    title: str
    url_name: str
    icon: str
    key: str  # the second key of "g …"
    under: tuple[str, ...]  # view names that belong to it, by prefix


PLACES = (
    Place("Plan", "dashboard:plan", "home", "h", ("dashboard:", "shipping:health")),
    Place("Queue", "orders:queue", "list-check", "q", ("orders:", "shipping:why")),
    Place(
        "Bench",
        "shipping:bench",
        "barcode",
        "p",
        ("shipping:bench", "shipping:tote", "shipping:print-job"),
    ),
    Place("Batches", "shipping:batches", "stack-2", "b", ("shipping:batch", "shipping:needs-word")),
    Place(
        "Handover",
        "shipping:handover",
        "truck-delivery",
        "o",
        ("shipping:handover", "shipping:manifest"),
    ),
    Place(
        "Cancellations",
        "shipping:cancellations",
        "ban",
        "c",
        ("shipping:cancellations", "shipping:call-off", "shipping:readdress"),
    ),
    Place(
        "Money",
        "shipping:money",
        "wallet",
        "m",
        ("shipping:money", "shipping:savings", "shipping:lanes"),
    ),
    Place("Tracking", "shipping:tracking", "truck", "k", ("shipping:tracking",)),
    Place("Shops", "shops:list", "building-store", "s", ("shops:",)),
    Place(
        "Settings",
        "shipping:settings",
        "settings",
        "e",
        ("shipping:", "policy:", "core:inbox", "dashboard:connection"),
    ),
    Place("Team", "core:team", "users", "t", ("core:team", "core:audit", "core:invit")),
)

_freshness: list[Callable[[Workspace], Sequence[Freshness]]] = []


def tell_freshness(source: Callable[[Workspace], Sequence[Freshness]]) -> None:
    """Let an app above core say how fresh its shops are (called once, when the apps are ready)."""
    if source not in _freshness:
        _freshness.append(source)


@lru_cache(maxsize=1)
def existing_places() -> tuple[Place, ...]:
    """The places whose page exists in this build."""
    return tuple(place for place in PLACES if address(place.url_name, "x"))


def address(url_name: str, slug: str, **kwargs: Any) -> str:
    """The address of a page inside a workspace, or "" when this build has no such page."""
    try:
        return reverse(url_name, kwargs={"workspace": slug, **kwargs})
    except NoReverseMatch:
        return ""


class Shell:
    """The frame around the pages of one request; every part is looked up at most once, when it is
    drawn."""

    def __init__(self, request: HttpRequest, membership: Membership) -> None:
        self.request = request
        self.membership = membership
        self.workspace: Workspace = membership.workspace

    @cached_property
    def nav(self) -> list[dict[str, Any]]:
        """The rail: title, icon, key, url, and whether we are there."""
        match = self.request.resolver_match
        view = match.view_name if match else ""
        places = existing_places()
        # The longest prefix wins: "shipping:batch" before "shipping:".
        best = max(
            ((len(p), place) for place in places for p in place.under if view.startswith(p)),
            key=lambda found: found[0],
            default=(0, None),
        )[1]
        return [
            {
                "title": place.title,
                "icon": place.icon,
                "key": place.key,
                "url": address(place.url_name, self.workspace.slug),
                "here": place is best,
            }
            for place in places
        ]

    @cached_property
    def search_url(self) -> str:
        """Where the search box goes; "" when there is nothing to search yet."""
        return address("orders:queue", self.workspace.slug)

    @cached_property
    def workspaces(self) -> list[Workspace]:
        """All workspaces of this person, by name."""
        return list(
            Workspace.objects.filter(memberships__user=self.membership.user_id).order_by("name")
        )

    @cached_property
    def unread(self) -> int:
        """Notifications nobody has seen; counted up to 100."""
        unseen = Notification.objects.filter(workspace=self.workspace, seen_at=None)
        return unseen[:100].count()

    @cached_property
    def freshness(self) -> list[Freshness]:
        """One entry per connected shop."""
        return [entry for source in _freshness for entry in source(self.workspace)]

    @property
    def behind(self) -> list[Freshness]:
        """The shops whose orders may not be what TikTok shows now."""
        return [shop for shop in self.freshness if shop.cure is not None]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context for templates: workspace, membership, rights (`rights.buy`), shell, rehearsal."""
    context: dict[str, Any] = {"rehearsal": settings.REHEARSAL}
    membership: Membership | None = getattr(request, "membership", None)
    if membership is not None:
        held = RIGHTS.get(membership.role, frozenset())
        context |= {
            "workspace": membership.workspace,
            "membership": membership,
            "rights": {right.value: right in held for right in Right},
            "shell": Shell(request, membership),
        }
    return context
