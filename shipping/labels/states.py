"""The life of a label.

ready    chosen, nothing asked yet
buying   the intent is on disk; money may be moving
unknown  asked, and the answer was lost: only the provider resolves it, never a second purchase
bought   paid, with a ledger entry in the same commit
refused  certainly not paid
dropped  chosen but never asked: the order changed, or a person cancelled
voiding  to be taken back; whether the provider heard it is not known yet
refunding  the provider accepted the request: out of use for good, the order may be bought again
voided   the money came back
unused   the provider accepted the request and then kept the money: paid, and not used
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
        "voiding": {"refunding", "voided", "bought"},
        "refunding": {"voided", "unused"},
        "voided": set(),
        "unused": set(),
    }
)

# Paid at some time, whatever became of the money since
PAID = ("bought", "voiding", "refunding", "voided", "unused")
# Paid once and out of use for good: the order may be bought again.
GIVEN_BACK = ("refunding", "voided", "unused")
