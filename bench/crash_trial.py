"""One crash: orders come in and are bought, tokens are exchanged, labels given back, and meanwhile
something is killed."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bench.crash_world import World, patient
from core.checkpoints import STEPS
from creatorflow.demo.processes import ask

ORDERS = 6
# What is killed, and in how many of a hundred trials.
WAYS = {"step": 55, "process": 13, "host": 12, "postgres": 7, "sandbox": 8, "web": 5}
LOST_ANSWER = {
    "kind": "reset_after_effect",
    "method": "POST",
    "path": "(/buy|/transactions/?|/202512/packages)$",
}
PATIENCE = 12.0  # seconds for a step to be passed


@dataclass
class Trial:
    """What was killed and when, and the orders that have to come out of it."""

    number: int
    way: str
    step: str = ""
    count: int = 1
    after: float = 0.0  # seconds into the purchase, for what is killed at random
    met: bool = False
    tiktok_ids: list[str] = field(default_factory=list)
    batch_ids: list[int] = field(default_factory=list)
    pressed_at: float = 0.0  # when a person last pressed Buy or Retry

    def __str__(self) -> str:
        what = f"{self.step}:{self.count}" if self.step else f"{self.way} after {self.after:.2f} s"
        return f"trial {self.number} ({what})"


def planned(trials: int, seed: int) -> list[Trial]:
    """The same trials for the same seed; every step comes up before one comes up again."""
    dice = random.Random(seed)
    steps: list[str] = []
    made = []
    for number in range(1, trials + 1):
        (way,) = dice.choices(list(WAYS), list(WAYS.values()))
        trial = Trial(number, way, after=dice.uniform(0.0, 1.2))
        if way == "step":
            if not steps:
                steps = dice.sample(sorted(STEPS), len(STEPS))
            trial.step = steps.pop()
            trial.count = dice.choice((1, 1, 1, 2, 3)) if trial.step.startswith("buy.") else 1
        made.append(trial)
    return made


def run(trial: Trial, world: World, dice: random.Random) -> None:
    """Make the orders, start everything, kill, and see that what was killed is started again."""
    early = trial.step.startswith(("sync.", "webhook."))
    if early:
        _arm(trial, world)
    for wanted in ({"count": ORDERS - 1}, {"count": 1, "skus": 2, "units": 1}):
        trial.tiktok_ids += control(world, "orders", wanted)["ids"]
    patient(_hurry)
    if not early:
        _until(lambda: _all_read(trial), world, seconds=20)
        _arm(trial, world)
    _disturb(trial, world, dice)
    if early:
        _until(lambda: _all_read(trial), world, seconds=20)
    patient(lambda: _spread(trial))
    trial.pressed_at = time.monotonic()
    patient(lambda: buy(trial))
    _strike(trial, world, dice)


def _arm(trial: Trial, world: World) -> None:
    if trial.step:
        world.plan.write_text(f"{trial.step}:{trial.count}")


def _strike(trial: Trial, world: World, dice: random.Random) -> None:
    if trial.step:
        trial.met = _until(lambda: not world.plan.exists(), world, seconds=PATIENCE / 2)
        if not trial.met:  # whoever would have passed it was busy with an earlier crash
            _again(trial)
            trial.met = _until(lambda: not world.plan.exists(), world, seconds=PATIENCE / 2)
        world.plan.unlink(missing_ok=True)
        if trial.met and dice.random() < 0.4:  # not only the process: its whole machine
            world.kill_host(dice)
        return
    time.sleep(trial.after)
    trial.met = True
    strikes: dict[str, Callable[[], None]] = {
        "process": lambda: world.kill_process(dice),
        "host": lambda: world.kill_host(dice),
        "postgres": world.kill_database,
        "sandbox": lambda: world.kill("sandbox"),
        "web": lambda: world.kill("web"),
    }
    if trial.way == "postgres" and not world.may_kill_database():
        trial.way = "host"
    strikes[trial.way]()


def _again(trial: Trial) -> None:
    if trial.step.startswith("sync."):
        patient(_hurry)
    if trial.step.startswith("refresh."):
        patient(_exchange_tokens)


def _until(done: Callable[[], bool], world: World, *, seconds: float) -> bool:
    """Whether it was so within that time; a shop that is lost meanwhile is connected again."""
    until = time.monotonic() + seconds
    while not patient(done):
        if time.monotonic() > until:
            return False
        patient(lambda: reconnect(world))
        time.sleep(0.05)
    return True


def _hurry() -> None:
    """Somebody looks at the shop's page, which asks for its newest orders."""
    from core import events
    from shops.models import Shop

    for shop in Shop.objects.all():
        events.publish("shop.sync_wanted", shop_id=shop.pk)


def _all_read(trial: Trial) -> bool:
    from orders.models import Order

    return Order.objects.filter(tiktok_id__in=trial.tiktok_ids).count() == len(trial.tiktok_ids)


def _spread(trial: Trial) -> None:
    """A person lets the trial's last order, which has two products, travel in two parcels."""
    from core.errors import RemoteError
    from orders import splitting
    from orders.models import Order

    order = Order.objects.select_related("shop").filter(tiktok_id=trial.tiktok_ids[-1]).first()
    if order is None or order.parts:
        return
    by_sku: dict[str, list[str]] = {}
    for line in order.lines.order_by("pk"):
        by_sku.setdefault(line.sku_id, []).append(line.tiktok_id)
    with suppress(RemoteError, splitting.CannotSplit):  # then it travels in one
        splitting.split(order, list(by_sku.values()), user=None)


def buy(trial: Trial) -> None:
    """A person ticks the orders and presses Buy, twice, as people do."""
    from core.models import User, Workspace
    from orders.models import Order
    from shipping.batches import NothingToBuy, start

    chosen = Order.objects.filter(tiktok_id__in=trial.tiktok_ids)
    workspace, user = Workspace.objects.get(), User.objects.get()
    sheet = f"trial {trial.number}.{len(trial.batch_ids)}"
    try:
        first = start(workspace, chosen, user, once=sheet)
    except NothingToBuy:
        return
    assert start(workspace, chosen, user, once=sheet) == first
    trial.batch_ids.append(first.pk)


def _disturb(trial: Trial, world: World, dice: random.Random) -> None:
    """What else goes on: a token falls due, a label is given back, refunds are granted, the answer
    to a purchase is lost on its way."""
    if trial.step == "void.credited" or dice.random() < 0.2:
        control(world, "hasten", {"names": ["easypost.refund", "shippo.refund"]})
    if trial.step.startswith("refresh.") or dice.random() < 0.3:
        patient(_exchange_tokens)
    if trial.step.startswith("void.") or dice.random() < 0.25:
        patient(lambda: _give_back(dice, again=trial.step == "void.credited"))
    if trial.step.startswith("reconcile.") or dice.random() < 0.1:
        control(world, "faults", LOST_ANSWER)


def _exchange_tokens() -> None:
    from django.utils import timezone

    from shops.models import Authorization
    from shops.tokens import refresh_due

    Authorization.objects.filter(state="active").update(next_refresh_at=timezone.now())
    refresh_due.later()


def _give_back(dice: random.Random, *, again: bool) -> None:
    """A person voids a label, or asks `again` what became of one that was."""
    from bench.crash_jobs import give_back
    from shipping.models import Label

    state = "refunding" if again else "bought"
    old = Label.objects.filter(state=state, provider__in=["easypost", "shippo"])
    if ids := list(old.order_by("pk").values_list("pk", flat=True)):
        give_back.later(label_id=dice.choice(ids))


def reconnect(world: World) -> None:
    """A person reconnects what the product calls lost."""
    from core.models import User, Workspace
    from creatorflow.demo.setting_up import _connect
    from shops.models import Authorization

    if Authorization.objects.filter(state="lost").exists():
        world.reconnects += 1
        _connect(Workspace.objects.get(), User.objects.get(), world.sandbox)


def control(world: World, path: str, data: dict[str, Any] | None = None) -> Any:
    """One of the sandbox's control pages."""
    return patient(lambda: ask(f"{world.sandbox}/_control/{path}", data))
