"""All models of shipping, one file per noun."""

from shipping.models.accounts import ACCOUNT, LabelAccount
from shipping.models.addresses import ParcelPreset, ShipFrom
from shipping.models.bench import (
    PackBench,
    PackScan,
    PackSession,
    PackSettings,
    SkuPicture,
    Tote,
)
from shipping.models.bulk import BulkChange
from shipping.models.clock import MetricReading, ScanLag
from shipping.models.handover import CloseOut, HandoverPhoto, HandoverScan
from shipping.models.labels import Label, LedgerEntry, PrintFile, QuoteSet
from shipping.models.manifests import MANIFEST, Manifest
from shipping.models.money_back import MoneyBack, VoidSetting
from shipping.models.print_jobs import PRINT_JOB, PrintJob
from shipping.models.rules import RUN, Preset, Rule, RuleRun, RuleRunRow, RuleSet
from shipping.models.savings import SavingsBaseline, SavingsDay
from shipping.models.spend import APPROVAL, SpendApproval, SpendLimits, UsualPrice
from shipping.models.tracking import TrackingEvent

__all__ = [
    "ACCOUNT",
    "APPROVAL",
    "MANIFEST",
    "RUN",
    "PRINT_JOB",
    "BulkChange",
    "CloseOut",
    "HandoverPhoto",
    "HandoverScan",
    "Label",
    "LabelAccount",
    "LedgerEntry",
    "Manifest",
    "PackBench",
    "PackScan",
    "PackSession",
    "PackSettings",
    "MetricReading",
    "MoneyBack",
    "ParcelPreset",
    "PrintFile",
    "PrintJob",
    "Preset",
    "QuoteSet",
    "Rule",
    "RuleRun",
    "RuleRunRow",
    "RuleSet",
    "SavingsBaseline",
    "SavingsDay",
    "ScanLag",
    "ShipFrom",
    "SkuPicture",
    "SpendApproval",
    "SpendLimits",
    "Tote",
    "TrackingEvent",
    "UsualPrice",
    "VoidSetting",
]
