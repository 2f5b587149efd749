"""The life of a label.

ready    chosen, nothing asked yet
buying   the intent is on disk; money may be moving
unknown  asked, and the answer was lost: only the provider resolves it, never a second purchase
bought   paid, with a ledger entry in the same commit
refused  certainly not paid
dropped  chosen but never asked: the order changed, or a person cancelled
voiding  money asked back; voided when it is agreed
"""

from core.states import StateTable

LABEL = StateTable(
    {
        "ready": {"buying", "dropped"},
        "buying": {"bought", "refused", "unknown", "ready"},
        "unknown": {"bought", "refused"},
        "bought": {"voiding"},
        "refused": set(),
        "dropped": set(),
        "voiding": {"voided", "bought"},
        "voided": set(),
    }
)
