"""The bench's pages and answers, as a browser asks for them."""

import re
import uuid
from dataclasses import dataclass

import pytest
from django.http import HttpResponse
from django.test import Client

from core.access import wreverse
from core.models import Role, Workspace
from orders.models import Order
from shipping import batches
from shipping.bench import totes
from shipping.models import Label, PackScan, PackSettings, PrintJob, Tote
from tests import factories
from tests.shipping.bench import rows
from tests.shipping.bench.desk import Table
from tests.shipping.bench.desk import table as table


@dataclass
class Machine:
    """One browser at one bench."""

    client: Client
    workspace: Workspace

    def url(self, name: str, **kwargs: object) -> str:
        return wreverse(self.workspace, f"shipping:{name}", **kwargs)

    def scan(self, *codes: str) -> HttpResponse:
        response = HttpResponse()
        for code in codes:
            asked = {"code": code, "key": str(uuid.uuid4())}
            response = self.client.post(self.url("bench-scan"), asked, headers={"X-Bench": "1"})
            assert response.status_code == 200
        return response


def machine(of: Workspace, role: str = Role.PACKER, **cookies: str) -> Machine:
    client = Client()
    client.force_login(factories.member(of, role))
    for name, value in cookies.items():
        client.cookies[name] = value
    return Machine(client, of)


def text(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", response.content.decode()).split())


def prints(response: HttpResponse) -> list[int]:
    return [int(pk) for pk in re.findall(r'data-print="(\d+)"', response.content.decode())]


def test_the_bench_of_a_machine_is_remembered_by_a_cookie(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", "B")
    first = desk.client.get(desk.url("bench"))
    assert first.cookies["machine"]["httponly"]
    desk.scan(order.tiktok_id, "A")
    page = text(desk.client.get(desk.url("bench")))
    assert "1 of 2 verified" in page
    assert "1 of 2" not in text(machine(table.workspace).client.get(desk.url("bench")))


def test_a_packed_order_prints_until_the_browser_says_it_did(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A")
    label = order.labels.get()
    assert prints(desk.scan(order.tiktok_id, "A")) == [label.pk]
    assert prints(desk.client.get(desk.url("bench"))) == [label.pk]
    desk.client.post(desk.url("label-print", label_id=label.pk))
    assert prints(desk.client.get(desk.url("bench"))) == []
    assert prints(desk.scan("/print")) == [label.pk]


def test_another_bench_does_not_print_what_was_packed_here(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A")
    desk.scan(order.tiktok_id, "A")
    other = machine(table.workspace)
    assert prints(other.client.get(other.url("bench"))) == []


def test_a_label_that_was_printed_with_its_batch_is_not_printed_again(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A")
    Label.objects.update(printed_at=order.created_at)
    assert prints(desk.scan(order.tiktok_id, "A")) == []


def test_a_machine_of_the_print_service_makes_one_job_for_each_label(
    table: Table, settings
) -> None:
    settings.PRINT_SERVICE_URL = "https://print.example.com/jobs"
    desk = machine(table.workspace, printing="letter.service.0.Zebra")
    order = table.order("A")
    assert prints(desk.scan(order.tiktok_id, "A")) == []
    desk.client.post(desk.url("bench-waiting"))
    made = PrintJob.objects.get()
    assert (made.label, made.layout, made.printer) == (order.labels.get(), "letter", "Zebra")
    desk.scan("/print")
    assert PrintJob.objects.count() == 2


def test_a_failed_job_is_shown_at_the_bench(table: Table, settings) -> None:
    settings.PRINT_SERVICE_URL = "https://print.example.com/jobs"
    desk = machine(table.workspace, printing="4x6.service.0.")
    order = table.order("A")
    desk.scan(order.tiktok_id, "A")
    PrintJob.objects.filter(state="waiting").update(state="failed", reason="Out of paper.")
    assert "was not printed: Out of paper." in text(desk.client.get(desk.url("bench")))


def test_an_order_without_a_label_says_what_is_missing(table: Table) -> None:
    desk, order = machine(table.workspace), table.order("A", labelled=False)
    page = text(desk.scan(order.tiktok_id, "A"))
    assert "It has no label yet. Buy it in the queue; it prints here by itself." in page
    label = factories.label(order, file_key="")
    assert prints(desk.client.post(desk.url("bench-waiting"))) == []
    Label.objects.update(file_key="ab/" + "c" * 62 + ".pdf")
    assert prints(desk.client.post(desk.url("bench-waiting"))) == [label.pk]


@pytest.mark.parametrize(
    ("role", "words"),
    [(Role.PACKER, "Your role may not buy it"), (Role.OWNER, "Its price is not known yet")],
)
def test_the_bench_buys_only_for_who_may_spend_and_what_can_be_bought(
    table: Table, role: str, words: str
) -> None:
    PackSettings.objects.create(workspace=table.workspace, buys=True)
    desk, order = machine(table.workspace, role), table.order("A", labelled=False)
    assert words in text(desk.scan(order.tiktok_id, "A"))
    assert not batches.of(table.workspace).exists()


def test_a_scan_without_words_is_refused_and_one_before_the_script_counts_too(
    table: Table,
) -> None:
    desk, order = machine(table.workspace), table.order("A", "B")
    url = desk.url("bench-scan")
    assert desk.client.post(url, {"code": " "}, headers={"X-Bench": "1"}).status_code == 400
    assert not PackScan.objects.exists()
    assert desk.client.post(url, {"code": order.tiktok_id})["Location"] == desk.url("bench")
    assert "0 of 2 verified" in text(desk.client.get(desk.url("bench")))


def test_words_of_a_scanner_are_shown_as_words(table: Table) -> None:
    page = machine(table.workspace).scan("<script>alert(1)</script>").content.decode()
    assert "<script>" not in page


def test_asking_takes_few_queries_however_large_the_order(
    table: Table, django_assert_num_queries
) -> None:
    desk = machine(table.workspace)
    order = table.order(*"ABCDEFGH")
    desk.scan(order.tiktok_id, "A")
    with django_assert_num_queries(13):
        assert "2 of 8" in text(desk.scan("B"))


def test_opening_the_page_takes_few_queries(table: Table, django_assert_num_queries) -> None:
    desk = machine(table.workspace)
    for _ in range(3):
        order = table.order("A", "B")
        desk.scan(order.tiktok_id, "A", "B")
    with django_assert_num_queries(13):
        assert desk.client.get(desk.url("bench")).status_code == 200


def batch_of(table: Table, *orders: Order) -> object:
    batch = factories.batch(table.workspace, list(orders))
    Label.objects.filter(order__in=orders).update(batch=batch)
    return batch


def test_a_batch_is_put_into_totes_a_wave_at_a_time(table: Table) -> None:
    orders = [table.order("A") for _ in range(3)]
    batch = batch_of(table, *orders)
    PackSettings.objects.create(workspace=table.workspace, totes=2)
    desk = machine(table.workspace)
    fill = {"batch": str(batch.public_id)}  # type: ignore[attr-defined]
    desk.client.post(desk.url("totes-fill"), fill)
    held = dict(Tote.objects.values_list("number", "order"))
    assert held == {1: orders[0].pk, 2: orders[1].pk}
    desk.scan("TOTE-2", "A")
    desk.client.post(desk.url("totes-fill"), fill)
    assert Tote.objects.get(number=2, freed_at=None).order == orders[2]
    page = text(desk.client.get(desk.url("totes")))
    assert "No batch has orders left" in page
    assert desk.client.get(desk.url("totes-picklist"))["Content-Type"] == "application/pdf"


def test_totes_are_emptied_by_hand(table: Table) -> None:
    tote, desk = rows.tote(table.workspace), machine(table.workspace)
    url = desk.url("tote-empty", tote_number=tote.number)
    assert desk.client.post(url).status_code == 303
    assert totes.held(table.workspace) == []
    assert desk.client.post(url).status_code == 404


@pytest.mark.parametrize("given", ["", "0", "501", "x", "9999999"])
def test_the_number_of_totes_is_a_sensible_one(table: Table, given: str) -> None:
    desk = machine(table.workspace, Role.OWNER)
    desk.client.post(desk.url("bench-settings"), {"totes": given, "buys": "on"})
    assert not PackSettings.objects.exists()
    desk.client.post(desk.url("bench-settings"), {"totes": "30", "buys": "on"})
    assert PackSettings.objects.get().buys


@pytest.mark.parametrize("name", ["bench-commands", "tote-cards"])
def test_cards_are_papers(table: Table, name: str) -> None:
    desk = machine(table.workspace)
    assert desk.client.get(desk.url(name)).content.startswith(b"%PDF-")
