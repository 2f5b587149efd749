"""Everything this workspace is connected to, in words: does it answer, since when not, and when it
is tried again."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Min, Q, Sum
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from core import breaker, heartbeats
from core.errors import RemoteError
from core.models import WebhookEvent, Workspace
from core.shell import Freshness
from core.templatetags.ui import counted
from core.vault import VaultError
from shipping import accounts, gates
from shipping.models import LabelAccount
from shops import wire
from shops.clients import API_CIRCUIT, circuit_of
from shops.models import FAILED, ApiCall, Shop

HOUR = timedelta(hours=1)
# A task that waits longer than this has no worker, or too few.
LATE = timedelta(minutes=3)
_ALL_WELL = "Everything answers"
_MUCH, _SOME = 5, 3  # percent of the calls, and at least so many
_FILES = {"easypost": "EasyPost", "shippo": "Shippo", "tiktok": "TikTok Shop"}


@dataclass(frozen=True, slots=True)
class Line:
    """One connection: `key` is its circuit, empty where it has none; `page` helps when it is
    bad."""

    name: str
    what: str
    tone: str = "green"
    words: str = "Answers"
    key: str = ""
    since: datetime | None = None  # of the words
    last_error: str = ""
    last_error_at: datetime | None = None
    next_try: datetime | None = None
    page: str = ""  # a url name

    @property
    def can_be_tried(self) -> bool:
        """Whether "Try now" makes sense."""
        return bool(self.key) and self.tone == "red" and not self.page


@dataclass(frozen=True, slots=True)
class Traffic:
    """Calls to one provider in the last hour, as the journal has them: failures are counted, of the
    others it keeps a sample."""

    provider: str
    per_minute: float
    calls: int
    failed: int

    @property
    def share(self) -> float:
        """Failures in percent of all calls."""
        return 100 * self.failed / self.calls if self.calls else 0.0

    @property
    def is_bad(self) -> bool:
        """Whether so much failed that it is no accident."""
        return self.failed >= _SOME and self.share >= _MUCH


def lines(workspace: Workspace, *, now: datetime) -> list[Line]:
    """Shops, label accounts, TikTok's sign-in, label files, webhooks and the queue."""
    states = {state.key: state for state in breaker.states()}
    found = [_with(line, states.get(line.key)) for line in _called(workspace)]
    return [*found, *_webhooks(workspace, now), *_unrouted(workspace), _queue(now)]


def headline(lines: Iterable[Line], traffic: Iterable[Traffic]) -> tuple[str, str]:
    """What is true of all of it in one sentence, and its tone."""
    tones = [line.tone for line in lines]
    if bad := tones.count("red"):
        return f"{counted(bad, 'connection')} {'does' if bad == 1 else 'do'} not work", "red"
    failing = [f"{one.provider} failed {one.share:.0f} %" for one in traffic if one.is_bad]
    hour = f"of the last hour's calls {' and '.join(failing)}" if failing else ""
    if some := tones.count("amber"):
        words = f"{counted(some, 'connection')} {'needs' if some == 1 else 'need'} a look"
        return f"{words}; {hour}" if hour else words, "amber"
    return (f"No connection is down, but {hour}", "amber") if hour else (_ALL_WELL, "green")


def trouble(workspace: Workspace) -> list[Freshness]:
    """What does not answer now, for the dots on every page; no query while all is well."""
    states = {state.key: state for state in breaker.in_trouble()}
    if not states:
        return []
    found = [_with(line, states.get(line.key)) for line in _called(workspace)]
    return [
        Freshness(line.name, line.tone, f"{line.words} since {_clock(line.since)}")
        for line in found
        if line.key in states and line.since
    ]


def traffic(workspace: Workspace, *, now: datetime) -> list[Traffic]:
    """The last hour by provider, the busiest first."""
    rows = (
        ApiCall.objects.filter(workspace=workspace, at__gte=now - HOUR)
        .values_list("provider")
        .annotate(bad=Count("id", filter=FAILED), calls=Sum("stands_for"))
    )
    found = [Traffic(provider, calls / 60, calls, bad) for provider, bad, calls in rows]
    return sorted(found, key=lambda one: -one.calls)


def try_now(workspace: Workspace, key: str) -> str | None:
    """Let the circuit be tried at once, by a free call where there is one; the sentence for the
    person. None for a key that is none of the workspace's."""
    line = next((line for line in _called(workspace) if line.key == key), None)
    if line is None:
        return None
    breaker.try_now(key)
    row = LabelAccount.objects.of(workspace).exclude(provider="tiktok")
    account = next((a for a in row.filter(state="active") if accounts.circuit_of(a) == key), None)
    if account is None:
        return f"{line.name} is tried with the next call."
    try:
        accounts.recheck(account, now=timezone.now())
    except RemoteError as error:
        return f"{line.name} still does not answer. {error.message}"
    except VaultError:
        return f"The key of {line.name} cannot be read. Enter it again."
    return f"{line.name} answers."


def shop_of(workspace: Workspace, key: str) -> Shop | None:
    """The shop behind a circuit, where it is one's."""
    shops = Shop.objects.of(workspace).connected()
    return next((shop for shop in shops if circuit_of(shop.pk) == key), None)


# -- What there is -----------------------------------------------------------------------------------
def _called(workspace: Workspace) -> Iterator[Line]:
    """Everything that is called over a circuit."""
    shops = Shop.objects.of(workspace).filter(disconnected_at=None).select_related("authorization")
    for shop in shops.order_by("name"):
        yield _shop(shop)
    yield Line("TikTok Shop", "orders and labels of all shops", key=API_CIRCUIT)
    rows = LabelAccount.objects.of(workspace).filter(state__in=["active", "paused"])
    providers = set()
    for account in rows.order_by("created_at"):
        providers.add(account.provider)
        if account.provider != "tiktok":  # a shop's own account is called as the shop
            yield _account(account)
    yield Line("TikTok's sign-in", "gives out new tokens", key=wire.TOKEN_CIRCUIT)
    for provider in sorted(providers & _FILES.keys()):
        key = gates.files_circuit(provider)
        yield Line(f"Label files of {_FILES[provider]}", "where labels are fetched from", key=key)


def _shop(shop: Shop) -> Line:
    line = Line(shop.name, f"TikTok Shop, {shop.region}", key=circuit_of(shop.pk))
    given = shop.authorization
    if given is not None and given.state == "active":
        return line
    words = (given.lost_because if given else "") or "TikTok no longer accepts its sign-in."
    return replace(
        line, tone="red", words="Not connected", last_error=words, key="", page="shops:list"
    )


def _account(account: LabelAccount) -> Line:
    mode = "test labels" if account.mode == "test" else "label account"
    line = Line(account.name, mode, key=accounts.circuit_of(account))
    if account.state == "active":
        return line
    return replace(
        line,
        tone="amber",
        words="Paused: its key is refused",
        last_error=account.paused_because,
        key="",
        page="shipping:settings",
    )


def _with(line: Line, state: breaker.State | None) -> Line:
    """The line as its circuit knows it."""
    if state is None or not line.key:
        return line
    line = replace(line, last_error=state.last_error, last_error_at=state.last_error_at)
    if state.state == "open":
        next_try = state.retry_at
        return replace(
            line, tone="red", words="Not answering", since=state.since, next_try=next_try
        )
    if state.state == "half-open":
        return replace(line, tone="red", words="Being tried again", since=state.since)
    if state.failures:
        return replace(line, tone="amber", words="Failed a moment ago", since=state.since)
    return line


def _webhooks(workspace: Workspace, now: datetime) -> Iterator[Line]:
    """One line for each sender that may tell this workspace something."""
    shops = Shop.objects.of(workspace).filter(disconnected_at=None)
    numbers = list(shops.values_list("tiktok_id", flat=True))
    mine = Q(workspace=workspace) | Q(workspace=None, provider="tiktok", owner__in=numbers)
    rows = {
        provider: (parked, oldest)
        for provider, parked, oldest in WebhookEvent.objects.filter(
            mine, state__in=["waiting", "parked"]
        )
        .values_list("provider")
        .annotate(
            parked=Count("id", filter=Q(state="parked")),
            oldest=Min("received_at", filter=Q(state="waiting")),
        )
    }
    for provider, name in (
        ("tiktok", "TikTok Shop"),
        ("easypost", "EasyPost"),
        ("shippo", "Shippo"),
    ):
        newest = WebhookEvent.objects.filter(mine, provider=provider).order_by("-pk").first()
        if newest is None:
            continue
        parked, oldest = rows.get(provider, (0, None))
        line = Line(f"Webhooks of {name}", "tells us what changed", words="Arrive")
        line = replace(line, since=newest.received_at)
        if oldest is not None and now - oldest > LATE:
            line = replace(line, tone="amber", words="Wait to be handled", since=oldest)
        if parked:
            words = "1 needs a person" if parked == 1 else f"{parked:,} need a person"
            line = replace(line, tone="amber", words=words, page="core:inbox")
        yield line


def _unrouted(workspace: Workspace) -> Iterator[Line]:
    """Events that concern no workspace as far as anybody can tell. Whose they are is not known, so
    only their number is told, and only where the server's operator is: in its oldest workspace."""
    oldest = Workspace.objects.order_by("created_at", "pk").values_list("pk", flat=True).first()
    if workspace.pk != oldest:
        return
    count = WebhookEvent.objects.filter(workspace=None, state="parked").count()
    if count:
        words = "1 event concerns nobody" if count == 1 else f"{count:,} events concern nobody"
        where = settings.PUBLIC_URL + reverse("admin:core_webhookevent_changelist")
        yield Line(
            "Webhooks without a workspace",
            "could not be read, or failed before a shop or a label was found",
            tone="amber",
            words=words,
            last_error=f"Staff of this server see why, and can have them handled again: {where}",
        )


def _queue(now: datetime) -> Line:
    """The workers, and what waits for one."""
    line = Line("Workers", "do everything that nobody waits for")
    alive = heartbeats.alive(now=now)
    waiting = OrmQ.objects.filter(lock__lte=now).aggregate(n=Count("id"), oldest=Min("lock"))
    if not alive:
        return replace(line, tone="red", words="None has shown itself for some minutes")
    if waiting["oldest"] and now - waiting["oldest"] > LATE:
        wait = "1 task waits" if waiting["n"] == 1 else f"{waiting['n']:,} tasks wait"
        words = f"Behind: {wait}"
        return replace(line, tone="amber", words=words, since=waiting["oldest"])
    groups = "1 group runs" if len(alive) == 1 else f"{len(alive)} groups run"
    return replace(line, words=groups)


def _clock(at: datetime | None) -> str:
    return f"{timezone.localtime(at):%H:%M}" if at else ""
