"""One box, or one parcel as it lies on the scale, for many orders at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from uuid import UUID

from django.db import transaction

from core.models import User, Workspace
from orders.models import Order, Stage
from orders.own_parcels import set_parcels
from shipping import bulk_changes, parcels
from shipping.batch_sheet import LeftOut, reason_code
from shipping.bulk_changes import Changed
from shipping.quoting import quote_due


@dataclass(frozen=True, slots=True)
class Wanted:
    """The box all are to travel in, and their weight: in grams and with the box, or (None) each
    order's own, from its SKUs, and that of the box on top."""

    box: parcels.Box
    weight_g: int | None = None

    @property
    def words(self) -> str:
        """ "Mailer S", or the sides in millimetres where the box has no name."""
        sides = (self.box.length_mm, self.box.width_mm, self.box.height_mm)
        size = self.box.name or f"{'×'.join(map(str, sides))} mm"
        return size if self.weight_g is None else f"{size}, {self.weight_g} g"


def any_box() -> parcels.Box:
    """A box for anything, to find out whose weight is known."""
    return parcels.Box("", 100, 100, 100, 0, None)


def open_orders(workspace: Workspace, ids: Iterable[int]) -> tuple[list[Order], list[LeftOut]]:
    """Orders whose parcel may be set, and the others by reason."""
    return bulk_changes.sorted_out(workspace, ids, _reason)


def _reason(order: Order, has_label: bool) -> str:
    if order.parts:
        return "in_parcels"
    waits = order.stage in (Stage.HOLD, Stage.FIX) and not has_label and not order.label_state
    return "" if waits else reason_code(order, has_label=has_label)


def set_for(
    workspace: Workspace, ids: Iterable[int], wanted: Wanted, *, user: User | None
) -> Changed:
    """Set the parcel of those that are open and whose weight is known; new prices are asked for."""
    orders, left_out = open_orders(workspace, ids)
    found, unknown = planned(orders, wanted)
    with transaction.atomic():
        before = set_parcels(workspace, found, text=f"Parcel set to {wanted.words}.", user=user)
        after = {pk: found[pk] for pk in before}
        change = bulk_changes.keep(workspace, "parcel", before, after, user=user)
        if before:
            quote_due.later(workspace_id=workspace.pk)
    same = [pk for pk in found if pk not in before]
    if same:
        left_out.append(LeftOut("same", "It has this parcel already.", "", "", "", tuple(same)))
    return Changed(len(before), left_out + unknown, change)


def planned(orders: list[Order], wanted: Wanted) -> tuple[dict[int, dict[str, int]], list[LeftOut]]:
    """Each order's parcel, and those of which none can be said, by reason. Two queries."""
    box = wanted.box
    if wanted.weight_g is not None:
        parcel = {
            "weight_g": wanted.weight_g,
            "length_mm": box.length_mm,
            "width_mm": box.width_mm,
            "height_mm": box.height_mm,
        }
        return {order.pk: parcel for order in orders}, []
    choices = parcels.parcels_for(orders, box=box)
    found: dict[int, dict[str, int]] = {}
    unknown: dict[str, list[int]] = defaultdict(list)
    for pk, choice in choices.items():
        if choice.parcel:
            found[pk] = asdict(choice.parcel)
        else:
            unknown[choice.problem].append(pk)
    return found, [_unknown(problem, ids) for problem, ids in unknown.items()]


def _unknown(problem: str, ids: list[int]) -> LeftOut:
    return LeftOut("no_weight", problem, "Enter the weight", "measure", "", tuple(ids))


def undo(workspace: Workspace, change_id: UUID, *, user: User | None) -> int:
    """Set the parcels back where nobody has changed them since and no label was bought; answers how
    many. TooLate with words."""
    with transaction.atomic():
        change = bulk_changes.take(workspace, change_id)
        now = dict(
            Order.objects.of(workspace)
            .filter(pk__in=list(change.before))
            .values_list("pk", "parcel")
        )
        wanted = {
            pk: change.before[str(pk)]
            for pk, parcel in now.items()
            if parcel == change.after[str(pk)]
        }
        done = set_parcels(workspace, wanted, text="Parcel set back.", user=user)
        if done:
            quote_due.later(workspace_id=workspace.pk)
    return len(done)
