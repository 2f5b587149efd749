"""Every stored choice made again from its stored quotes: what differs is a mistake of ours."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from core.jobs import job
from shipping.choice import replayed
from shipping.models import QuoteSet

log = logging.getLogger(__name__)

AT_ONCE = 500
# The daily run looks at what was chosen since the last one, and a little before.
RECENT = timedelta(days=2)


@dataclass(slots=True)
class Replay:
    """How many choices were made again, and what became of them."""

    same: int = 0
    by_person: int = 0  # nothing to calculate: a person chose among what was offered
    unexplained: int = 0  # stored without the facts they were made on
    different: list[int] = field(default_factory=list)  # ids of quote sets

    @property
    def total(self) -> int:
        """All quote sets looked at."""
        return self.same + self.by_person + self.unexplained + len(self.different)


def replay(quotes: "QuerySet[QuoteSet]") -> Replay:
    """Make these choices again; memory stays the same however many there are."""
    found = Replay()
    fields = quotes.only("chosen", "rates", "reason", "at", "price").order_by("pk")
    for one in fields.iterator(chunk_size=AT_ONCE):
        if not _price_holds(one):
            found.different.append(one.pk)
        elif "chosen_by" in one.reason:
            found.by_person += 1
        elif not one.reason.get("need"):
            found.unexplained += 1
        elif replayed(one):
            found.same += 1
        else:
            found.different.append(one.pk)
    return found


def _price_holds(quotes: QuoteSet) -> bool:
    """Whether the noted price is that of the chosen rate."""
    if quotes.chosen is None:
        return quotes.price is None
    if not 0 <= quotes.chosen < len(quotes.rates):
        return False
    return Decimal(quotes.rates[quotes.chosen]["price"]) == quotes.price


@job
def replay_recent() -> int:
    """Make the choices of the last two days again; answers how many differ, which are logged."""
    found = replay(QuoteSet.objects.filter(at__gte=timezone.now() - RECENT))
    if found.different:
        log.error("%d choices differ when made again: %s", len(found.different), found.different)
    return len(found.different)
