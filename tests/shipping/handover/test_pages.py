"""The pages of the door: scanning, closing, forms, labels that never left, proof."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django_q.models import OrmQ
from pypdf import PdfReader

from core import files
from core.access import zone
from core.models import Role, Workspace
from shipping.handover.photos import add
from shipping.models import CloseOut, HandoverPhoto, HandoverScan, Label, Manifest
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of
from tests.shipping.handover.test_idle import DAY, bought
from tests.shipping.handover.test_photos import picture

pytestmark = pytest.mark.django_db
NUMBER = "1Z999AA10123456784"
SENDER = {"postal_code": "94104", "name": "Glow", "street1": "1 Oak", "city": "San Francisco",
          "state": "CA", "country": "US"}  # fmt: skip


@pytest.fixture
def packer(glow: Workspace) -> Desk:
    return desk_of(glow, Role.PACKER)


def test_an_empty_door_says_what_it_is_for(owner: Desk) -> None:
    assert "Nothing to hand over" in text_of(owner.get("handover"))
    assert "No handover yet" in text_of(owner.get("handover-past"))
    assert "Every label was used" in text_of(owner.get("handover-idle"))
    assert "No label waits for a form" in text_of(owner.get("manifests"))


def test_a_scan_answers_with_the_part_alone(glow: Workspace, packer: Desk) -> None:
    factories.label(factories.order(glow))
    html = packer.post("handover-scan", {"code": NUMBER}, part=True).content.decode()
    assert "<html" not in html
    assert 'data-verdict="taken"' in html
    assert "Every parcel is out" in html
    again = packer.post("handover-scan", {"code": NUMBER}, part=True).content.decode()
    assert 'role="alert" data-verdict="twice"' in again


def test_without_javascript_a_scan_is_a_page(glow: Workspace, packer: Desk) -> None:
    factories.label(factories.order(glow))
    page = packer.post("handover-scan", {"code": "1Z0000000000000000", "carrier": "ups"})
    words = text_of(page)
    assert "Stop: not handed over" in words
    assert "1 parcel still here" in words
    assert "<html" in page.content.decode()
    assert packer.post("handover-scan", {"code": "  "}).status_code == 200


def test_scanning_many_costs_no_query_each(
    glow: Workspace, packer: Desk, django_assert_max_num_queries: Any
) -> None:
    close_out = factories.close_out(glow)
    account = factories.account(glow)
    for n in range(9):
        label = factories.label(
            factories.order(glow), account=account, tracking_number=f"1Z{n:016}"
        )
        factories.handover_scan(label, close_out)
    packer.get("handover")
    with django_assert_max_num_queries(13):
        packer.get("handover")
    factories.label(factories.order(glow), account=account)
    with django_assert_max_num_queries(22):
        packer.post("handover-scan", {"code": NUMBER}, part=True)
    assert HandoverScan.objects.count() == 10


def test_a_scan_is_taken_back(glow: Workspace, packer: Desk) -> None:
    label = factories.label(factories.order(glow))
    packer.post("handover-scan", {"code": NUMBER})
    response = packer.post("handover-undo", scan_id=HandoverScan.objects.get().pk)
    assert "is not handed over" in packer.told(response)[0]
    label.refresh_from_db()
    assert label.handed_over_at is None


def test_a_handover_is_closed_with_its_pickup_time(glow: Workspace, packer: Desk) -> None:
    factories.label(factories.order(glow))
    packer.post("handover-scan", {"code": NUMBER})
    found = CloseOut.objects.get()
    page = packer.get("handover-close-out", close_out_id=found.pk)
    assert "1 parcel handed over" in text_of(page)
    wrong = packer.post("handover-close", {"pickup_at": "2020-01-01T10:00"}, close_out_id=found.pk)
    assert wrong.status_code == 422
    here = timezone.now().astimezone(zone(glow))
    data = {"pickup_at": f"{here:%Y-%m-%dT%H:%M}", "note": "Dock 3"}
    response = packer.post("handover-close", data, close_out_id=found.pk)
    assert packer.told(response) == ["Closed: 1 parcels handed over to UPS."]
    found.refresh_from_db()
    assert found.pickup_at is not None
    assert found.pickup_at == here.replace(second=0, microsecond=0)
    words = text_of(packer.get("handover-close-out", close_out_id=found.pk))
    assert "Dock 3" in words
    assert "Correct the pickup time" in words
    assert "UPS" in text_of(packer.get("handover-past"))


def test_a_photo_is_kept_clean_and_shown(glow: Workspace, packer: Desk) -> None:
    found = factories.close_out(glow)
    upload = SimpleUploadedFile("door.jpg", picture(), "image/jpeg")
    packer.post("handover-photo-add", {"photo": upload}, close_out_id=found.pk)
    photo = HandoverPhoto.objects.get()
    answer = packer.get("handover-photo", photo_id=photo.pk)
    assert answer["Content-Type"] == "image/jpeg"
    assert answer.content == files.read(photo.file_key)
    page = packer.get("handover-close-out", close_out_id=found.pk).content.decode()
    assert f"/handover/photos/{photo.pk}/" in page


def test_a_photo_that_is_none_is_refused_with_words(glow: Workspace, packer: Desk) -> None:
    found = factories.close_out(glow)
    upload = SimpleUploadedFile("door.jpg", b"<script>", "image/jpeg")
    response = packer.post("handover-photo-add", {"photo": upload}, close_out_id=found.pk)
    assert "not a whole JPEG or PNG" in packer.told(response)[0]
    nothing = packer.post("handover-photo-add", close_out_id=found.pk)
    assert packer.told(nothing)[-1] == "Choose a picture first."
    assert not HandoverPhoto.objects.exists()


def test_labels_that_never_left_are_ticked_and_given_back(glow: Workspace, owner: Desk) -> None:
    first, second = bought(glow, 27, carrier="usps"), bought(glow, 5)
    page = owner.get("handover-idle").content.decode()
    assert "$10.00 can still be asked back" in page
    assert page.index(f'value="{first.pk}"') < page.index(f'value="{second.pk}"')
    response = owner.post("handover-idle-void", {"label": [str(first.pk), "x", "99999999"]})
    assert owner.told(response)[0].startswith("1 label is being given back")
    assert OrmQ.objects.count() == 1
    nothing = owner.post("handover-idle-void", {"label": ["x"]})
    assert "None of these labels" in owner.told(nothing)[-1]


def test_a_packer_sees_idle_labels_and_cannot_void_them(glow: Workspace, packer: Desk) -> None:
    label = bought(glow, 5)
    page = packer.get("handover-idle").content.decode()
    assert label.order.tiktok_id in page
    assert 'name="label"' not in page
    assert packer.post("handover-idle-void", {"label": [str(label.pk)]}).status_code == 403


def test_idle_labels_cost_no_query_each(
    glow: Workspace, owner: Desk, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        bought(glow, 5)
    owner.get("handover-idle")
    with django_assert_max_num_queries(12):
        assert owner.get("handover-idle").content.decode().count("data-row>") == 8


def test_a_form_is_offered_for_each_group_and_made_by_a_worker(
    glow: Workspace, packer: Desk
) -> None:
    account = factories.account(glow)
    for n in range(2):
        factories.label(
            factories.order(glow), account=account, carrier="usps", spec={"sender": SENDER},
            tracking_number=f"94{n:020}",
        )  # fmt: skip
    page = packer.get("manifests").content.decode()
    assert "USPS: 2 labels" in page
    key = page.split('name="group" value="')[1].split('"')[0]
    response = packer.post("manifest-make", {"group": key})
    assert "is being made" in packer.told(response)[0]
    form = Manifest.objects.get()
    assert (form.state, form.label_count) == ("ready", 2)
    assert OrmQ.objects.count() == 1
    page = packer.get("manifests").content.decode()
    assert 'hx-trigger="every 3s"' in page
    assert "being made" in page
    twice = packer.post("manifest-make", {"group": key})
    assert "on a form already" in packer.told(twice)[0]


def test_a_forms_paper_is_shown_and_printing_is_noted(glow: Workspace, packer: Desk) -> None:
    from shipping.providers.memory import one_page_pdf

    form = factories.manifest(glow)
    waiting = packer.get("manifest-print", manifest_id=form.pk)
    assert waiting.status_code == 303
    key = files.save(one_page_pdf(612, 792), suffix=".pdf")
    Manifest.objects.filter(pk=form.pk).update(file_key=key)
    paper = packer.get("manifest-print", manifest_id=form.pk)
    assert paper["Content-Type"] == "application/pdf"
    packer.post("manifest-print", manifest_id=form.pk)
    form.refresh_from_db()
    assert form.printed_at is not None
    assert "Print again" in text_of(packer.get("manifests"))


def test_forms_that_failed_say_why(glow: Workspace, owner: Desk) -> None:
    reason = "None of these labels can go on a form of that date."
    factories.manifest(glow, state="refused", reason=reason, provider_id="")
    factories.manifest(glow, state="unknown", provider_id="")
    words = text_of(owner.get("manifests"))
    assert reason in words
    assert "not known yet" in words
    assert "Ask now" in words


def test_the_appeal_pack_of_one_and_of_many(glow: Workspace, packer: Desk) -> None:
    orders = [factories.order(glow) for _ in range(2)]
    factories.label(orders[0])
    one = packer.get("appeal-pack", order_id=orders[0].pk)
    assert one["Content-Type"] == "application/pdf"
    many = packer.post("appeal-packs", {"order": [str(order.pk) for order in orders]})
    text = " ".join(page.extract_text() for page in PdfReader(BytesIO(many.content)).pages)
    assert all(order.tiktok_id in text for order in orders)
    nobody = packer.post("appeal-packs")
    assert nobody.status_code in (302, 303)


def test_pages_of_handovers_are_turned(glow: Workspace, owner: Desk) -> None:
    shop = factories.shop(glow)
    at = timezone.now()
    CloseOut.objects.bulk_create(
        CloseOut(
            workspace=glow, shop=shop, carrier="ups", day=at.date(), opened_at=at - n * DAY,
            closed_at=at, pickup_at=at,
        )
        for n in range(51)
    )  # fmt: skip
    first = owner.get("handover-past").content.decode()
    place = first.split("after=")[1].split('"')[0]
    second = owner.get("handover-past", f"?after={place}").content.decode()
    assert second.count("data-row>") == 1
    assert owner.get("handover-past", "?after=2026_x").status_code == 200


def test_an_erased_photo_is_named_as_such(glow: Workspace, owner: Desk) -> None:
    found = factories.close_out(glow)
    photo = add(found, picture(), user=None)
    HandoverPhoto.objects.filter(pk=photo.pk).update(file_key="")
    assert "Erased with a buyer" in text_of(owner.get("handover-close-out", close_out_id=found.pk))
    assert owner.get("handover-photo", photo_id=photo.pk).status_code == 404
    assert Label.objects.count() == 0
