"""The life of labels under whatever may happen to them: at most one paid and in use per order, the
ledger is the wallet, and what is unknown is never bought again.

Hypothesis makes up the histories. Every history ends with a quiet time, after which all is settled.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from core.models import Batch
from core.money import Money
from orders.models import Order
from shipping import accounts
from shipping.accounts import BadKey
from shipping.batch_checks import judge
from shipping.labels import purchase, void
from shipping.labels.purchase import CannotBuy
from shipping.labels.reconcile import reconcile_due, resolve_as_bought, resolve_as_not_bought
from shipping.labels.states import LABEL
from shipping.models import Label, LabelAccount, LedgerEntry
from shipping.models.labels import LabelQuerySet
from shipping.plan import CannotPlan
from shipping.providers.base import VoidOutcome
from shipping.providers.memory import Charge
from shops.clients import use_transport
from tests.examples import happening, try_histories
from tests.shipping.labels.wallets import ANSWERS, SILENCE, Wallet
from tests.shipping.labels.world import PROVIDERS, World, make_world
from tests.shipping.labels.worlds import world as world

GIVEN_BACK = ("refunding", "voided", "unused")
IN_USE = ("buying", "unknown", "bought", "voiding")


type Charges = list[tuple[Charge, Label]]


ORDER = st.integers(0, 1)
ANSWER = st.sampled_from(["bought"] * 5 + sorted(ANSWERS))
DIES = st.sampled_from(["", "", "", "", "prepare", "intent", "pay"])
QUIET = st.sampled_from([""] * 10 + sorted(SILENCE))
SELDOM = st.sampled_from([False, False, False, True])
CALL = st.sampled_from(["find", "refund_status", "void"])
# What happens: how often, and with what
EVENTS: dict[str, tuple[int, tuple[st.SearchStrategy[Any], ...]]] = {
    "buy": (6, (ORDER, SELDOM, ANSWER, DIES)),
    "a_person_voids": (
        5,
        (st.integers(0, 5), QUIET, SELDOM, SELDOM, st.sampled_from(VoidOutcome)),
    ),
    "time_passes": (4, (st.sampled_from([1, 4, 6, 60, 25 * 60]),)),
    "the_sweeps_run": (4, (QUIET, CALL)),
    "the_provider_decides_a_refund": (3, (st.integers(0, 5), st.booleans())),
    "the_runner_of_another_batch_tries_what_is_ready": (1, (ORDER,)),
    "a_person_replaces_the_key": (1, (st.booleans(),)),
    "a_person_is_at_the_desk": (2, ()),
}


class LabelLife(RuleBasedStateMachine):
    """One workspace with one account and two orders."""

    seen: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.start = transaction.savepoint_create()
        self.world: World = make_world()
        self.wire = use_transport(self.world.tiktok)
        self.wire.__enter__()
        self.wallet = Wallet()
        self.wallets = [self.wallet]
        self.keys = 0
        self._use(self.wallet)
        self.orders = [self.world.order(), self.world.order()]

    def teardown(self) -> None:
        try:
            self._quiet_time()
        finally:
            self.wire.__exit__(None, None, None)
            transaction.savepoint_rollback(self.start)

    # ---- what happens ------------------------------------------------------------------------

    @rule(event=happening(EVENTS))
    def something_happens(self, event: tuple[Any, ...]) -> None:
        """One rule for all, as Hypothesis leaves whole rules out of a history."""
        name, *given = event
        getattr(self, name)(*given)

    def buy(self, number: int, again: bool, answer: str, dies_after: str) -> None:
        """A runner comes to an order, perhaps not the first one, and perhaps dies at a step."""
        in_use = self._labels().filter(state__in=IN_USE).values_list("order", flat=True)
        free = [order for order in self.orders if again or order.pk not in set(in_use)]
        order = self._order((free or self.orders)[number % len(free or self.orders)])
        batch = Batch.objects.create(workspace=self.world.workspace, kind="labels")
        known = order.labels.filter(state__in=["ready", *IN_USE]).first()
        if judge(order, known, batch) is not None and known and known.state != "dropped":
            return
        try:
            label = purchase.prepare(order, self.world.quotes(order), batch)
        except (CannotBuy, CannotPlan):
            return
        label = Label.objects.select_related("account__workspace").get(pk=label.pk)
        if dies_after == "prepare":
            return
        if (how := ANSWERS[answer]) is not None:
            self.wallet.fail("buy", how)
        with suppress(CannotBuy):
            self._pay(label, dies_after)
        self.wallet._script.queue["buy"].clear()

    def _pay(self, label: Label, dies_after: str) -> None:
        purchase.write_intent(label)
        if dies_after == "intent":
            return
        outcome = purchase.pay(label, accounts.provider_for(label.account))
        if dies_after != "pay":
            purchase.record(label, outcome)

    def the_runner_of_another_batch_tries_what_is_ready(self, number: int) -> None:
        """Put back as "certainly not bought", it is bought now by whoever comes first."""
        label = self.orders[number].labels.filter(state="ready").first()
        if label is not None:
            try:
                purchase.buy_label(label_id=label.pk)
            except CannotBuy:
                assert Label.objects.get(pk=label.pk).state == "ready"

    def time_passes(self, minutes: int) -> None:
        by = timedelta(minutes=minutes)
        for label in self._labels():
            Label.objects.filter(pk=label.pk).update(
                due_at=label.due_at - by,
                intent_at=label.intent_at and label.intent_at - by,
                void_at=label.void_at and label.void_at - by,
            )

    def the_sweeps_run(self, silence: str, call: str) -> None:
        if silence:
            self.wallet.fail(call, SILENCE[silence])
        reconcile_due()
        void.voids_due()
        self.wallet._script.queue[call].clear()

    def a_person_voids(
        self, number: int, silence: str, lost: bool, dies: bool, at_once: VoidOutcome
    ) -> None:
        labels = self._labels().filter(state__in=["bought", "voiding", "refunding"]).order_by("pk")
        if not labels:
            return
        label = labels[number % len(labels)]
        self.wallet.at_once, self.wallet.loses_void = at_once, lost
        if silence:
            self.wallet.fail("void", SILENCE[silence])
        if dies and label.state == "bought":
            void.write_request(label, self.world.user)
        else:
            void.void(label, self.world.user)
        self.wallet.at_once, self.wallet.loses_void = VoidOutcome.REQUESTED, False
        self.wallet._script.queue["void"].clear()

    def the_provider_decides_a_refund(self, which: int, granted: bool) -> None:
        wallet = self.wallets[which % len(self.wallets)]
        open_ones = [n for n, wish in wallet.wishes.items() if wish is VoidOutcome.REQUESTED]
        if open_ones:
            decided = VoidOutcome.REFUNDED if granted else VoidOutcome.REFUSED
            wallet.wishes[open_ones[which % len(open_ones)]] = decided

    def a_person_replaces_the_key(self, foreign: bool) -> None:
        """By another key of the same account, or by mistake by one of another account."""
        wallet = Wallet() if foreign else self.wallet
        self.keys += 1
        key = f"key-{self.world.account.pk}-{self.keys}"
        PROVIDERS[key] = wallet
        unsettled = self._labels().filter(state__in=["buying", "unknown"]).exists()
        try:
            accounts.replace_key(self._account(), key, user=self.world.user)
        except BadKey:
            assert unsettled
            return
        assert not (foreign and unsettled)
        self.wallet = wallet
        if foreign:
            self.wallets.append(wallet)

    def a_person_is_at_the_desk(self) -> None:
        """Resumes the account, and settles what waits for a person."""
        LabelAccount.objects.filter(pk=self.world.account.pk).update(
            state="active", paused_because=""
        )
        for label in self._labels().filter(state="unknown", needs_person_since__isnull=False):
            self._settle_by_hand(label)

    # ---- what always holds -------------------------------------------------------------------

    @invariant()
    def money_is_as_promised(self) -> None:
        labels = list(self._labels())
        self.seen.update(label.state for label in labels)
        charges = self._charges(labels)
        self.at_most_one_label_of_an_order_is_paid_and_in_use(charges)
        self.none_is_paid_twice_and_none_that_we_call_unpaid_is_paid(charges)
        self.the_ledger_is_the_wallet_but_for_what_is_not_settled(charges)
        live = Counter(label.order_id for label in labels if label.state in ("ready", *IN_USE))
        assert max(live.values(), default=0) <= 1  # while one is unknown there is no other

    def at_most_one_label_of_an_order_is_paid_and_in_use(self, charges: Charges) -> None:
        in_use = Counter(label.order_id for _, label in charges if label.state not in GIVEN_BACK)
        assert max(in_use.values(), default=0) <= 1

    def none_is_paid_twice_and_none_that_we_call_unpaid_is_paid(self, charges: Charges) -> None:
        paid = Counter(label.pk for _, label in charges)
        assert max(paid.values(), default=0) <= 1
        assert not [one for _, one in charges if one.state in ("ready", "refused", "dropped")]

    def the_ledger_is_the_wallet_but_for_what_is_not_settled(self, charges: Charges) -> None:
        not_booked = Decimal(0)
        for charge, label in charges:
            if label.state in ("buying", "unknown"):
                not_booked += charge.label.cost.amount
            elif self._wish_of(charge) is VoidOutcome.REFUNDED and label.state != "voided":
                not_booked -= charge.label.cost.amount
        net = sum((wallet.net() for wallet in self.wallets), Decimal(0))
        entries = LedgerEntry.objects.of(self.world.workspace)
        assert sum((entry.amount for entry in entries), Decimal(0)) + not_booked == net

    # ---- the end -----------------------------------------------------------------------------

    def _quiet_time(self) -> None:
        """Nothing fails any more, people are there, and days pass."""
        for _ in range(3):
            self.a_person_is_at_the_desk()
            self.time_passes(25 * 60)
            self.the_sweeps_run("", "find")
        self.a_person_is_at_the_desk()
        assert not self._labels().filter(state__in=["buying", "unknown"]).exists()
        for charge, label in self._charges(list(self._labels())):
            wish = self._wish_of(charge)
            assert label.state != "bought" or wish in (None, VoidOutcome.REFUSED)
            if label.state in ("voiding", "refunding") and charge in self.wallet.charges:
                assert wish is VoidOutcome.REQUESTED  # the key in use can tell
        self.money_is_as_promised()

    def _settle_by_hand(self, label: Label) -> None:
        """An honest person looks at the provider's own page."""
        user = self.world.user
        for charge, paid in self._charges([label]):
            if paid.pk == label.pk:
                resolve_as_bought(
                    label,
                    tracking_number=charge.label.tracking_number,
                    provider_label_id=charge.label.provider_label_id,
                    cost=Money(charge.label.cost.amount, "USD"),
                    user=user,
                )
                return
        resolve_as_not_bought(label, user=user)

    # ---- small things ------------------------------------------------------------------------

    def _use(self, wallet: Wallet) -> None:
        PROVIDERS[f"key-{self.world.account.pk}"] = wallet

    def _account(self) -> LabelAccount:
        return LabelAccount.objects.select_related("workspace").get(pk=self.world.account.pk)

    def _order(self, order: Order) -> Order:
        """The order as it is now."""
        return Order.objects.select_related("shop__authorization", "workspace").get(pk=order.pk)

    def _labels(self) -> LabelQuerySet:
        labels = Label.objects.filter(workspace=self.world.workspace)
        return labels.select_related("account__workspace", "order", "workspace")

    def _charges(self, labels: list[Label]) -> Charges:
        """Every charge at a provider with the one of `labels` that it was made for."""
        by_key = {str(label.key): label for label in labels}
        charges = [charge for wallet in self.wallets for charge in wallet.charges]
        return [(charge, by_key[charge.key]) for charge in charges if charge.key in by_key]

    def _wish_of(self, charge: Charge) -> VoidOutcome | None:
        """What became of the wish to have it back, at whichever provider."""
        number = charge.label.provider_label_id
        return next((w.wishes[number] for w in self.wallets if number in w.wishes), None)


@pytest.mark.usefixtures("world")
def test_whatever_happens_labels_are_paid_once_and_booked(db: None) -> None:
    try_histories(LabelLife, 30, steps=25)
    assert LabelLife.seen == set(LABEL.moves)  # they met every state there is
