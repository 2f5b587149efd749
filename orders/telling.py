"""The steps of one dispatch: check the number, tell TikTok, and find out what a lost answer
meant."""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core.access import wreverse
from core.checkpoints import reached
from core.errors import NotAuthorized, OutcomeUnknown, Rejected, RemoteError
from core.models import User
from core.notifications import notify
from core.patience import patience
from orders import parts
from orders.models import Dispatch, Order, OrderEvent
from orders.models import Line as OrderLine
from orders.number_checks import Refused, check, normal
from orders.staging import restage
from orders.states import DISPATCH
from orders.sync import read_orders
from shops.clients import tiktok_client
from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import ALREADY_SHIPPED, NEEDS_LINES, already_done
from shops.tiktok_shop.fulfillment import Line, mark_package_shipped, named

__all__ = ["done", "normal", "note", "put_off", "refuse", "resolve", "settle_error", "tell"]

log = logging.getLogger(__name__)

# A lost call may still arrive: an order without tracking is believed only so long after it left us.
SETTLED = patience(minutes=2)
# First pause after a call that was certainly not carried out, doubled each time.
_PAUSE = patience(seconds=15).total_seconds()


def tell(dispatch: Dispatch) -> None:
    """Take a due dispatch to done, refused, unknown, or due again: check the number, put the intent
    on disk, call, settle. LostRace when another process was first."""
    order = dispatch.order
    lines = _lines(dispatch) if dispatch.part else ()
    if dispatch.part and not lines:  # naming none would ship the other parcels
        _give_up(dispatch, "Nothing is left in this parcel: its items were cancelled.")
        return
    try:
        client = tiktok_client(order.shop)
        provider_id = check(
            client, order, dispatch.tracking_number, dispatch.carrier, told_by=dispatch.pk
        )
    except Refused as refusal:
        refuse(dispatch, refusal.text, refusal.code)
        return
    except RemoteError as error:  # reading only: nothing was told
        put_off(dispatch, error)
        return
    now = timezone.now()
    with transaction.atomic(durable=True):
        DISPATCH.move(
            dispatch, "telling", told_at=now, provider_id=provider_id, attempts=F("attempts") + 1
        )
    reached("tell.intended")
    try:
        answer = _push(client, dispatch, provider_id, lines)
        reached("tell.answered")
    except RemoteError as error:
        settle_error(dispatch, error)
    except Exception as error:  # whatever it was, the call may have arrived: only reading tells
        log.exception("dispatch %s: outcome not known", dispatch.pk)
        words = (
            "What came back could not be understood: the order is read to see what TikTok knows."
        )
        _unknown(dispatch, words, type(error).__name__)
    else:
        warning = answer.get("warning")
        text = str(warning.get("message") or "") if isinstance(warning, dict) else ""
        done(dispatch, package_id=str(answer.get("package_id") or ""), warning=text)


def _push(
    client: TikTokShopClient, dispatch: Dispatch, provider_id: str, lines: tuple[Line, ...]
) -> dict[str, object]:
    """The call, naming the `lines` of a parcel that is one of several. Asked to name lines, which
    is a refusal, it names every line that is not cancelled."""
    order = dispatch.order

    def push(lines: tuple[Line, ...]) -> dict[str, object]:
        return mark_package_shipped(
            client,
            order_id=order.tiktok_id,
            tracking_number=dispatch.tracking_number,
            shipping_provider_id=provider_id,
            lines=lines,
        )

    if dispatch.part:
        return push(lines)
    try:
        return push(())
    except Rejected as error:
        if error.code != NEEDS_LINES:
            raise
    return push(_lines(dispatch))


def _lines(dispatch: Dispatch) -> tuple[Line, ...]:
    rows = _in_parcel(dispatch.order, dispatch.part)
    live = [row for row in rows if row.status != "CANCELLED"]
    return tuple(one for row in live for one in named(row.tiktok_id, row.bundled))


def _in_parcel(order: Order, part: int) -> list[OrderLine]:
    """The order's lines in one of its parcels: all of them, where it has one only."""
    ids = parts.lines_of(parts.view(order, part))
    return [row for row in order.lines.order_by("pk") if ids is None or row.tiktok_id in ids]


def settle_error(dispatch: Dispatch, error: RemoteError) -> None:
    """What becomes of a dispatch whose call was answered with this, or with nothing."""
    if isinstance(error, OutcomeUnknown):
        _unknown(dispatch, error.message, error.code)
    elif isinstance(error, Rejected) and already_done(error):
        DISPATCH.move(dispatch, "unknown", reason=error.message[:400], code=error.code)
        resolve(dispatch, now=timezone.now())
    elif isinstance(error, Rejected):
        refuse(dispatch, error.message, error.code)
    else:  # certainly not carried out
        put_off(dispatch, error)


def resolve(dispatch: Dispatch, *, now: datetime) -> None:
    """Take an unknown dispatch on by reading the order: our number on it is done, another number is
    refused, none is due again once the lost call cannot arrive any more."""
    order = dispatch.order
    try:
        found = read_orders(order.shop, [order.tiktok_id])
    except RemoteError as error:
        _postpone(dispatch, error)
        return
    if not found:
        refuse(dispatch, "TikTok does not know this order.", "")
        return
    numbers, package_id = _shown(dispatch, found[0])
    if dispatch.tracking_number in numbers:
        done(dispatch, package_id=package_id, warning="")
    elif numbers:
        shown = ", ".join(sorted(numbers))
        refuse(dispatch, f"TikTok already has another tracking number for it: {shown}.", "other")
    elif dispatch.told_at is not None and now - dispatch.told_at < SETTLED:
        Dispatch.objects.filter(pk=dispatch.pk, state="unknown").update(
            due_at=dispatch.told_at + SETTLED
        )
    elif dispatch.code in ALREADY_SHIPPED:
        refuse(dispatch, "TikTok calls it shipped, but shows no tracking number.", dispatch.code)
    else:
        _untold(dispatch, "due", due_at=now, reason="", code="")


def _shown(dispatch: Dispatch, fresh: Order) -> tuple[set[str], str]:
    """The tracking numbers TikTok shows for the dispatch's parcel, and its package."""
    lines = _in_parcel(fresh, dispatch.part)
    numbers = {line.tracking_number for line in lines}
    package_id = next((line.package_id for line in lines if line.package_id), "")
    if not dispatch.part:
        numbers.add(fresh.tracking_number)
        package_id = next(iter(fresh.package_ids), "")
    return {normal(number) for number in numbers if number}, package_id


def done(dispatch: Dispatch, *, package_id: str, warning: str = "") -> None:
    """TikTok has the number."""
    with transaction.atomic():
        DISPATCH.move(
            dispatch,
            "done",
            done_at=timezone.now(),
            package_id=package_id[:40],
            reason=f"TikTok's warning: {warning}"[:400] if warning else "",
            code="",
        )
        extra = f" TikTok's warning: {warning}" if warning else ""
        note(dispatch, f"TikTok was told {dispatch.tracking_number}.{extra}")
        if _withdraw_wanted(dispatch):
            _tell_known_too_late(dispatch)
        reached("tell.settling")
    reached("tell.settled")


def _untold(dispatch: Dispatch, to: str, **fields: object) -> bool:
    """TikTok certainly does not have our number: to `to`, unless its label was voided meanwhile;
    False then."""
    with transaction.atomic():
        if _withdraw_wanted(dispatch):
            DISPATCH.move(dispatch, "withdrawn", reason="Its label was voided.", code="")
            note(dispatch, f"TikTok was not told {dispatch.tracking_number}: the label was voided.")
            restage([dispatch.order_id])
            return False
        DISPATCH.move(dispatch, to, **fields)
    return True


def _withdraw_wanted(dispatch: Dispatch) -> bool:
    """As it is on disk now: whoever voids waits until our transaction is over."""
    rows = Dispatch.objects.select_for_update(no_key=True).filter(pk=dispatch.pk)
    return bool(rows.values_list("withdraw_wanted", flat=True).first())


def _tell_known_too_late(dispatch: Dispatch) -> None:
    order = dispatch.order
    notify(
        order.workspace,
        f"order:{order.pk}:voided_number",
        f"TikTok has the tracking number {dispatch.tracking_number} of a label you voided for order "
        f"{order.tiktok_id}: put the new number in at TikTok.",
        level="bad",
        link=wreverse(order.workspace, "orders:detail", order_id=order.pk),
    )


def refuse(dispatch: Dispatch, reason: str, code: str = "") -> None:
    """TikTok does not, or would not, take the number; people learn of it."""
    order = dispatch.order
    with transaction.atomic():
        if not _untold(dispatch, "refused", reason=reason[:400], code=code[:20]):
            return
        note(dispatch, f"TikTok does not take {dispatch.tracking_number}: {reason}")
        restage([order.pk])
        notify(
            order.workspace,
            f"shop:{order.shop_id}:dispatch_refused",
            f"TikTok does not take a tracking number of {order.shop}: {reason}",
            level="bad",
            link=wreverse(order.workspace, "orders:detail", order_id=order.pk),
        )


def _give_up(dispatch: Dispatch, reason: str) -> None:
    """Nothing is to be told any more; the order's other parcels go on."""
    with transaction.atomic():
        DISPATCH.move(dispatch, "withdrawn", reason=reason[:400], code="")
        note(dispatch, f"TikTok is not told {dispatch.tracking_number}. {reason}")
        restage([dispatch.order_id])


def _unknown(dispatch: Dispatch, reason: str, code: str) -> None:
    due = timezone.now() + patience(seconds=30)
    DISPATCH.move(dispatch, "unknown", reason=reason[:400], code=code[:20], due_at=due)


def put_off(dispatch: Dispatch, error: RemoteError) -> None:
    """Certainly not told: due again, later each time."""
    fields = _postponed(dispatch, error)
    if dispatch.state == "due":
        Dispatch.objects.filter(pk=dispatch.pk, state="due").update(
            attempts=F("attempts") + 1, **fields
        )
        return
    _untold(dispatch, "due", **fields)


def _postpone(dispatch: Dispatch, error: RemoteError) -> None:
    fields = _postponed(dispatch, error)
    Dispatch.objects.filter(pk=dispatch.pk, state=dispatch.state).update(
        attempts=F("attempts") + 1, **fields
    )


def _postponed(dispatch: Dispatch, error: RemoteError) -> dict[str, object]:
    attempts = Dispatch.objects.values_list("attempts", flat=True).get(pk=dispatch.pk)
    wait = 300.0 if isinstance(error, NotAuthorized) else min(_PAUSE * 2 ** min(attempts, 6), 900.0)
    now = timezone.now()
    return {
        "due_at": max(error.due_at(now, default=wait), now + timedelta(seconds=5)),
        "reason": error.message[:400],
        "code": error.code[:20],
    }


def note(dispatch: Dispatch, text: str, user: User | None = None) -> None:
    """Add an entry to the order's timeline."""
    OrderEvent.objects.create(
        order_id=dispatch.order_id, kind="dispatch", text=text[:400], actor=user
    )
