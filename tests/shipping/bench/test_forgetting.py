"""Old scans of the packing bench are forgotten; what they led to is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from shipping.bench.forgetting import forget_old
from shipping.bench.packing import state_of
from shipping.models import PackScan, PackSession
from tests.shipping.bench.desk import Table
from tests.shipping.bench.desk import table as table

pytestmark = pytest.mark.django_db


def age(days: int) -> None:
    PackScan.objects.update(at=timezone.now() - timedelta(days=days))


def packed(table: Table) -> None:
    table.scan(table.order("A").tiktok_id, "A")
    table.scan(table.order("B").tiktok_id)  # lies on the bench now


def test_scans_are_forgotten_after_ninety_days_and_the_packing_is_not(table: Table) -> None:
    packed(table)
    age(89)
    assert forget_old() == 0
    age(91)
    assert forget_old() == 2
    first = PackSession.objects.earliest("pk")
    assert first.packed_at is not None
    assert first.packer == table.packer


def test_an_order_that_lies_on_a_bench_keeps_its_scans(table: Table) -> None:
    packed(table)
    table.scan("/undo")
    table.scan(table.order("C", "D").tiktok_id, "C")
    age(400)
    forget_old()
    assert state_of(table.bench.session).verified == 1
