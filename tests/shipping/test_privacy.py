"""Buyers' personal data: erased when they are old enough or when the buyer asks, handed out, and never filled again."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core import files
from core.models import AuditEntry, Role, WebhookEvent, Workspace
from orders.mapping import map_order
from orders.models import Order, OrderEvent
from orders.upsert import upsert
from shipping import privacy
from shipping.models import Label, LedgerEntry, PrintFile, QuoteSet
from shops.models import ApiCall
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "576900000000000017"
LABEL = b"%PDF-1.4 for Jo Ortiz %%EOF"
RECIPIENT = {
    "name": "Jo Ortiz",
    "street1": "17 Hollow Road",
    "city": "Pflugerville",
    "state": "TX",
    "postal_code": "78660",
    "country": "US",
    "phone": "5125550187",
}
NEVER = ["Ortiz", "ortiz", "Hollow", "Pflugerville", "78660", "5125550187", "glitter_jo", "buyer-7"]
DOCUMENT = {
    "id": NUMBER,
    "status": "COMPLETED",
    "create_time": 1790000000,
    "update_time": 1790009999,
    "user_id": "buyer-7",
    "buyer_nickname": "glitter_jo",
    "buyer_message": "Leave it with Ortiz next door",
    "buyer_email": "ortiz@example.com",
    "payment": {"currency": "USD", "total_amount": "24.00", "tax": "1.98"},
    "shipping_type": "SELLER",
    "recipient_address": {
        "name": "Jo Ortiz",
        "address_line1": "17 Hollow Road",
        "postal_code": "78660",
        "region_code": "US",
        "phone_number": "5125550187",
        "district_info": [
            {"address_level": "L1", "address_name": "Texas", "iso_code": "TX"},
            {"address_level": "L3", "address_name": "Pflugerville"},
        ],
    },
    "line_items": [
        {
            "id": "l1",
            "sku_id": "s1",
            "product_name": "Glow Serum",
            "seller_sku": "SERUM-30",
            "sale_price": "24.00",
        }
    ],
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Settings) -> None:
    settings.FILE_STORE = str(tmp_path / "files")
    settings.BUYER_DATA_DAYS = 180


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace()


@pytest.fixture
def sold(glow: Workspace) -> Order:
    """A completed order with its label, papers, timeline, calls and webhooks, all of which know the buyer."""
    shop = factories.shop(glow)
    upsert(shop, [map_order(DOCUMENT, now=timezone.now())], now=timezone.now())
    order = Order.objects.get(tiktok_id=NUMBER)
    note_the_buyer(order)
    spec = {"recipient": RECIPIENT, "sender": {"name": "Glow LLC"}, "reference": NUMBER}
    batch = factories.batch(glow, [order])
    label = factories.label(
        order,
        spec=spec,
        quote_set=factories.quotes(order, spec=spec, failures=[{"message": "no Hollow Road"}]),
        file_key=files.save(LABEL, suffix=".pdf"),
        label_url="https://files.example/ortiz.pdf",
        print_file=factories.print_file(batch, file_key=files.save(b"two", suffix=".pdf")),
        reason="not at Hollow Road",
    )
    factories.charge(label)
    return Order.objects.get(pk=order.pk)


def note_the_buyer(order: Order) -> None:
    """A note, a corrected address, a failed call and a webhook."""
    old = timezone.now() - timedelta(days=200)
    note = "Ortiz rang twice"
    Order.objects.filter(pk=order.pk).update(note=note, fixed_recipient=RECIPIENT, updated_at=old)
    OrderEvent.objects.create(order=order, kind="note", text=note, detail={"to": "Ortiz"})
    OrderEvent.objects.create(order=order, kind="label", text="UPS Ground for $5.00")
    ApiCall.objects.create(
        workspace=order.workspace, provider="EasyPost", method="POST", path="/v2", status=422,
        milliseconds=1, subject=NUMBER, asked="Hollow Road", answered="no Hollow Road",
    )  # fmt: skip
    body = b'{"name":"Ortiz"}'
    WebhookEvent.objects.create(
        provider="tiktok", event="1", dedupe="d", subject=NUMBER, body=body, state="done",
        workspace=order.workspace,
    )  # fmt: skip


def everything() -> str:
    """All rows of all tables that can know a buyer, as text."""
    tables = [
        model._meta.db_table for model in (Order, OrderEvent, Label, QuoteSet, PrintFile, ApiCall)
    ]
    found = []
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t")  # noqa: S608 - our own names
            found += [text for (text,) in cursor.fetchall()]
        cursor.execute("SELECT encode(body, 'escape') FROM core_webhookevent")
        found += [text for (text,) in cursor.fetchall()]
    return "\n".join(found)


def leaked() -> list[str]:
    text = everything()
    return [word for word in NEVER if word in text]


def test_the_fixture_knows_the_buyer_everywhere(sold: Order) -> None:
    assert leaked() == NEVER


def test_an_old_order_loses_its_buyer_and_keeps_its_money(sold: Order) -> None:
    label = Label.objects.get()
    paper = PrintFile.objects.get()
    assert (privacy.erase_due(), privacy.erase_due()) == (1, 0)
    assert leaked() == []
    order = Order.objects.get(pk=sold.pk)
    assert order.erased_at is not None
    assert (str(order.total), str(order.tax), order.currency) == ("24.00", "1.98", "USD")
    assert order.recipient == {"country": "US", "state": "TX"}
    assert order.raw["payment"] == DOCUMENT["payment"]
    assert order.search_text == f"{NUMBER} serum-30 glow serum"
    assert (order.status, order.stage) == (sold.status, sold.stage)
    kept = Label.objects.get()
    assert (kept.tracking_number, kept.cost, kept.state) == (
        label.tracking_number,
        label.cost,
        "bought",
    )
    assert kept.spec["sender"] == {"name": "Glow LLC"}
    assert LedgerEntry.objects.count() == 1
    for key in (label.file_key, paper.file_key):
        with pytest.raises(files.DamagedFile):
            files.read(key)


def test_sync_does_not_fill_an_erased_order_again(sold: Order) -> None:
    privacy.erase_due()
    newer = DOCUMENT | {"update_time": int(timezone.now().timestamp()), "tracking_number": "1Z9"}
    upsert(sold.shop, [map_order(newer, now=timezone.now())], now=timezone.now(), force=True)
    assert leaked() == []
    assert Order.objects.get(pk=sold.pk).tracking_number == "1Z9"


def test_orders_that_are_recent_or_still_to_be_shipped_keep_their_address(
    glow: Workspace, settings: Settings
) -> None:
    long_ago = timezone.now() - timedelta(days=400)
    factories.order(glow, stage="ready", updated_at=long_ago)
    factories.order(glow, stage="shipped", label_state="unknown", updated_at=long_ago)
    factories.order(glow, stage="shipped", updated_at=timezone.now() - timedelta(days=179))
    assert privacy.erase_due() == 0
    factories.order(glow, stage="shipped", updated_at=long_ago)
    settings.BUYER_DATA_DAYS = 0
    assert privacy.erase_due() == 0
    settings.BUYER_DATA_DAYS = 180
    assert privacy.erase_due() == 1


def test_a_file_that_another_label_shares_stays(sold: Order, glow: Workspace) -> None:
    other = factories.label(factories.order(glow), file_key=Label.objects.get().file_key)
    privacy.erase_due()
    assert files.read(other.file_key) == LABEL


def test_the_index_of_orders_to_erase_is_used(sold: Order) -> None:
    due = Order.objects.filter(
        erased_at=None, stage__in=["shipped", "closed"], updated_at__lt=timezone.now()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = due.order_by("updated_at").values("pk")[:10].explain()
    assert "order_to_erase" in plan


def test_a_buyer_is_found_by_any_order_and_only_in_the_own_workspace(
    sold: Order, glow: Workspace
) -> None:
    twin = factories.order(glow, buyer_id="buyer-7")
    factories.order(factories.workspace(), buyer_id="buyer-7")
    for words in (NUMBER, f" {NUMBER} ", "buyer-7", twin.tiktok_id):
        assert set(privacy.find(glow, words)) == {sold, twin}
    factories.order(glow, buyer_id="")
    assert not privacy.find(glow, "")
    assert not privacy.find(glow, "Ortiz")


def test_an_export_holds_all_that_is_known(sold: Order, glow: Workspace) -> None:
    document = json.loads(
        json.dumps(privacy.export_buyer(glow, NUMBER, user=None), cls=DjangoJSONEncoder)
    )
    (one,) = document["orders"]
    assert one["order"]["raw"]["buyer_email"] == "ortiz@example.com"
    assert one["order"]["note"] == "Ortiz rang twice"
    assert one["labels"][0]["spec"]["recipient"] == RECIPIENT
    assert [event["text"] for event in one["timeline"]][-1] == "UPS Ground for $5.00"
    assert one["calls"][0]["answered"] == "no Hollow Road"
    assert one["webhooks"][0]["body"] == {"name": "Ortiz"}
    entry = AuditEntry.objects.get(action="buyer.exported")
    assert "Ortiz" not in entry.summary


def test_a_person_erases_a_buyer_with_a_typed_word(
    client: Client, sold: Order, glow: Workspace
) -> None:
    owner = factories.member(glow, Role.OWNER)
    open_order = factories.order(glow, buyer_id="buyer-7")
    client.force_login(owner)
    page = client.get(f"/w/{glow.slug}/settings/privacy/", {"q": NUMBER}).content.decode()
    assert NUMBER in page
    assert open_order.tiktok_id in page
    url = f"/w/{glow.slug}/settings/privacy/erase/"
    refused = client.post(url, {"q": NUMBER, "confirm": "yes"})
    assert refused.status_code == 422
    assert "Nothing was erased" in refused.content.decode()
    assert "Ortiz" in leaked()
    done = client.post(url, {"q": NUMBER, "confirm": "ERASE"}, follow=True).content.decode()
    assert "erased from 1 orders" in done
    assert "1 orders are still to be shipped" in done
    assert Order.objects.get(pk=open_order.pk).recipient["name"] == "Jo Ortiz"
    assert AuditEntry.objects.get(action="buyer.erased").actor == owner


def test_an_owner_gets_the_data_as_a_file_that_is_not_kept(
    client: Client, sold: Order, glow: Workspace
) -> None:
    client.force_login(factories.member(glow, Role.OWNER))
    answer = client.post(f"/w/{glow.slug}/settings/privacy/export/", {"q": NUMBER})
    assert answer["Content-Disposition"] == 'attachment; filename="buyer.json"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["orders"][0]["order"]["buyer_nickname"] == "glitter_jo"
    nobody = client.post(f"/w/{glow.slug}/settings/privacy/export/", {"q": "5" * 18})
    assert nobody.status_code == 404
    assert "Nobody found" in nobody.content.decode()


@pytest.mark.parametrize("role", [Role.MANAGER, Role.PACKER, Role.VIEWER])
def test_others_than_owners_are_not_let_in(
    client: Client, sold: Order, glow: Workspace, role: Role
) -> None:
    client.force_login(factories.member(glow, role))
    assert client.get(f"/w/{glow.slug}/settings/privacy/", {"q": NUMBER}).status_code == 403
    answer = client.post(
        f"/w/{glow.slug}/settings/privacy/erase/", {"q": NUMBER, "confirm": "ERASE"}
    )
    assert answer.status_code == 403
    assert leaked() == NEVER


def test_the_commands_do_the_same(sold: Order, glow: Workspace) -> None:
    out = io.StringIO()
    call_command("export_buyer", glow.slug, NUMBER, stdout=out)
    assert json.loads(out.getvalue())["orders"][0]["order"]["tiktok_id"] == NUMBER
    call_command("erase_buyer", glow.slug, NUMBER, stdout=out)
    assert leaked() == NEVER
    assert f"Would erase the buyer of {NUMBER}" in out.getvalue()
    call_command("erase_buyer", glow.slug, NUMBER, "--yes", stdout=out)
    assert leaked() == []
    for command in ("export_buyer", "erase_buyer"):
        with pytest.raises(CommandError, match="No order of that number"):
            call_command(command, glow.slug, "5" * 18, stdout=out)
        with pytest.raises(CommandError, match="no workspace"):
            call_command(command, "nowhere", NUMBER, stdout=out)
