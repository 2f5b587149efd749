"""A bench with orders to be packed, and somebody who scans."""

import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from core import files
from core.models import Role, User, Workspace
from orders.models import Order
from shipping.bench.packing import bench_of, scan
from shipping.models import Label, PackBench, PackScan
from tests import factories
from tests.shipping.labels.papers import pdf


@dataclass
class Table:
    """One machine and one packer; `scan` types codes one after the other."""

    workspace: Workspace
    packer: User
    key: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def bench(self) -> PackBench:
        return bench_of(self.workspace, self.key)

    def scan(self, *codes: str) -> PackScan:
        row = None
        for code in codes:
            row, _ = scan(self.bench, uuid.uuid4(), code, user=self.packer)
        assert row is not None
        return row

    def order(self, *skus: str, labelled: bool = True, **fields: Any) -> Order:
        """An order of these seller SKUs, one unit each, bought unless said otherwise."""
        stage = {"stage": "bought"} if labelled else {}
        order = factories.order(
            self.workspace, unit_count=len(skus), **({"sku_count": len(set(skus))} | stage | fields)
        )
        for sku in skus:
            known = {"seller_sku": sku, "product_name": f"Thing {sku}"}
            factories.line(order, sku_id=f"id-{sku}", **known)
            if not order.shop.skus.filter(tiktok_id=f"id-{sku}").exists():
                factories.sku(order.shop, tiktok_id=f"id-{sku}", **known)
        if labelled:
            label(order)
        return order


def label(order: Order, **fields: Any) -> Label:
    """Its bought label with a file."""
    key = files.save(pdf(order.tiktok_id), suffix=".pdf")
    account = order.workspace.label_accounts.first() or factories.account(order.workspace)
    values = {"account": account, "tracking_number": f"1Z{order.pk:016}", "file_key": key}
    return factories.label(order, **(values | fields))


@pytest.fixture
def table(db: None) -> Table:
    workspace = factories.workspace()
    return Table(workspace, factories.member(workspace, Role.PACKER))
