"""What was sold, how far each shop is read, and what TikTok is told about shipping."""

from orders.models.orders import Lane, Line, Order, OrderEvent, Stage
from orders.models.reading import SyncCursor
from orders.models.telling import Dispatch

__all__ = ["Dispatch", "Lane", "Line", "Order", "OrderEvent", "Stage", "SyncCursor"]
