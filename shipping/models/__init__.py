"""All models of shipping, one file per noun."""

from shipping.models.accounts import ACCOUNT, LabelAccount
from shipping.models.addresses import ParcelPreset, ShipFrom
from shipping.models.labels import Label, LedgerEntry, PrintFile, QuoteSet

__all__ = [
    "ACCOUNT",
    "Label",
    "LabelAccount",
    "LedgerEntry",
    "ParcelPreset",
    "PrintFile",
    "QuoteSet",
    "ShipFrom",
]
