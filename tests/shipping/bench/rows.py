"""Rows of the packing bench and of printing."""

import itertools
from typing import Any

from core.models import Workspace
from shipping.models import PrintJob, Tote
from tests import factories

_number = itertools.count(1)


def tote(of: Workspace, **fields: Any) -> Tote:
    """A tote with an order in it."""
    values = {"number": next(_number), "order": fields.pop("order", None) or factories.order(of)}
    return Tote.objects.create(workspace=of, **(values | fields))


def print_job(of: Workspace, **fields: Any) -> PrintJob:
    """A label that the print service refused."""
    values = {"title": "Label of order 5769", "state": "failed", "reason": "No such printer."}
    label = fields.pop("label", None) or factories.label(factories.order(of))
    return PrintJob.objects.create(workspace=of, label=label, **(values | fields))
