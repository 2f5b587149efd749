"""Label accounts that are left alone are tried again by a free call: a purchase must not be the one
that finds out whether they answer."""

import logging

from core import breaker
from core.errors import RemoteError
from core.jobs import job
from core.queues import Queue
from core.vault import VaultError
from shipping import accounts
from shipping.models import LabelAccount

log = logging.getLogger(__name__)


@job(queue=Queue.READING)
def probe_due() -> int:
    """Try every account whose pause is over; answers how many answer again. Shops, TikTok's sign-in
    and label files are tried by their own sweeps, which read."""
    due = {state.key for state in breaker.in_trouble() if state.is_due}
    if not due:
        return 0
    rows = LabelAccount.objects.filter(state="active").exclude(provider="tiktok")
    return sum(_answers(row) for row in rows if accounts.circuit_of(row) in due)


def _answers(account: LabelAccount) -> bool:
    try:
        accounts.provider_for(account).check()
    except (RemoteError, VaultError) as error:
        log.info("account %s: still away: %s", account.pk, error)
        return False
    return True
