"""What TikTok tells about our permission: the seller took it back, or it is about to end."""

import logging
from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from core import audit, notifications
from core.errors import NotAuthorized
from core.models import AuditEntry, WebhookEvent
from shops import endings, tokens
from shops.clients import unbound_client
from shops.models import Authorization, Shop
from shops.senders import NOBODY, shops_of
from shops.tiktok_shop.shops import authorized_shops
from shops.tiktok_shop.webhooks import MalformedEvent, moment, parse

log = logging.getLogger(__name__)

REMOVED = "The seller removed CreatorFlow on TikTok. Connect the shop again."


def deauthorized(*, events: list[WebhookEvent]) -> None:
    """The seller removed the app: TikTok is asked whether that is so before anything is given up.
    Unavailable where it cannot be asked."""
    shops = shops_of(events[0].owner)
    outcomes = [_ask(shop) for shop in shops]
    for row in events:
        row.workspace_id = shops[0].workspace_id if shops else row.workspace_id
        row.outcome = "; ".join(outcomes)[:200] or NOBODY


def ending(*, events: list[WebhookEvent]) -> None:
    """The authorization ends on a day that TikTok names: kept, so that people are told in time."""
    for row in sorted(events, key=_said_at):
        shops = shops_of(row.owner)
        row.workspace_id = shops[0].workspace_id if shops else row.workspace_id
        row.outcome = _keep_end(row, shops) if shops else NOBODY


def _ask(shop: Shop) -> str:
    """Whether TikTok still lists the shop for our sign-in; what was done about it."""
    authorization = shop.authorization
    assert authorization is not None  # noqa: S101 - shops_of answers connected ones
    token = ""
    try:
        token = tokens.access_token(authorization.pk, now=timezone.now())
        listed = {one.id for one in authorized_shops(unbound_client(token, shop.workspace_id))}
    except NotAuthorized as error:
        if token and error.code in tokens.OVER:
            tokens.refused(authorization.pk, token, REMOVED)
        authorization.refresh_from_db()
        if authorization.state == "active":  # something else is wrong with the call
            raise
        return f"{shop} is no longer connected"
    if shop.tiktok_id in listed:
        log.info("shop %s: told as deauthorized, and still listed by TikTok", shop.pk)
        return f"TikTok still lists {shop}: nothing was changed"
    if listed:
        _part_with(shop)
    else:
        tokens.mark_lost(authorization, REMOVED)
    return f"{shop} is no longer connected"


def _part_with(shop: Shop) -> None:
    """One shop of several is gone; the sign-in goes on for the others."""
    with transaction.atomic():
        connected = Shop.objects.filter(pk=shop.pk, disconnected_at=None)
        if not connected.update(disconnected_at=timezone.now(), authorization=None):
            return
        audit.record(
            shop.workspace_id, "shop.removed", f"shop:{shop.pk}", f"The seller removed {shop}."
        )
        notifications.notify(
            shop.workspace,
            f"shop:{shop.pk}:removed",
            f"{shop} is no longer connected: {REMOVED}",
            level="bad",
            link=reverse("shops:list", kwargs={"workspace": shop.workspace.slug}),
            mail=True,
        )


def _keep_end(row: WebhookEvent, shops: list[Shop]) -> str:
    try:
        data = parse(bytes(row.body)).data
    except MalformedEvent:
        data = {}
    ends_at = moment(data.get("expiration_time"))
    if ends_at is None:
        return "names no end"
    for authorization in {shop.authorization for shop in shops if shop.authorization}:
        if _said_at(row) < _connected_at(authorization):
            return "the seller has authorized again since"
        endings.announced(authorization, ends_at, now=timezone.now())
    return f"the permission ends on {ends_at:%Y-%m-%d}"


def _said_at(row: WebhookEvent) -> datetime:
    return row.sent_at or row.received_at


def _connected_at(authorization: Authorization) -> datetime:
    """When the seller gave the permission last."""
    entries = AuditEntry.objects.filter(
        workspace=authorization.workspace_id,
        subject=f"authorization:{authorization.pk}",
        action="shop.connected",
    )
    last = entries.order_by("-at").values_list("at", flat=True).first()
    return last or authorization.created_at
