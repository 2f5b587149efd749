"""Asking a provider for a label's money, and what became of that: calls, and nothing written but
when we asked last."""

from collections.abc import Callable

from django.utils import timezone

from core.errors import OutcomeUnknown
from core.http import about
from core.patience import patience
from shipping.labels.values import bought_of, order_number
from shipping.models import Label
from shipping.providers.base import Provider, VoidOutcome, VoidResult

# A lost request may still arrive for so long; until then a refusal proves nothing.
CERTAIN_AFTER = patience(minutes=5)
UNDECIDED = "The provider has not decided yet."

type Answer = VoidResult | Exception | None


def ask(label: Label, provider: Provider) -> VoidResult | Exception:
    """The first question to the provider, outside any transaction; what went wrong is returned.

    A refusal is looked into: somebody may have taken the label back at the provider's own pages.
    """
    answer = _tried(label, lambda: provider.void(bought_of(label)))
    if not _refused(answer):
        return answer or OutcomeUnknown(UNDECIDED, provider=label.provider)
    status = _tried(label, lambda: provider.refund_status(bought_of(label)))
    if isinstance(status, Exception):
        words = "Whether the label was taken back already could not be found out."
        return OutcomeUnknown(words, provider=label.provider)
    return status or answer or OutcomeUnknown(UNDECIDED, provider=label.provider)


def ask_again(label: Label, provider: Provider) -> Answer:
    """What became of the request; where the provider knows of none it is made again. None: nothing
    new."""
    status = _tried(label, lambda: provider.refund_status(bought_of(label)))
    if status is not None or label.state == "refunding":
        return status
    now = timezone.now()
    certain = label.void_at is None or now - label.void_at > CERTAIN_AFTER
    Label.objects.filter(pk=label.pk, state="voiding").update(void_at=now)
    answer = _tried(label, lambda: provider.void(bought_of(label)))
    return None if _refused(answer) and not certain else answer


def _tried(label: Label, call: Callable[[], VoidResult | None]) -> Answer:
    try:
        with about(order_number(label)):
            return call()
    # Also a mistake of ours while reading the answer: the provider may have taken the label back.
    except Exception as error:
        return error


def _refused(answer: Answer) -> bool:
    return isinstance(answer, VoidResult) and answer.outcome is VoidOutcome.REFUSED
