"""Telling TikTok, once, that an order with our own label is shipped.

The money habit of labels holds here as well: the intent ("telling") is on disk before the call
leaves; what got no answer is "unknown" and is resolved only by reading the order from TikTok.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from core import audit
from core.http import about
from core.jobs import job
from core.models import User
from core.patience import patience
from core.states import LostRace
from orders import box_mates, sweep, telling, telling_packages
from orders.models import Dispatch, Lane, Order
from orders.staging import restage
from orders.states import DISPATCH
from orders.sync import read_orders

# Somebody else holds a dispatch for so long; then its process is taken to be dead.
CLAIM = patience(minutes=5)
_JUST_NOW = timedelta(seconds=10)


class DispatchConflict(Exception):
    """TikTok was told another tracking number already; the text is for a person."""


class NotYet(DispatchConflict):
    """A call with a voided label's number is still out: ask again once it is settled."""


def request(order: Order, *, tracking_number: str, carrier: str, part: int = 0) -> Dispatch:
    """Have TikTok told within moments; the same number twice is one dispatch. `part` is the parcel,
    for an order in several: TikTok is told of its lines then.

    ValueError for an order TikTok ships, DispatchConflict once it was told another number, NotYet
    while that is not known.
    """
    if order.lane != Lane.OWN:
        raise ValueError(f"{order} has no label of our own to tell TikTok about")
    number = telling.normal(tracking_number)
    with transaction.atomic():
        Order.objects.select_for_update(no_key=True).get(pk=order.pk)
        found = _standing(order, part).first()
        if found is not None and found.tracking_number == number:
            return found
        if found is not None:
            if found.withdraw_wanted and found.state in ("telling", "unknown"):
                raise NotYet(f"Whether TikTok knows {found.tracking_number} is not clear yet.")
            if found.state not in ("due", "refused"):
                raise DispatchConflict(
                    f"TikTok was told tracking number {found.tracking_number} for this order."
                )
            DISPATCH.move(found, "withdrawn")
        made = Dispatch.objects.create(
            order=order, part=part, tracking_number=number, carrier=carrier[:40]
        )
        _wake(made)
    return made


def request_many(wanted: Iterable[tuple[Order, str, str, int]]) -> None:
    """`request` for many orders, each with its number, carrier and parcel, in a few statements.
    Nothing is requested when one of them raises."""
    asked = list(wanted)
    with transaction.atomic():
        ids = [order.pk for order, *_ in asked]
        known = set(
            Dispatch.objects.filter(order__in=ids)
            .exclude(state="withdrawn")
            .values_list("order_id", "part")
        )
        made = []
        for order, number, carrier, part in asked:
            if (order.pk, part) in known or order.lane != Lane.OWN:
                request(order, tracking_number=number, carrier=carrier, part=part)
                continue
            number = telling.normal(number)
            made.append(
                Dispatch(order=order, part=part, tracking_number=number, carrier=carrier[:40])
            )
        Dispatch.objects.bulk_create(made)
        if made:
            _wake(*made)


def withdraw(order: Order, part: int = 0) -> bool:
    """The label was voided: take back what TikTok was not told yet, for every order in its box;
    False when it was told.

    Also False while a call is out: the wish is kept, and holds as soon as it is clear that the call
    did not arrive.
    """
    return all([_withdraw(one, part) for one in box_mates.together(order)])


def _withdraw(order: Order, part: int) -> bool:
    with transaction.atomic():
        found = _standing(order, part).select_for_update(no_key=True).first()
        if found is None:
            return True
        if found.state in ("due", "refused"):
            DISPATCH.move(found, "withdrawn")
            restage([order.pk])
            return True
        if found.state in ("telling", "unknown"):
            _standing(order, part).update(withdraw_wanted=True)
        return False


def keep(order: Order, part: int = 0) -> bool:
    """The label is in use after all: forget the wish to withdraw. False when nothing stands that
    tells TikTok its number."""
    return bool(_standing(order, part).update(withdraw_wanted=False))


def known_number(order: Order, part: int = 0) -> str:
    """The tracking number TikTok knows, or may know by a call that is out; else empty."""
    out = _standing(order, part).filter(state__in=("telling", "unknown", "done"))
    return out.values_list("tracking_number", flat=True).first() or ""


def _standing(order: Order, part: int) -> QuerySet[Dispatch]:
    return Dispatch.objects.filter(order=order, part=part).exclude(state="withdrawn")


def retry(dispatch: Dispatch, user: User | None) -> None:
    """Tell TikTok again what it refused. IllegalMove when it was not refused."""
    with transaction.atomic():
        DISPATCH.move(dispatch, "due", due_at=timezone.now(), reason="", code="", attempts=0)
        telling.note(dispatch, "TikTok is told the tracking number again.", user)
        audit.record(
            dispatch.order.workspace_id,
            "dispatch.retried",
            f"order:{dispatch.order_id}",
            "TikTok is told the tracking number again.",
            actor=user,
        )
        restage([dispatch.order_id])
        dispatch_due.later()


@job
def tell_tiktok(*, dispatch_id: int) -> str:
    """Take one dispatch a step further: tell it when due, ask about it when unknown. Answers the
    state it is in. It may be called at any time by any number of processes."""
    dispatch = Dispatch.objects.select_related("order__shop__authorization").get(pk=dispatch_id)
    now = timezone.now()
    try:
        if dispatch.state == "telling" and dispatch.told_at and now - dispatch.told_at > CLAIM:
            DISPATCH.move(dispatch, "unknown", reason="The call was broken off.")
        with about(dispatch.order.tiktok_id):
            if dispatch.state == "due":
                telling_packages.tell(dispatch)
            elif dispatch.state == "unknown":
                telling.resolve(dispatch, now=now)
    except LostRace:
        dispatch.refresh_from_db()
    return dispatch.state


@job
def dispatch_due() -> int:
    """Take every dispatch that is due a step further, several at a time, then read the orders that
    were shipped, so that their pages say so at once; answers how many dispatches there were."""
    count = 0
    shipped: list[int] = []
    while ids := _claim(timezone.now()):
        count += len(ids)
        single, told = telling_packages.tell_those_by_package(ids)
        told += sweep.each(_tell_one, single)
        shipped += [pk for pk, state in told if state == "done"]
    sweep.by_shop(shipped, read_orders)
    return count


@job
def resume(*, shop_id: int) -> None:
    """A shop was connected again: what could not be told meanwhile is due now."""
    waiting = Dispatch.objects.filter(order__shop=shop_id, state__in=("due", "unknown"))
    if waiting.update(due_at=timezone.now()):
        dispatch_due.later()


def _tell_one(dispatch_id: int) -> str:
    return str(tell_tiktok(dispatch_id=dispatch_id))


def _claim(now: datetime) -> list[int]:
    """Up to 100 dispatches that this sweep alone works on for the next minutes."""
    due = Q(state__in=("due", "unknown"), due_at__lte=now)
    stale = Q(state="telling", told_at__lt=now - CLAIM, due_at__lte=now)
    with transaction.atomic():
        ids = list(
            Dispatch.objects.select_for_update(skip_locked=True)
            .filter(due | stale)
            .order_by("due_at")
            .values_list("pk", flat=True)[:100]
        )
        Dispatch.objects.filter(pk__in=ids).update(due_at=now + CLAIM)
    return ids


def _wake(*made: Dispatch) -> None:
    """Queue a sweep, unless another dispatch did so a moment ago: it finds these as well."""
    others = Dispatch.objects.filter(
        state__in=("due", "telling"), created_at__gt=made[0].created_at - _JUST_NOW
    )
    if not others.exclude(pk__in=[one.pk for one in made]).exists():
        dispatch_due.later()
