"""Moves of what we tell TikTok about an order."""

from core.states import StateTable

# "telling" is the intent on disk before the call; "unknown" is resolved only by reading the order
# from TikTok.
DISPATCH = StateTable(
    {
        "due": {"telling", "refused", "done", "withdrawn"},
        "telling": {"done", "refused", "unknown", "due", "withdrawn"},
        "unknown": {"done", "refused", "due", "withdrawn"},
        "refused": {"due", "done", "withdrawn"},
        "done": set(),
        "withdrawn": set(),
    }
)

# An answer to a buyer's wish to cancel. Unknown becomes due again: the call carries a key that makes
# it the same call.
ANSWER = StateTable(
    {
        "due": {"asking", "refused"},
        "asking": {"done", "refused", "unknown", "due"},
        "unknown": {"done", "refused", "due"},
        "done": set(),
        "refused": set(),
    }
)
