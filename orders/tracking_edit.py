"""Correcting a tracking number at TikTok, which allows it once and for some days only.

The money habit holds here as well: the intent is on disk before the call, and what got no answer is
resolved only by reading the order.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from core import audit
from core.errors import NotAuthorized, OutcomeUnknown, Rejected, RemoteError, Unavailable
from core.http import about
from core.jobs import job
from core.models import User
from core.patience import patience
from orders import parts
from orders.models import EDIT, Dispatch, Line, Order, TrackingEdit
from orders.number_checks import Refused, check, normal
from orders.sync import read_orders
from orders.telling import note
from shops.clients import tiktok_client
from shops.policy.book import NoRule, market_of
from shops.policy.ours import book_for
from shops.tiktok_shop.fulfillment import update_shipping_info

log = logging.getLogger(__name__)

# A lost call may still arrive: the old number is believed only so long after it left us.
SETTLED = patience(minutes=2)


class CannotEdit(ValueError):
    """TikTok was not asked, or refused; the text is for the person who tried."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many corrections are left, until when, and a sentence about it."""

    left: int
    until: datetime | None
    sentence: str

    @property
    def is_open(self) -> bool:
        """Whether a number may be corrected now."""
        return self.left > 0


def allowance(dispatch: Dispatch, *, now: datetime) -> Allowance:
    """What TikTok's rules leave of the corrections of this dispatch."""
    if dispatch.state != "done" or dispatch.done_at is None:
        return Allowance(0, None, "")
    order = dispatch.order
    book = book_for(market_of(order.shop.region), order.workspace_id)
    try:
        edits = int(book.rule("tracking.edits", on=now.date()).number)
        hours = book.rule("tracking.edit_hours", on=now.date()).number
    except NoRule:
        return Allowance(0, None, "Whether the number may be corrected here is not known.")
    until = dispatch.done_at + timedelta(hours=float(hours))
    states = list(dispatch.edits.values_list("state", flat=True))
    if any(state in ("telling", "unknown") for state in states):
        return Allowance(
            0, until, "A correction is under way; what became of it is being found out."
        )
    left = max(edits - states.count("done"), 0)
    if not left:
        return Allowance(0, until, "Edit used: TikTok takes no further correction.")
    if now > until:
        return Allowance(
            0, until, "The time for a correction is over. TikTok's support may still do it."
        )
    return Allowance(left, until, f"{left} edit{'s' if left > 1 else ''} left")


def edit(dispatch: Dispatch, number: str, carrier: str, *, user: User | None) -> TrackingEdit:
    """Put another number in place of the one TikTok has. CannotEdit says why not; an answer that
    was lost is asked about by itself."""
    number, now = normal(number), timezone.now()
    allowed = allowance(dispatch, now=now)
    if not allowed.is_open:
        raise CannotEdit(allowed.sentence or "TikTok was not told a number yet.")
    if not number or number == dispatch.tracking_number:
        raise CannotEdit("This is the number that TikTok has already.")
    _check_free(dispatch, number)
    order, what = dispatch.order, _what(dispatch)
    with about(order.tiktok_id):
        try:
            client = tiktok_client(order.shop)
            provider_id = check(client, order, number, carrier, told_by=dispatch.pk)
        except Refused as refusal:
            raise CannotEdit(refusal.text) from refusal
        except RemoteError as error:  # reading only
            raise CannotEdit(error.message) from error
        row = _intent(dispatch, number, carrier, user)
        try:
            update_shipping_info(
                client,
                tracking_number=number,
                shipping_provider_id=provider_id,
                **what,
            )
        except (Rejected, NotAuthorized, Unavailable) as error:  # certainly not carried out
            _refused(row, error.message, error.code)
            raise CannotEdit(error.message) from error
        except OutcomeUnknown as error:
            EDIT.move(row, "unknown", reason=error.message[:400], code=error.code[:20])
        except Exception as error:  # whatever it was, the call may have arrived
            log.exception("edit %s: outcome not known", row.pk)
            words, code = "What came back could not be understood.", type(error).__name__[:20]
            EDIT.move(row, "unknown", reason=words, code=code)
        else:
            _done(row)
    return row


def _check_free(dispatch: Dispatch, number: str) -> None:
    """CannotEdit where another parcel of the order has the number."""
    others = dispatch.order.dispatches.exclude(pk=dispatch.pk).exclude(state="withdrawn")
    if other := others.filter(tracking_number=number).first():
        raise CannotEdit(f"This is the number of parcel {other.part} of the order.")


@job
def settle_due() -> int:
    """Find out what became of corrections whose answer was lost; answers how many are clear now."""
    ends = timezone.now() - patience(seconds=20)
    rows = TrackingEdit.objects.filter(state__in=("telling", "unknown"), told_at__lt=ends)
    related = rows.select_related("dispatch__order__shop__authorization")
    return sum(resolve(row, now=timezone.now()) for row in related.order_by("told_at")[:100])


def resolve(row: TrackingEdit, *, now: datetime) -> bool:
    """Read the order: our number on it is done, the old one is refused once the lost call cannot
    arrive any more."""
    order = row.dispatch.order
    try:
        found = read_orders(order.shop, [order.tiktok_id])
    except RemoteError as error:
        log.info("edit %s: %s", row.pk, error.code)
        return False
    numbers = _numbers(found[0], row.dispatch.part) if found else set()
    if row.tracking_number in numbers:
        _done(row)
    elif now - row.told_at > SETTLED:
        _refused(row, "TikTok still shows the old number: the correction did not arrive.", "lost")
    else:
        return False
    return True


def _numbers(order: Order, part: int) -> set[str]:
    """What TikTok shows for the order, or for one of its parcels."""
    numbers = set(_lines(order, part).values_list("tracking_number", flat=True))
    if not part:
        numbers.add(order.tracking_number)
    return {normal(number) for number in numbers if number}


def _lines(order: Order, part: int) -> QuerySet[Line]:
    inside = parts.lines_of(parts.view(order, part))
    return order.lines.all() if inside is None else order.lines.filter(tiktok_id__in=inside)


def _what(dispatch: Dispatch) -> dict[str, str]:
    """The package by its id, where we know it; else the order, which has one. CannotEdit where it
    has several."""
    known = dispatch.package_id
    if not known and dispatch.part:
        ids = _lines(dispatch.order, dispatch.part).exclude(package_id="")
        known = ids.values_list("package_id", flat=True).first() or ""
        if not known:
            raise CannotEdit(
                "Which package of TikTok's this is, is not known yet: read them first."
            )
    return {"package_id": known} if known else {"order_id": dispatch.order.tiktok_id}


def _intent(dispatch: Dispatch, number: str, carrier: str, user: User | None) -> TrackingEdit:
    try:
        with transaction.atomic():
            return TrackingEdit.objects.create(
                dispatch=dispatch,
                was=dispatch.tracking_number,
                was_carrier=dispatch.carrier,
                tracking_number=number,
                carrier=carrier[:40],
                actor=user,
            )
    except IntegrityError as error:  # one_edit_at_a_time
        raise CannotEdit("Somebody else is correcting it right now.") from error


def _done(row: TrackingEdit) -> None:
    dispatch = row.dispatch
    words = f"TikTok's tracking number was corrected from {row.was} to {row.tracking_number}."
    with transaction.atomic():
        EDIT.move(row, "done", done_at=timezone.now(), reason="", code="")
        Dispatch.objects.filter(pk=dispatch.pk).update(
            tracking_number=row.tracking_number, carrier=row.carrier
        )
        note(dispatch, words, row.actor)
        _record(row, "dispatch.corrected", words)
    dispatch.tracking_number, dispatch.carrier = row.tracking_number, row.carrier


def _refused(row: TrackingEdit, words: str, code: str) -> None:
    with transaction.atomic():
        EDIT.move(row, "refused", reason=words[:400], code=code[:20])
        note(row.dispatch, f"TikTok does not take {row.tracking_number}: {words}", row.actor)
        _record(row, "dispatch.not_corrected", f"Correcting {row.was} was refused: {words}")


def _record(row: TrackingEdit, action: str, words: str) -> None:
    order = row.dispatch.order
    audit.record(order.workspace_id, action, f"order:{order.pk}", words, actor=row.actor)
