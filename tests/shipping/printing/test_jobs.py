"""Files for the print service: handed over once each, tried again, failed in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO

import httpx
import pytest
from django.test import Client
from pypdf import PdfReader

from core import files
from core.models import Notification, Role, Workspace
from shipping.models import Label, PrintFile, PrintJob
from shipping.printing import jobs
from shipping.printing.choice import Choice
from shops.clients import use_transport
from tests import factories
from tests.shipping.labels.papers import pdf, stored, zpl

URL = "https://print.example.com/jobs"


@dataclass
class Service:
    """A print service that remembers what it got, and answers what it is told to."""

    answers: list[Callable[[httpx.Request], httpx.Response]] = field(default_factory=list)
    got: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.got.append(request)
        if self.answers:
            return self.answers.pop(0)(request)
        return httpx.Response(202, json={"id": "1"})

    def will(self, status: int, **more: object) -> None:
        self.answers.append(lambda request: httpx.Response(status, **more))  # type: ignore[arg-type]


@pytest.fixture
def service(settings) -> Iterator[Service]:
    settings.PRINT_SERVICE_URL, settings.PRINT_SERVICE_TOKEN = URL, "let-me-print"
    made = Service()
    with use_transport(httpx.MockTransport(made)):
        yield made


@pytest.fixture
def place(db: None) -> Workspace:
    return factories.workspace()


def label(place: Workspace, content: bytes = b"", kind: str = "PDF") -> Label:
    key = files.save(content or pdf("one"), suffix=f".{kind.lower()}")
    return factories.label(factories.order(place), file_key=key, label_format=kind)


def run(row: PrintJob) -> PrintJob:
    """Let a worker take the job now."""
    PrintJob.objects.filter(pk=row.pk).update(due_at=row.created_at)
    jobs.send_job(job_id=row.pk)
    row.refresh_from_db()
    return row


def test_a_label_is_handed_over_with_its_key_title_printer_and_token(
    place: Workspace, service: Service
) -> None:
    one = label(place)
    row = run(jobs.put_label(one, Choice(printer="Back room"), user=None))
    assert row.state == "sent"
    (request,) = service.got
    assert (request.method, str(request.url)) == ("POST", URL)
    assert request.headers["authorization"] == "Bearer let-me-print"
    assert request.headers["idempotency-key"] == str(row.key)
    assert request.headers["x-printer"] == "Back room"
    assert request.headers["content-type"] == "application/pdf"
    assert request.content == files.read(one.file_key)
    one.refresh_from_db()
    assert one.printed_at is not None


def test_a_machine_on_letter_paper_gets_letter_pages_and_zpl_stays_zpl(
    place: Workspace, service: Service
) -> None:
    run(jobs.put_label(label(place), Choice("letter"), user=None))
    run(jobs.put_label(label(place, zpl("A"), "ZPL"), Choice("letter"), user=None))
    page = PdfReader(BytesIO(service.got[0].content)).pages[0]
    assert (page.mediabox.width, page.mediabox.height) == (612, 792)
    assert service.got[1].content == zpl("A")
    assert service.got[1].headers["content-type"] == "application/zpl"


def test_a_service_that_does_not_answer_is_tried_again_with_the_same_key(
    place: Workspace, service: Service
) -> None:
    service.will(503)
    row = run(jobs.put_label(label(place), Choice(), user=None))
    assert (row.state, row.attempts) == ("waiting", 1)
    assert run(row).state == "sent"
    assert service.got[0].headers["idempotency-key"] == service.got[1].headers["idempotency-key"]


def test_a_job_the_service_has_already_counts_as_printed(
    place: Workspace, service: Service
) -> None:
    service.will(409)
    assert run(jobs.put_label(label(place), Choice(), user=None)).state == "sent"


def test_a_refusal_fails_in_the_services_words_and_people_are_told(
    place: Workspace, service: Service
) -> None:
    service.will(422, json={"error": "No such printer: Back room"})
    row = run(jobs.put_label(label(place), Choice(), user=None))
    assert row.state == "failed"
    assert "No such printer: Back room" in row.reason
    assert "was not printed" in Notification.objects.get().text
    assert jobs.again(row)
    assert run(row).state == "sent"
    assert Notification.objects.get().seen_at is not None


def test_a_wrong_token_fails_without_quoting_it(place: Workspace, service: Service) -> None:
    service.will(401)
    row = run(jobs.put_label(label(place), Choice(), user=None))
    assert row.state == "failed"
    assert "let-me-print" not in row.reason


def test_after_eight_tries_a_job_fails(place: Workspace, service: Service) -> None:
    row = jobs.put_label(label(place), Choice(), user=None)
    for _ in range(jobs.MOST_TRIES):
        service.will(500)
        run(row)
    assert row.state == "failed"


def test_a_redirect_is_not_followed(place: Workspace, service: Service) -> None:
    service.will(302, headers={"location": "http://169.254.169.254/"})
    assert run(jobs.put_label(label(place), Choice(), user=None)).state == "failed"
    assert len(service.got) == 1


def test_a_file_that_is_damaged_is_words_and_nothing_is_sent(
    place: Workspace, service: Service
) -> None:
    one = label(place)
    stored(one.file_key).write_bytes(b"other")
    row = run(jobs.put_label(one, Choice(), user=None))
    assert row.state == "failed"
    assert not service.got


def test_a_print_file_is_frozen_when_it_is_handed_over(place: Workspace, service: Service) -> None:
    file = factories.print_file(
        factories.batch(place), file_key=files.save(pdf("a", "b"), suffix=".pdf")
    )
    run(jobs.put_file(file, Choice(), user=None))
    assert PrintFile.objects.get().printed_at is not None
    assert len(service.got) == 1


def test_a_job_is_taken_by_one_worker(place: Workspace, service: Service) -> None:
    row = jobs.put_label(label(place), Choice(), user=None)
    run(row)
    jobs.send_job(job_id=row.pk)
    assert jobs.send_due() == 0
    assert len(service.got) == 1


def test_the_service_is_offered_in_the_oldest_workspace_and_to_staff(
    place: Workspace, settings
) -> None:
    other = factories.workspace()
    person, staff = factories.user(), factories.user(is_staff=True)
    settings.PRINT_SERVICE_URL = ""
    assert not jobs.is_offered(place, staff)
    settings.PRINT_SERVICE_URL = URL
    assert jobs.is_offered(place, person)
    assert not jobs.is_offered(other, person)
    assert jobs.is_offered(other, staff)
    wish = Choice(way="service")
    assert jobs.allowed(wish, other, person).way == "browser"


def browser(place: Workspace) -> Client:
    client = Client()
    client.force_login(factories.member(place, Role.PACKER))
    client.cookies["printing"] = "4x6.service.0."
    return client


def test_printing_a_label_on_a_machine_of_the_service_makes_a_job(
    place: Workspace, service: Service
) -> None:
    one, client = label(place), browser(place)
    response = client.post(f"/w/{place.slug}/labels/{one.pk}/print/")
    assert response["Location"].endswith("/print-jobs/")
    assert PrintJob.objects.get().label == one
    assert "Label of order" in client.get(response["Location"]).content.decode()


def test_a_failed_job_is_tried_again_by_a_button(place: Workspace, service: Service) -> None:
    client = browser(place)
    service.will(400)
    row = run(jobs.put_label(label(place), Choice(), user=None))
    assert "Try again" in client.get(f"/w/{place.slug}/print-jobs/").content.decode()
    client.post(f"/w/{place.slug}/print-jobs/{row.pk}/retry/")
    row.refresh_from_db()
    assert row.state == "waiting"


def test_without_a_service_the_page_says_who_sets_it(place: Workspace) -> None:
    page = browser(place).get(f"/w/{place.slug}/print-jobs/").content.decode()
    assert "No print service is connected" in page


def test_the_page_of_jobs_asks_the_database_the_same_for_one_and_for_many(
    place: Workspace, service: Service, django_assert_num_queries
) -> None:
    client = browser(place)
    for _ in range(5):
        jobs.put_label(label(place), Choice(), user=None)
    with django_assert_num_queries(9):
        assert client.get(f"/w/{place.slug}/print-jobs/").status_code == 200
