"""Barcodes entered away from the bench: one code means one SKU of a shop."""

import pytest

from core.models import AuditEntry, Role
from shops.catalog.models import Sku
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.desks import desk as desk
from tests.shipping.labels.world import World
from tests.shipping.labels.worlds import world as world

EAN = "0012345678905"


@pytest.fixture
def serum(world: World) -> Sku:
    return factories.sku(world.shop, seller_sku="SERUM-50", product_name="Glow Serum 50 ml")


def code_of(sku: Sku) -> str:
    return Sku.objects.get(pk=sku.pk).barcode


def test_a_barcode_is_entered_changed_and_cleared_and_each_is_audited(
    desk: Desk, serum: Sku
) -> None:
    for typed, kept in ((EAN, "12345678905"), (" box-7 ", "BOX-7"), ("", "")):
        response = desk.post("sku-barcode", {"barcode": typed}, sku_id=serum.pk)
        assert response.status_code == 303
        assert code_of(serum) == kept
        assert kept in text_of(desk.get("skus", "?q=SERUM-50"))
    done = AuditEntry.objects.filter(subject=f"sku:{serum.pk}").order_by("pk")
    told = [(entry.action, entry.detail["before"], entry.detail["after"]) for entry in done]
    assert told == [
        ("sku.barcode_entered", "", "12345678905"),
        ("sku.barcode_entered", "12345678905", "BOX-7"),
        ("sku.barcode_cleared", "BOX-7", ""),
    ]


def test_a_sku_is_found_by_its_barcode_as_it_is_scanned(desk: Desk, serum: Sku) -> None:
    desk.post("sku-barcode", {"barcode": EAN}, sku_id=serum.pk)
    assert desk.get("skus", f"?q={EAN}").context["skus"] == [serum]


@pytest.mark.parametrize(
    "other",
    [{"barcode": "12345678905"}, {"tiktok_id": EAN}, {"seller_sku": EAN}],
    ids=["its barcode", "TikTok's number", "the seller's SKU"],
)
def test_a_code_that_means_another_sku_is_refused_and_that_sku_named(
    desk: Desk, serum: Sku, other: dict[str, str]
) -> None:
    taken = factories.sku(serum.shop, **({"seller_sku": "MIRROR-1"} | other))
    response = desk.post("sku-barcode", {"barcode": EAN}, sku_id=serum.pk, part=True)
    assert response.status_code == 422
    assert f"{taken} (Glow Serum 30 ml) has this barcode" in text_of(response)
    assert code_of(serum) == ""


def test_another_shop_may_use_the_same_code(desk: Desk, serum: Sku) -> None:
    elsewhere = factories.shop(serum.shop.workspace, name="Outlet")
    factories.sku(elsewhere, barcode="12345678905")
    desk.post("sku-barcode", {"barcode": EAN}, sku_id=serum.pk)
    assert code_of(serum) == "12345678905"


def test_the_same_code_again_changes_nothing(desk: Desk, serum: Sku) -> None:
    for _ in range(2):
        desk.post("sku-barcode", {"barcode": EAN}, sku_id=serum.pk)
    assert AuditEntry.objects.filter(action="sku.barcode_entered").count() == 1


def test_a_viewer_sees_the_code_and_cannot_change_it(serum: Sku, world: World) -> None:
    Sku.objects.filter(pk=serum.pk).update(barcode="BOX-7")
    viewer = desk_of(world.workspace, Role.VIEWER)
    assert "BOX-7" in text_of(viewer.get("skus", "?q=SERUM-50"))
    assert viewer.post("sku-barcode", {"barcode": ""}, sku_id=serum.pk).status_code == 403
    assert code_of(serum) == "BOX-7"
