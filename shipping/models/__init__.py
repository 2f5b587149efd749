"""All models of shipping, one file per noun."""

from shipping.models.accounts import ACCOUNT, LabelAccount
from shipping.models.addresses import ParcelPreset, ShipFrom
from shipping.models.bulk import BulkChange
from shipping.models.labels import Label, LedgerEntry, PrintFile, QuoteSet
from shipping.models.tracking import TrackingEvent

__all__ = [
    "ACCOUNT",
    "BulkChange",
    "Label",
    "LabelAccount",
    "LedgerEntry",
    "ParcelPreset",
    "PrintFile",
    "QuoteSet",
    "ShipFrom",
    "TrackingEvent",
]
