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
