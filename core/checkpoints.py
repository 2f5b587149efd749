"""The numbered steps at which the crash harness kills a process; everywhere else one `if` each.

CREATORFLOW_CRASH_AT holds `name:n`: the process ends by SIGKILL, as by a power cut, when it passes
that step for the nth time. It may also be the path of a file that holds those words: the file may
come while the process runs, and whoever dies of it removes it first, so only one process does.
"""

import os
import signal
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path

# name: (function that passes it, what is done by then)
STEPS: dict[str, tuple[str, str]] = {
    "buy.chosen": ("shipping.labels.purchase.buy", "label ready, nothing asked"),
    "buy.intended": ("shipping.labels.purchase.buy", "intent committed"),
    "buy.sending": ("shipping.labels.purchase.pay", "the call is about to leave"),
    "buy.answered": ("shipping.labels.purchase.pay", "paid at the provider, nothing written"),
    "buy.charged": ("shipping.labels.purchase._book", "ledger entry in an open transaction"),
    "buy.settling": ("shipping.labels.purchase.settle", "all written, not committed"),
    "buy.settled": ("shipping.labels.purchase.settle", "label, ledger, order, audit committed"),
    "reconcile.asked": ("shipping.labels.reconcile.ask", "the provider said what became of it"),
    "reconcile.settled": ("shipping.labels.reconcile._bought", "settled; file and number to do"),
    "document.fetched": ("shipping.labels.documents.fetch", "bytes in memory"),
    "document.stored": ("shipping.labels.documents.fetch", "file on disk, no row names it"),
    "document.noted": ("shipping.labels.documents.fetch", "the label's row names the file"),
    "void.requested": ("shipping.labels.void.void", "label out of use, nobody asked yet"),
    "void.answered": ("shipping.labels.void.void", "the provider answered, nothing written"),
    "void.credited": ("shipping.labels.void.credit", "credit in an open transaction"),
    "batch.claimed": ("core.batches.claim", "rows claimed, nothing begun"),
    "batch.prepared": ("shipping.batch_checks.priced", "label ready, its buyer not called"),
    "batch.closing": ("core.batches.settle_done", "labels bought, rows still open"),
    "batch.closed": ("core.batches.settle_done", "rows closed, batch still open"),
    "tell.handed": ("shipping.labels.telling.tell_many", "numbers handed over and committed"),
    "tell.intended": ("orders.telling.tell", "intent committed, TikTok not told"),
    "tell.answered": ("orders.telling.tell", "TikTok told, nothing written"),
    "tell.settling": ("orders.telling.done", "settled in an open transaction"),
    "tell.settled": ("orders.telling.done", "settled and committed"),
    "refresh.asking": ("shops.tokens._renew", "row locked, TikTok not asked"),
    "refresh.answered": ("shops.tokens._renew", "old refresh token dead, new ones in memory"),
    "refresh.kept": ("shops.tokens._renew", "new tokens committed"),
    "sync.opened": ("orders.windows.Reading._open", "window fixed, no page read"),
    "sync.page_read": ("orders.windows.Reading._keep", "page in memory"),
    "sync.page_written": ("orders.windows.Reading._keep", "orders committed, cursor not moved"),
    "sync.window_read": ("orders.windows.Reading._close", "all pages committed, window open"),
    "sync.window_closed": ("orders.windows.Reading._close", "cursor moved, nobody told"),
    "webhook.stored": ("core.receiver.Receiver._receive", "event committed, not answered"),
    "webhook.claimed": ("core.inbox_claims.claim", "events claimed, nothing begun"),
    "webhook.handling": ("core.inbox._handle", "claim renewed, handler not called"),
    "webhook.handled": ("core.inbox._handle", "effects committed, events open"),
    "webhook.done": ("core.inbox._handle", "events settled"),
}

_plan = os.environ.get("CREATORFLOW_CRASH_AT", "")
_passed: Counter[str] = Counter()
_lock = threading.Lock()


def reached(name: str) -> None:
    """Pass the step `name` of STEPS; ends the process where the harness said so."""
    if _plan:
        _meet(name)


def _meet(name: str) -> None:
    planned = _plan
    if "/" in _plan:
        planned = ""
        with suppress(FileNotFoundError):
            planned = Path(_plan).read_text()
    wanted, _, count = planned.partition(":")
    if wanted != name:
        return
    with _lock:
        _passed[name] += 1
        if _passed[name] < int(count or 1):
            return
    with suppress(FileNotFoundError):
        if "/" in _plan:
            Path(_plan).unlink()  # of several processes here at once, one does it
        os.kill(os.getpid(), signal.SIGKILL)
