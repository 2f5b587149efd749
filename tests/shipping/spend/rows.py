"""Rows of what is spent and saved, as small as they may be; see tests/factories.py."""

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from core.models import Workspace
from shipping.models import SavingsDay, SpendApproval

_number = itertools.count(1)


def approval(of: Workspace, **fields: Any) -> SpendApproval:
    """A purchase of two labels that waits for a second person."""
    values: dict[str, Any] = {
        "once": f"sheet-{next(_number)}",
        "prices": {},
        "count": 2,
        "total": Decimal("16.82"),
        "currency": "USD",
        "expires_at": timezone.now() + timedelta(hours=4),
    }
    return SpendApproval.objects.create(workspace=of, **(values | fields))


def savings_day(of: Workspace, day: date, **fields: Any) -> SavingsDay:
    """Ten own labels for $80.00 that would have cost $100.00."""
    values: dict[str, Any] = {
        "lane": "own",
        "currency": "USD",
        "labels": 10,
        "paid": Decimal("80.00"),
        "compared": 10,
        "paid_compared": Decimal("80.00"),
        "baseline": Decimal("100.00"),
        "offered": {"UPS Ground": 10},
        "services": {"UPS Ground": 10},
    }
    return SavingsDay.objects.create(workspace=of, day=day, **(values | fields))
