"""What a scanned code is in this workspace: an order, its label, a tote, or a SKU; and which order is
packed next."""

import re
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.models import Workspace
from orders import parts
from orders.models import Order
from shipping.bench.scan import plain
from shipping.handover import codes
from shipping.models import Label, PackSession, Tote
from shops.catalog.models import Sku

_TOTE = re.compile(r"(?:TOTE[- ]?|T)(\d{1,4})", re.IGNORECASE)
_MOST_SKUS = 50


@dataclass(frozen=True, slots=True)
class Found:
    """An order, or the SKUs that carry the code; nothing for a code nobody knows. `words` say why
    a tote holds nothing; `parcel` is the one a label is for, of an order in several."""

    order: Order | None = None
    skus: tuple[Sku, ...] = ()
    words: str = ""
    parcel: str = ""


def find(workspace: Workspace, code: str) -> Found:
    """What the code is, by its most certain meaning."""
    if tote := _TOTE.fullmatch(code.strip()):
        number = int(tote[1])
        held = Tote.objects.filter(workspace=workspace, number=number, freed_at=None)
        row = held.select_related("order__shop").first()
        return Found(row.order) if row else Found(words=f"Tote {number} is empty.")
    found = _order(workspace, code)
    if found.order:
        return found
    return Found(skus=tuple(skus_of(workspace, code)))


def _order(workspace: Workspace, code: str) -> Found:
    numbers = [one for one in codes.read(code) if len(one) >= 8]
    if not numbers:
        return Found()
    orders = Order.objects.of(workspace).light().select_related("shop")
    if order := orders.filter(tiktok_id__in=numbers).first():
        return Found(order)
    labels = Label.objects.of(workspace).filter(tracking_number__in=numbers)
    newest = labels.order_by("-pk").values_list("order_id", "part").first()
    order = orders.filter(pk=newest[0]).first() if newest else None
    return Found(order, parcel=parts.name(newest[1], order.parts)) if newest and order else Found()


def skus_of(workspace: Workspace, code: str) -> list[Sku]:
    """SKUs that carry the code: the barcode somebody taught, TikTok's id, or the seller's SKU."""
    text = code.strip()
    by_code = Q(barcode=plain(text)) | Q(tiktok_id=text) | Q(seller_sku__iexact=text)
    return list(Sku.objects.of(workspace).filter(by_code).order_by("pk")[:_MOST_SKUS])


def next_with(workspace: Workspace, skus: tuple[Sku, ...]) -> Order | None:
    """The order to pack next that holds one of these SKUs: those with the fewest units first, then
    the nearest deadline. Bought, not seen by the carrier yet, never on a bench."""
    labels = Label.objects.filter(workspace=workspace, state="bought", order=OuterRef("pk"))
    waiting = labels.filter(first_scan_at=None, handled_at=None)
    orders = Order.objects.of(workspace).with_skus({sku.tiktok_id for sku in skus})
    orders = orders.filter(
        Exists(waiting), stage__in=["bought", "shipped"], is_cancel_requested=False
    ).exclude(Exists(PackSession.objects.filter(order=OuterRef("pk"))))
    found = orders.light().select_related("shop").order_by("unit_count", "due_at", "pk")
    return found.first()


def left_to_pack(workspace: Workspace, *, most: int) -> int:
    """Orders with a label that nobody packed and no carrier has seen, counted up to `most`."""
    lower = labels_to_pack(workspace).filter(order=OuterRef("order"), part__lt=OuterRef("part"))
    # Of an order in several parcels only the first label counts, and only its labels are compared.
    firsts = labels_to_pack(workspace).filter(Q(part__lte=1) | ~Exists(lower))
    return firsts[:most].count()


def labels_to_pack(workspace: Workspace) -> QuerySet[Label]:
    """Labels of orders that nobody packed and no carrier has seen."""
    packed = PackSession.objects.filter(order=OuterRef("order"), packed_at__isnull=False)
    labels = Label.objects.filter(
        workspace=workspace, state="bought", first_scan_at=None, handled_at=None
    )
    return labels.exclude(Exists(packed))
