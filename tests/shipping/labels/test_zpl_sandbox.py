"""Labels for label printers, bought at the simulated providers that make them."""

import pytest
from django.utils import timezone

from core import batches, files
from core.models import Batch
from orders.models import Order
from shipping.labels.documents import fetch
from shipping.labels.purchase import buy_label, prepare
from shipping.labels.values import spec_of, wanted_format
from shipping.models import Label
from shipping.plan import plan_order
from tests.shipping.labels.at_sandbox import an_order
from tests.shipping.labels.at_sandbox import desk as desk
from tests.shipping.labels.at_sandbox import sandbox as sandbox
from tests.shipping.labels.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def batch(desk: World, order: Order, kind: str) -> Batch:
    options = {"label_format": kind}
    return batches.start(desk.workspace, "labels", [order.pk], user=None, options=options)


def bought(desk: World, kind: str) -> Label:
    order = an_order(desk)
    label = prepare(order, plan_order(order, now=timezone.now()), batch(desk, order, kind))
    assert buy_label(label_id=label.pk) == "bought"
    label.refresh_from_db()
    assert fetch(label), label.document_error
    return label


@pytest.mark.parametrize(("kind", "start"), [("ZPL", b"^XA"), ("PDF", b"%PDF-")])
def test_a_label_comes_as_the_batch_was_bought_for(desk: World, kind: str, start: bytes) -> None:
    label = bought(desk, kind)
    assert label.label_format == kind
    assert files.read(label.file_key).lstrip().startswith(start)


def test_the_kind_of_file_is_no_part_of_what_was_quoted(desk: World) -> None:
    label = bought(desk, "ZPL")
    assert label.spec == label.quote_set.spec
    assert spec_of(label).label_format == "PDF"


def test_a_provider_that_makes_no_zpl_is_asked_for_pdf(desk: World) -> None:
    order = an_order(desk)
    assert wanted_format(batch(desk, order, "ZPL"), "tiktok") == "PDF"
    assert wanted_format(None, "easypost") == "PDF"
