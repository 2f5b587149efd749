"""Whose webhook it is: the connected shops behind TikTok's shop id, or behind a seller's open id."""

from django.db.models import Q, QuerySet

from core.models import WebhookEvent
from shops.models import Shop

# What becomes of an event when nobody is there to ask TikTok; connecting reads all that was missed.
NOBODY = "no connected shop"


def shops_of(owner: str) -> list[Shop]:
    """The shops that can be called now, with authorization and workspace; none for a stranger.

    `owner` is a shop id of TikTok's. Events of TikTok's own warehouses name the seller instead, who
    may have several shops.
    """
    if not owner:
        return []
    shops = Shop.objects.connected().select_related("authorization", "workspace")
    found = list(shops.filter(tiktok_id=owner))
    return found or list(shops.filter(authorization__open_id=owner).order_by("pk"))


def told(shop: Shop) -> QuerySet[WebhookEvent]:
    """What TikTok told the shop's workspace. A shop moves from one workspace to another with its
    number: what no worker has routed yet is for the one that has it connected."""
    theirs = Q(workspace=shop.workspace_id)
    if shop.disconnected_at is None:
        theirs |= Q(workspace=None, owner=shop.tiktok_id)
    return WebhookEvent.objects.filter(theirs, provider="tiktok")
