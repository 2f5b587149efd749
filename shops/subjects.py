"""Shops, their permissions and SKUs by name, for the audit trail."""

from collections.abc import Collection

from core.audit_words import Subject, numbers, uuids
from core.models import Workspace
from core.shell import address
from shops.catalog.models import Sku
from shops.models import Authorization, Shop


def shops(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of shops as text → the shop's name and the shops' page."""
    rows = Shop.objects.filter(workspace=workspace, pk__in=numbers(keys))
    url = address("shops:list", workspace.slug)
    return {str(shop.pk): Subject(shop.name, url) for shop in rows}


def authorizations(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of a seller's permissions as text → the seller's name and the shops' page."""
    rows = Authorization.objects.filter(workspace=workspace, pk__in=uuids(keys))
    url = address("shops:list", workspace.slug)
    return {str(row.pk): Subject(f"Permission of {row.seller_name}", url) for row in rows}


def skus(workspace: Workspace, keys: Collection[str]) -> dict[str, Subject]:
    """Ids of SKUs as text → "SKU SERUM-30"."""
    rows = Sku.objects.of(workspace).filter(pk__in=numbers(keys))
    return {str(sku.pk): Subject(f"SKU {sku.seller_sku or sku.product_name}") for sku in rows}
