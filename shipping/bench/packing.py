"""Packing an order: each scan is taken once, and what it does is written down with it.

Scans of one bench follow each other: its row is the lock. A scan that arrives again, because its
answer was lost, answers what it did the first time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from core.models import User, Workspace
from orders import parts
from orders.models import Line, Order
from orders.units import Group, group_lines
from shipping.bench import lookup, table
from shipping.bench.refusals import why_not
from shipping.bench.scan import (
    Does,
    Item,
    Known,
    State,
    Step,
    applied,
    is_command,
    item_of,
    plain,
    step,
)
from shipping.models import PackBench, PackScan, PackSession
from shops.catalog.models import Sku

LONGEST_CODE = 120
# What leaves the order on the bench as it was
_STAYS = {Does.SAID, Does.WRONG, Does.REFUSED, Does.ASKED, Does.REPRINT}
_BENCH = ("workspace", "session__order__shop", "session__packer")


def bench_of(workspace: Workspace, key: UUID) -> PackBench:
    """The bench of a machine; made when it is seen for the first time."""
    rows = PackBench.objects.select_related(*_BENCH)
    found = rows.filter(workspace=workspace, key=key).first()
    return found or PackBench.objects.get_or_create(workspace=workspace, key=key)[0]


def scan(bench: PackBench, key: UUID, code: str, *, user: User) -> tuple[PackScan, State]:
    """Take one scan: what it did, and what lies on the bench then. The same `key` again changes
    nothing."""
    code = " ".join(code.replace("\x00", " ").split())[:LONGEST_CODE]
    with transaction.atomic():
        locked = PackBench.objects.select_for_update(of=("self",)).select_related(*_BENCH)
        mine = locked.get(pk=bench.pk)
        row = PackScan.objects.filter(bench=mine, key=key).first()
        if row is None:
            row, state = _take(mine, key, code, user)
        else:
            state = state_of(mine.session, asked=mine.asked)
    bench.session, bench.asked = mine.session, mine.asked
    return row, state


def _take(bench: PackBench, key: UUID, code: str, user: User) -> tuple[PackScan, State]:
    done, state = _done(bench, code, user)
    _ask(bench, code, done)
    taught = table.teach(bench, done, user) if done.teaches else ""
    row = PackScan.objects.create(
        bench=bench,
        key=key,
        session=bench.session,
        code=code,
        does=done.does,
        words=done.words[:300],
        sku_id=done.item[:60],
        quantity=done.quantity,
        taught=taught,
        by=user,
    )
    if done.quantity:
        return row, applied(state, done)
    if done.does in _STAYS and bench.session and bench.session.order.tiktok_id == state.order:
        return row, replace(state, asked=bench.asked)
    return row, state_of(bench.session, asked=bench.asked)


def _done(bench: PackBench, code: str, user: User) -> tuple[Step, State]:
    """Find out what the code is, and do it; the state is the one before units were counted."""
    state = state_of(bench.session, asked=bench.asked)
    found = lookup.find(bench.workspace, code) if _must_look(state, code) else lookup.Found()
    if found.words:
        return Step(Does.REFUSED, found.words), state
    if found.skus and not state.is_open:
        # A unit in somebody's hand, and nothing on the bench: the next order that needs it
        order = lookup.next_with(bench.workspace, found.skus)
        refused = table.put(bench, order, user) if order else None
        if refused:
            return refused, state
        state = state_of(bench.session) if order else state
    done = step(state, code, _known(found))
    if done.open and found.order:
        refused = table.put(bench, found.order, user)
        if refused and found.parcel:
            refused = replace(refused, words=f"Label of {found.parcel}. {refused.words}")
        return refused or done, state
    return _carry_out(bench, done), state


def _must_look(state: State, code: str) -> bool:
    """Whether the order on the bench cannot tell by itself what the code is."""
    if is_command(code) or (state.asked and code.isdigit() and len(code) <= 2):
        return False
    return not state.is_open or item_of(state, code) is None


def _known(found: lookup.Found) -> Known:
    if found.order:
        return Known(order=found.order.tiktok_id, parcel=found.parcel)
    return Known(sku=str(found.skus[0])) if found.skus else Known()


def _carry_out(bench: PackBench, done: Step) -> Step:
    session = bench.session
    if session is None:
        return done
    if done.quantity > 0 and (words := why_not(session.order)):
        return Step(Does.REFUSED, words)  # since it was put on the bench
    match done.does:
        case Does.UNDONE:
            return table.undo(session)
        case Does.SKIPPED:
            table.skip(session, done.reason)
        case Does.COMPLETE:
            table.pack(session)
    return done


def _ask(bench: PackBench, code: str, done: Step) -> None:
    """Remember the code that nobody knows while it is asked about."""
    asked = code if done.does is Does.ASKED else ""
    if bench.asked and done.does is Does.REFUSED and code.isdigit() and len(code) <= 2:
        asked = bench.asked  # a number that is not on the screen
    if asked != bench.asked:
        table.lay(bench, bench.session, asked=asked)


def state_of(session: PackSession | None, *, asked: str = "") -> State:
    """What lies on the bench: the order's units still to be shipped, and what was verified."""
    if session is None:
        return State()
    counted: dict[str, int] = {}
    last = ""
    scans = session.scans.filter(undone_at=None).exclude(quantity=0).order_by("pk")
    for last, quantity in scans.values_list("sku_id", "quantity"):
        counted[last] = counted.get(last, 0) + quantity
    items = items_of(session.order, counted)
    over = session.packed_at is not None or session.skipped_at is not None
    return State(session.order.tiktok_id, items, asked, last, is_packed=over)


def items_of(order: Order, counted: Mapping[str, int]) -> tuple[Item, ...]:
    """The order's items with every code they may carry; `counted` units by key are verified. What
    is shipped elsewhere is none of them."""
    away, place = parts.sent_elsewhere(order.parts), parts.number_of(order.parts)
    lines = [line for line in order.lines.all() if line.tiktok_id not in away]
    numbers: dict[str, list[int]] = {}
    for line in lines:
        if line.status != "CANCELLED" and line.tiktok_id in place:
            numbers.setdefault(_key(line), []).append(place[line.tiktok_id])
    groups = [group for group in group_lines(lines) if group.live]
    ids = [group.first.sku_id for group in groups if group.first.sku_id]
    rows = Sku.objects.filter(shop=order.shop_id, tiktok_id__in=ids)
    skus = {sku.tiktok_id: sku for sku in rows.only("tiktok_id", "barcode")}
    return tuple(
        _item(group, skus.get(group.first.sku_id), counted, numbers.get(_key(group.first), ()))
        for group in groups
    )


def _key(line: Line) -> str:
    return (line.sku_id or f"line:{line.tiktok_id}")[:60]


def _item(
    group: Group, sku: Sku | None, counted: Mapping[str, int], numbers: Sequence[int]
) -> Item:
    line = group.first
    key = _key(line)
    codes = {plain(one) for one in (line.seller_sku, line.sku_id, sku.barcode if sku else "")}
    name = " · ".join(part for part in (line.product_name, line.sku_name) if part)
    return Item(
        key,
        name or line.seller_sku,
        group.live,
        frozenset(codes - {""}),
        verified=min(counted.get(key, 0), group.live),
        sku=sku.pk if sku else None,
        seller_sku=line.seller_sku,
        parcels=tuple(sorted(numbers)),
    )
