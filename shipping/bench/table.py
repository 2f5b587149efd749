"""What scans do to the order on a bench: put it there, pack it, skip it, take back the last scan,
teach a code."""

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import audit
from core.models import User
from orders.models import Order, OrderEvent
from orders.parts import sent_elsewhere
from shipping.bench.refusals import why_not
from shipping.bench.scan import Does, Step, plain
from shipping.models import PackBench, PackScan, PackSession, Tote
from shops.catalog.models import Sku


def put(bench: PackBench, order: Order, user: User) -> Step | None:
    """Put an order on the bench, taking it over from another one; a step only where it is not
    packed now."""
    if words := why_not(order):
        return Step(Does.REFUSED, words)
    packed = PackSession.objects.filter(order=order, packed_at__isnull=False)
    if before := packed.select_related("packer", "order__shop").order_by("-pk").first():
        _clear(bench)
        lay(bench, before)
        return Step(Does.REFUSED, _packed_words(before))
    open_now = PackSession.objects.filter(order=order, packed_at=None, skipped_at=None).first()
    if open_now is None or open_now != bench.session:
        _clear(bench)
    session = open_now or PackSession(workspace_id=order.workspace_id, order=order)
    session.order, session.bench, session.packer = order, bench, user
    session.save()
    PackBench.objects.filter(session=session).exclude(pk=bench.pk).update(session=None)
    lay(bench, session)
    return None


def lay(bench: PackBench, session: PackSession | None, *, asked: str = "") -> None:
    """What lies on the bench from now on, and which code is asked about."""
    bench.session, bench.asked, bench.seen_at = session, asked, timezone.now()
    bench.save(update_fields=["session", "asked", "seen_at"])


def _clear(bench: PackBench) -> None:
    """An order that leaves the bench without a single unit verified leaves no packing behind."""
    lying = bench.session
    if lying is None or lying.packed_at or lying.skipped_at:
        return
    lay(bench, None)
    PackScan.objects.filter(session=lying).update(session=None)
    lying.delete()


def _packed_words(session: PackSession) -> str:
    at = timezone.localtime(session.packed_at)
    by = f" by {session.packer}" if session.packer else ""
    return f"Packed already: {at:%b} {at.day}, {at:%H:%M}{by}. Nothing prints by itself."


def pack(session: PackSession) -> None:
    """The last unit is verified: the order is packed, and its tote free."""
    now = timezone.now()
    session.packed_at = now
    session.save(update_fields=["packed_at"])
    Tote.objects.filter(order=session.order_id, freed_at=None).update(freed_at=now)
    away = sent_elsewhere(session.order.parts)
    units = session.order.unit_count - len(away)
    text = f"Packed, {units} unit{'' if units == 1 else 's'} verified one by one."
    OrderEvent.objects.create(
        order_id=session.order_id, kind="pack", text=text, actor=session.packer
    )


def skip(session: PackSession, why: str) -> None:
    """Put the order aside; it can be scanned again."""
    session.skipped_at, session.skip_reason = timezone.now(), why
    session.save(update_fields=["skipped_at", "skip_reason"])
    OrderEvent.objects.create(
        order_id=session.order_id,
        kind="pack",
        text=f"Not packed: {why}"[:400],
        actor=session.packer,
    )


def undo(session: PackSession) -> Step:
    """Take back the skipping, else the last units verified and what was taught by them."""
    if session.skipped_at:
        again = PackSession.objects.filter(order=session.order_id, pk__gt=session.pk)
        if again.exists():
            return Step(Does.REFUSED, "This order was put on a bench again since. Scan its number.")
        session.skipped_at, session.skip_reason = None, ""
        session.save(update_fields=["skipped_at", "skip_reason"])
        return Step(Does.UNDONE, "The order is on the bench again.")
    scans = session.scans.filter(undone_at=None).exclude(quantity=0)
    last = scans.order_by("-pk").first()
    if last is None:
        return Step(Does.SAID, "Nothing is verified yet.")
    last.undone_at = timezone.now()
    last.save(update_fields=["undone_at"])
    if last.taught:
        taught = Sku.objects.filter(shop=session.order.shop_id, barcode=last.taught)
        taught.filter(tiktok_id=last.sku_id).update(barcode="")
    was_packed = session.packed_at is not None
    if was_packed:
        session.packed_at = None
        session.save(update_fields=["packed_at"])
    words = "The last scan is taken back."
    return Step(Does.UNDONE, f"{words} Its label may have printed." if was_packed else words)


def teach(bench: PackBench, done: Step, user: User) -> str:
    """From now on the code is that item's; what was taught, "" where it cannot be remembered."""
    session = bench.session
    if session is None:
        return ""
    code = plain(done.teaches)[:60]
    sku = Sku.objects.filter(shop=session.order.shop_id, tiktok_id=done.item).first()
    if sku is None:
        return ""
    before = sku.barcode
    try:
        with transaction.atomic():
            Sku.objects.filter(pk=sku.pk).update(barcode=code)
    except IntegrityError:  # another item of the shop carries it
        return ""
    audit.record(
        session.workspace_id,
        "sku.barcode_taught",
        f"sku:{sku.pk}",
        f"The barcode of {sku} was learned at the bench.",
        actor=user,
        before=before,
        after=code,
    )
    return code
