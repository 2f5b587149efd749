"""The appeal pack: everything that proves an order was shipped, and nothing that is a secret."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.utils import timezone
from pypdf import PdfReader

from core.models import User, Workspace
from orders.models import Dispatch, Order
from shipping.handover import appeal
from shipping.handover.appeal_pdf import appeal_pdf
from shipping.handover.photos import add
from shipping.models import TrackingEvent
from tests import factories
from tests.factories import utc
from tests.shipping.handover.test_photos import picture
from tests.shipping.spread import bought, spread

pytestmark = pytest.mark.django_db
MADE = utc("2026-11-25 12:00")
ORDERED = utc("2026-11-19 18:00")  # a Thursday, 10:00 in Los Angeles
SCAN_BY = utc("2026-11-24 07:59")
SCANNED = utc("2026-11-21 01:30")


@pytest.fixture
def packer(glow: Workspace) -> User:
    person = factories.user("kim.packer@example.com", first_name="Kim", last_name="Lee")
    return factories.member(glow, "packer", person)


def shipped(glow: Workspace, packer: User, **fields: Any) -> Order:
    """An order with all the proof there can be."""
    account = factories.account(glow, name="EasyPost main")
    form = factories.manifest(glow, account=account, settled_at=utc("2026-11-20 20:00"))
    order = factories.order(
        glow, created_at=ORDERED, paid_at=ORDERED, scan_by=SCAN_BY, due_at=SCAN_BY, **fields
    )
    label = factories.label(
        order, account=account, carrier="usps", service_name="Ground Advantage", manifest=form,
        settled_at=utc("2026-11-20 17:00"), first_scan_at=SCANNED, tracking_status="in_transit",
        tracking_number="9400100208303109505749",
    )  # fmt: skip
    close_out = factories.close_out(glow, carrier="usps", pickup_at=utc("2026-11-20 23:45"))
    factories.handover_scan(label, close_out, at=utc("2026-11-20 23:30"), by=packer)
    add(close_out, picture((400, 300)), user=packer)
    TrackingEvent.objects.create(
        label=label, at=SCANNED, status="in_transit", text="Accepted at USPS Origin Facility",
        place="Reno, NV", source="easypost", dedupe="1",
    )  # fmt: skip
    Dispatch.objects.create(
        order=order, state="done", tracking_number=label.tracking_number, carrier="usps",
        done_at=utc("2026-11-20 17:01"),
    )  # fmt: skip
    return order


def words(content: bytes) -> str:
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split()
    )


def made(glow: Workspace, *orders: Order) -> bytes:
    rows = Order.objects.of(glow).filter(pk__in=[order.pk for order in orders])
    return appeal_pdf(appeal.packs(glow, rows), made_at=MADE)


def test_it_tells_the_whole_story_in_the_markets_time(glow: Workspace, packer: User) -> None:
    order = shipped(glow, packer)
    text = words(made(glow, order))
    assert (
        "First scanned by the carrier on 20 Nov 2026, 17:30:00 PST, 3 d 6 h 29 min before the "
        "deadline of 23 Nov 2026, 23:59:00 PST." in text
    )
    for part in (
        f"order {order.tiktok_id}",
        "Label bought, USPS Ground Advantage: 9400100208303109505749",
        "On the USPS SCAN form of",
        "Scanned as it was handed to USPS. Kim Lee",
        "Picked up by USPS.",
        "First scan by USPS.",
        "TikTok was told the number 9400100208303109505749.",
        "Accepted at USPS Origin Facility, Reno, NV",
        "the carrier's first scan",
        "Austin, TX",
    ):
        assert part in text


def test_the_rules_are_those_of_the_orders_day_with_their_source(
    glow: Workspace, packer: User
) -> None:
    late = words(made(glow, shipped(glow, packer)))
    assert "“A regular order is scanned by its carrier within 2 business days of its date.”" in late
    assert "In force since 26 January 2026, as of 19 November 2026" in late
    assert "https://english.ebrun.com/20260113/636326.shtml" in late
    early = factories.order(glow, created_at=utc("2026-01-20 18:00"))
    before = words(made(glow, early))
    assert "within 2 business days" not in before
    assert "had 4 business days, while scans began to count" in before
    assert "being ready for collection" in before


def test_nothing_secret_and_no_buyers_street_is_in_it(glow: Workspace, packer: User) -> None:
    order = shipped(glow, packer)
    text = words(made(glow, order))
    for secret in ("EZTK", "kim.packer@example.com", "1 Main St", "Jo Ortiz", "78701"):
        assert secret not in text


def test_photos_of_the_handover_are_in_it(glow: Workspace, packer: User) -> None:
    order = shipped(glow, packer)
    pages = PdfReader(BytesIO(made(glow, order))).pages
    assert sum(len(page.images) for page in pages) == 1
    assert {tuple(map(float, page.mediabox[2:])) for page in pages} == {(612.0, 792.0)}


def test_an_order_with_nothing_done_says_so(glow: Workspace) -> None:
    text = words(made(glow, factories.order(glow)))
    assert "Neither a handover nor a carrier's scan is recorded." in text
    assert "The carrier has told nothing yet." in text


def test_a_late_scan_is_called_late(glow: Workspace, packer: User) -> None:
    order = shipped(glow, packer)
    order.labels.update(first_scan_at=SCAN_BY + timedelta(minutes=90))
    assert "1 h 30 min after the deadline" in words(made(glow, order))


def test_many_orders_are_one_file_at_a_fixed_number_of_queries(
    glow: Workspace, packer: User, django_assert_max_num_queries: Any
) -> None:
    orders = [shipped(glow, packer)]
    close_out = orders[0].labels.get().handover.close_out
    account = orders[0].labels.get().account
    for n in range(7):
        order = factories.order(glow, created_at=ORDERED)
        label = factories.label(order, account=account, tracking_number=f"1Z{n:016}")
        factories.handover_scan(label, close_out, at=timezone.now(), by=packer)
        orders.append(order)
    with django_assert_max_num_queries(9):
        content = made(glow, *orders)
    text = words(content)
    assert all(f"order {order.tiktok_id}" in text for order in orders)
    assert len(content) < 300_000


def test_a_neighbours_order_is_not_found(glow: Workspace, packer: User) -> None:
    other = factories.workspace("Other")
    order = shipped(glow, packer)
    assert appeal.packs(other, Order.objects.of(other).filter(pk=order.pk)) == []


def test_every_parcel_of_the_order_is_proven_by_its_own_scans(
    glow: Workspace, packer: User, django_assert_num_queries
) -> None:
    order = shipped(glow, packer)
    first = order.labels.get()
    for name in ("A", "B", "C"):
        factories.line(order, sku_id=name)
    spread(order, p3="elsewhere")
    first.part = 1
    first.save(update_fields=["part"])
    late = SCANNED + timedelta(hours=2)
    second = bought(
        order, 2, account=first.account, tracking_number="1Z999AA10123456784",
        settled_at=utc("2026-11-20 17:10"), first_scan_at=late,
    )  # fmt: skip
    TrackingEvent.objects.create(
        label=second, at=late, status="in_transit", text="Origin scan", place="Sparks, NV",
        source="easypost", dedupe="2",
    )  # fmt: skip
    close_out = first.handover.close_out
    factories.handover_scan(second, close_out, at=utc("2026-11-20 23:31"), by=packer)
    text = words(made(glow, order))
    for part in (
        "Parcel 1 of 3: First scanned by the carrier on 20 Nov 2026, 17:30:00 PST",
        "Parcel 2 of 3: First scanned by the carrier on 20 Nov 2026, 19:30:00 PST",
        "UPS Ground, number 1Z999AA10123456784",
        "USPS Ground Advantage, number 9400100208303109505749",
        "Parcel 2 of 3: Scanned as it was handed to UPS. Kim Lee",
        "Parcel 1 of 3: Accepted at USPS Origin Facility, Reno, NV",
        "Parcel 2 of 3: Origin scan, Sparks, NV",
    ):
        assert part in text
    assert "Parcel 3 of 3" not in text
    rows = Order.objects.of(glow)
    (pack,) = appeal.packs(glow, rows)
    assert len(pack.photos) == 1
    with django_assert_num_queries(6):
        appeal.packs(glow, rows)


def test_a_parcel_without_a_label_is_not_passed_over(glow: Workspace, packer: User) -> None:
    order = factories.order(glow, created_at=ORDERED, scan_by=SCAN_BY, due_at=SCAN_BY)
    for name in ("A", "B"):
        factories.line(order, sku_id=name)
    bought(spread(order), 1, first_scan_at=SCANNED)
    assert "Parcel 2 of 2: Neither a handover nor a carrier's scan" in words(made(glow, order))
