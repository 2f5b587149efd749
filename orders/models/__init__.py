"""What was sold, how far each shop is read, and what TikTok is told about shipping."""

from orders.models.cancellations import Cancellation, CancellationAnswer
from orders.models.clock import Clock, Risk
from orders.models.orders import Lane, Line, Order, OrderEvent, Stage
from orders.models.packages import EDIT, GROUP, BoxMate, CombineGroup, Package, TrackingEdit
from orders.models.reading import HURRIED, RECONCILIATION, Gap, Reconciliation, SyncCursor
from orders.models.telling import Dispatch

__all__ = [
    "EDIT",
    "GROUP",
    "BoxMate",
    "CombineGroup",
    "Package",
    "TrackingEdit",
    "HURRIED",
    "RECONCILIATION",
    "Cancellation",
    "CancellationAnswer",
    "Clock",
    "Dispatch",
    "Gap",
    "Lane",
    "Line",
    "Order",
    "OrderEvent",
    "Reconciliation",
    "Risk",
    "Stage",
    "SyncCursor",
]
