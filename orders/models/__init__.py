"""What was sold, how far each shop is read, and what TikTok is told about shipping."""

from orders.models.orders import Lane, Line, Order, OrderEvent, Stage
from orders.models.reading import HURRIED, RECONCILIATION, Gap, Reconciliation, SyncCursor
from orders.models.telling import Dispatch

__all__ = [
    "HURRIED",
    "RECONCILIATION",
    "Dispatch",
    "Gap",
    "Lane",
    "Line",
    "Order",
    "OrderEvent",
    "Reconciliation",
    "Stage",
    "SyncCursor",
]
