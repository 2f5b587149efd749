"""Connecting a seller: out to TikTok's page with a one-time state, back with a code, and undone."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from psycopg.errors import UniqueViolation

from core import audit, events, notifications
from core.access import RIGHTS, Right
from core.errors import RemoteError
from core.models import Membership, User, Workspace
from shops import endings, refresh_plan, tokens
from shops.clients import token_host, unbound_client
from shops.models import AUTHORIZATION, Authorization, ConnectAttempt, Shop
from shops.tiktok_shop import auth, scopes
from shops.tiktok_shop.shops import AuthorizedShop, authorized_shops

# How long a seller may take on TikTok's pages.
STATE_LIFE = timedelta(hours=1)
_CODE_SPENT = "36004004"


class ConnectError(Exception):
    """Nothing was connected; the text is for the person, `again` says whether another try helps."""

    def __init__(self, text: str, *, again: bool = True, code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.again = again
        self.code = code


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of it: the shops, and the scopes the seller did not grant."""

    workspace: Workspace
    shops: tuple[Shop, ...]
    missing: tuple[scopes.Scope, ...]


@dataclass(frozen=True, slots=True)
class InstallWaiting:
    """The seller came from the App Store without a state: a person has to say for which
    workspace."""

    code: str
    region: str


def begin(workspace: Workspace, user: User, region: str) -> str:
    """The address of TikTok's page for sellers of `region` ("US" or anything else). ConnectError
    while the app's own keys are not set."""
    absent = missing_settings()
    if absent:
        raise ConnectError(f"{', '.join(absent)} must be set on the server first.", again=False)
    now = timezone.now()
    ConnectAttempt.objects.filter(created_at__lt=now - timedelta(days=1)).delete()
    attempt = ConnectAttempt.objects.create(
        state=secrets.token_urlsafe(32),
        workspace=workspace,
        user_id=user.pk,
        region=region[:8],
        created_at=now,
    )
    return auth.authorize_url(
        region,
        settings.TIKTOK_SHOP_SERVICE_ID,
        attempt.state,
        us_host=settings.TIKTOK_SHOP_AUTHORIZE_URL_US,
        global_host=settings.TIKTOK_SHOP_AUTHORIZE_URL,
    )


def missing_settings() -> list[str]:
    """The names of our app's keys that are not set."""
    names = ("TIKTOK_SHOP_APP_KEY", "TIKTOK_SHOP_APP_SECRET", "TIKTOK_SHOP_SERVICE_ID")
    return [name for name in names if not getattr(settings, name)]


def complete(query: Mapping[str, str], user: User) -> Connected | InstallWaiting:
    """What the seller's way back from TikTok means. ConnectError with words for every refusal."""
    now = timezone.now()
    redirect = auth.read_redirect(query)
    if not redirect.state:
        if redirect.refusal:
            raise _not_granted(redirect.refusal)
        return InstallWaiting(redirect.code, redirect.region)
    workspace = _redeem(redirect.state, user, now=now)
    if redirect.refusal:
        raise _not_granted(redirect.refusal)
    return connect(workspace, user, redirect.code, now=now)


def connect(workspace: Workspace, user: User, code: str, *, now: datetime) -> Connected:
    """Exchange the code and connect every shop it covers, or none of them."""
    try:
        grant = auth.exchange_code(token_host(), code=code, now=now)
        shops = authorized_shops(unbound_client(grant.access_token, workspace.pk))
    except RemoteError as error:
        raise _in_words(error) from error
    if not shops:
        raise ConnectError("This TikTok account has no shop that can be connected.")
    try:
        rows = _save(workspace, user, grant, shops, now=now)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        if "shop_connected_once" in str(error):  # another workspace was faster
            raise _taken(shops[0].name) from error
        raise ConnectError(
            "This shop was being connected twice at once. Look at the list of shops."
        ) from error
    return Connected(workspace, tuple(rows), scopes.missing(grant.scopes))


def disconnect(shop: Shop, user: User) -> None:
    """Stop calling TikTok for this shop. Its orders stay; tokens that serve no other shop are
    erased."""
    with transaction.atomic():
        shop = Shop.objects.select_for_update().get(pk=shop.pk)
        if shop.disconnected_at is not None:
            return
        authorization = shop.authorization
        shop.disconnected_at = timezone.now()
        shop.authorization = None
        shop.save(update_fields=["disconnected_at", "authorization"])
        if authorization and not authorization.shops.exists():
            notifications.settle(shop.workspace, tokens.cause_of_loss(authorization))
            endings.settle(authorization)
            authorization.delete()
        audit.record(
            shop.workspace_id,
            "shop.disconnected",
            f"shop:{shop.pk}",
            f"{shop.name} was disconnected.",
            actor=user,
        )


def _redeem(state: str, user: User, *, now: datetime) -> Workspace:
    """The workspace a state was handed out for; it works once, for the same person, within the
    hour."""
    attempt = ConnectAttempt.objects.select_related("workspace").filter(state=state).first()
    if attempt is None:
        raise ConnectError("This way back was not opened from here. Start again from this page.")
    if attempt.user_id != user.pk:
        raise ConnectError(
            "This connection was started by somebody else. Start your own from this page."
        )
    fresh = ConnectAttempt.objects.filter(pk=state, used_at=None).update(used_at=now)
    if not fresh:
        raise ConnectError("This way back was used already. If the shop is missing, start again.")
    if now - attempt.created_at > STATE_LIFE:
        raise ConnectError("That took more than an hour, so it is no longer valid. Start again.")
    if not may_connect(attempt.workspace, user):
        raise ConnectError(f"You may not connect shops to {attempt.workspace}.", again=False)
    return attempt.workspace


def may_connect(workspace: Workspace, user: User) -> bool:
    """Whether the person's role in the workspace lets them connect shops, now."""
    role = Membership.objects.filter(workspace=workspace, user=user).values_list("role", flat=True)
    return any(Right.SET_UP in RIGHTS.get(name, frozenset()) for name in role)


def workspaces_of(user: User) -> list[Workspace]:
    """The workspaces to which the person may connect shops, by name."""
    roles = [role for role, rights in RIGHTS.items() if Right.SET_UP in rights]
    return list(
        Workspace.objects.filter(memberships__user=user, memberships__role__in=roles).order_by(
            "name"
        )
    )


def _save(
    workspace: Workspace,
    user: User,
    grant: auth.TokenGrant,
    shops: list[AuthorizedShop],
    *,
    now: datetime,
) -> list[Shop]:
    """Authorization, shops and audit in one commit."""
    with transaction.atomic():
        ids = [shop.id for shop in shops]
        elsewhere = Shop.objects.filter(tiktok_id__in=ids, disconnected_at=None)
        taken = elsewhere.exclude(workspace=workspace).values_list("tiktok_id", flat=True)
        for shop in shops:
            if shop.id in set(taken):
                raise _taken(shop.name)
        authorization = _authorization(workspace, grant, shops, now=now)
        rows = [_shop(workspace, authorization, shop, now=now) for shop in shops]
        gone = authorization.shops.exclude(pk__in=[row.pk for row in rows])
        gone.update(disconnected_at=now, authorization=None)  # TikTok no longer lists them
        notifications.settle(workspace, tokens.cause_of_loss(authorization))
        endings.settle(authorization)
        audit.record(
            workspace,
            "shop.connected",
            f"authorization:{authorization.pk}",
            f"Connected {', '.join(row.name for row in rows)}.",
            actor=user,
            shops=ids,
            missing_scopes=[scope.name for scope in scopes.missing(grant.scopes)],
        )
        for row in rows:
            events.publish("shop.connected", shop_id=row.pk)
    return rows


def _authorization(
    workspace: Workspace, grant: auth.TokenGrant, shops: list[AuthorizedShop], *, now: datetime
) -> Authorization:
    # Without an open_id two sellers must not become one row: the first shop's id stands in.
    open_id = (grant.open_id or f"shop:{shops[0].id}")[:80]
    row = (
        Authorization.objects.select_for_update()
        .filter(workspace=workspace, open_id=open_id)
        .first()
    )
    is_new = row is None
    row = row or Authorization(workspace=workspace, open_id=open_id, created_at=now)
    row.seller_name = (grant.seller_name or shops[0].name)[:200]
    row.region = (grant.region or shops[0].region)[:8]
    row.scopes = None if grant.scopes is None else sorted(grant.scopes)
    row.ends_at = row.end_told = None
    refresh_plan.hold(row, grant, now=now)
    row.save(force_insert=is_new)
    if row.state == "lost":
        AUTHORIZATION.move(row, "active", lost_because="")
    return row


def _shop(
    workspace: Workspace, authorization: Authorization, shop: AuthorizedShop, *, now: datetime
) -> Shop:
    facts = {
        "authorization": authorization,
        "cipher": shop.cipher[:200],
        "code": shop.code[:60],
        "name": (shop.name or shop.id)[:200],
        "region": shop.region[:8],
        "seller_type": shop.seller_type[:20],
        "disconnected_at": None,
    }
    row, _ = Shop.objects.update_or_create(
        workspace=workspace,
        tiktok_id=shop.id[:40],
        defaults=facts,
        create_defaults={**facts, "connected_at": now},
    )
    return row


def _taken(name: str) -> ConnectError:
    return ConnectError(
        f"{name} is connected to another workspace. Disconnect it there first; nothing was "
        "changed.",
        again=False,
        code="taken",
    )


def _not_granted(refusal: str) -> ConnectError:
    if refusal == "no_code":
        return ConnectError("TikTok sent you back without an answer. Start again.", code=refusal)
    return ConnectError(
        "TikTok was told not to connect, so nothing was changed. Start again if that was a slip.",
        code=refusal[:40],
    )


def _in_words(error: RemoteError) -> ConnectError:
    if error.code == _CODE_SPENT:
        return ConnectError(
            "TikTok's code has expired or was used already. Start again.", code=error.code
        )
    return ConnectError(error.message, code=error.code)
