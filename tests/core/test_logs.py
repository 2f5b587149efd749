"""The log: secrets, people and labels are fed through every path to it, and none comes out."""

import io
import json
import logging
import multiprocessing
import queue
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from django.core.handlers.exception import convert_exception_to_response
from django.db import IntegrityError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django_q.models import Task
from django_q.monitor import monitor
from django_q.worker import worker
from pytest_django import Settings

from core import jobs, logs
from core.errors import Rejected
from core.http import make_client
from core.jobs import job
from core.redaction import redact
from orders.models import Order
from tests import factories

TOKEN = "TTP_never-to-be-seen-0123456789"
KEY = "EZAKnever0to0be0seen0123456789"
FULL_NAME, STREET, PHONE, MAIL = "Jo Ortiz", "17 Hollow Road", "512-555-0187", "jo@ortiz.example"
LABEL = b"%PDF-1.4\n1 0 obj Jo Ortiz\n%%EOF"
NEVER = [TOKEN, KEY, FULL_NAME, STREET, PHONE, MAIL, "1 0 obj", "Ortiz", "Hollow"]
PERSON = {"name": FULL_NAME, "street1": STREET, "phone": PHONE, "email": MAIL, "city": "Austin"}
log = logging.getLogger("shipping.labels.purchase")


@dataclass
class Address:
    """As a traceback with locals, or a careless line, would show it."""

    name: str = FULL_NAME
    street1: str = STREET
    phone: str = PHONE
    email: str = MAIL


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What the server's own handler, as the settings made it, writes."""
    handlers = [h for h in logging.getLogger().handlers if type(h) is logging.StreamHandler]
    assert len(handlers) == 1
    written = io.StringIO()
    before = handlers[0].setStream(written)
    yield written
    handlers[0].setStream(before)


@contextmanager
def level(number: int, *names: str) -> Iterator[None]:
    """Loggers that are quieter by the settings are made to talk."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(number)
    yield
    for logger, was in zip(loggers, before, strict=True):
        logger.setLevel(was)


def leaked(output: io.StringIO, *more: str) -> list[str]:
    text = output.getvalue()
    assert text, "nothing was written, so nothing was tried"
    return [word for word in (*NEVER, *more) if word in text]


def test_every_handler_of_every_logger_redacts() -> None:
    loggers = [
        logging.getLogger(),
        *(logging.getLogger(name) for name in logging.root.manager.loggerDict),
    ]
    plain = [
        f"{logger.name}: {handler}"
        for logger in loggers
        for handler in logger.handlers
        if "pytest" not in type(handler).__module__
        and not isinstance(handler, logging.NullHandler)
        and not any(isinstance(kept, logs.Redact) for kept in handler.filters)
    ]
    assert plain == []


@pytest.mark.parametrize(
    "given",
    [
        {"recipient": PERSON, "access_token": TOKEN},
        Address(),
        json.dumps(PERSON),
        f"key {KEY} and {MAIL}",
        LABEL,
        [("authorization", f"Bearer {TOKEN}"), ("x-tts-access-token", TOKEN)],
    ],
    ids=["mapping", "dataclass", "json", "sentence", "label", "headers"],
)
def test_our_own_lines(output: io.StringIO, given: object) -> None:
    log.warning("could not buy: %s", given)
    assert leaked(output) == []


def test_a_line_whose_arguments_do_not_fit() -> None:
    given = (f"token={TOKEN}",)
    record = log.makeRecord(log.name, logging.ERROR, "f", 1, "%d labels", given, None)
    clean = logs.Redact().filter(record)
    assert clean.getMessage() == "%d labels (its arguments did not fit)"


def test_a_traceback_and_what_a_provider_said_in_it(output: io.StringIO) -> None:
    try:
        try:
            raise ValueError(f"no such place: {PERSON}")
        except ValueError as error:
            told = f"We know no {FULL_NAME} at {STREET}"
            raise Rejected(told, provider="EasyPost", code="E.1", request_id="req-17") from error
    except Rejected:
        log.exception("label 12")
    assert leaked(output) == []
    text = output.getvalue()
    assert "label 12" in text
    assert "test_logs.py" in text
    assert "EasyPost code=E.1 request=req-17" in text


def test_a_traceback_with_its_locals(output: io.StringIO) -> None:
    def buy() -> None:
        recipient, access_token, label = Address(), TOKEN, LABEL  # noqa: F841 - to be captured
        raise RuntimeError("no")

    try:
        buy()
    except RuntimeError:
        told = traceback.TracebackException(*sys.exc_info(), capture_locals=True)  # type: ignore[arg-type]
        log.error("failed: %s", "".join(told.format()))
    assert leaked(output) == []


def test_the_stack_of_a_line(output: io.StringIO) -> None:
    log.warning("here", stack_info=True)
    assert "Stack (most recent call last)" in output.getvalue()


def test_httpx_logs_every_address_it_asks(output: io.StringIO) -> None:
    wire = httpx.MockTransport(lambda request: httpx.Response(200))
    with level(logging.INFO, "httpx"), make_client(transport=wire) as client:
        client.get("https://auth.example/token", params={"app_secret": "s3cr3t-17", "email": MAIL})
    assert "auth.example/token" in output.getvalue()
    assert leaked(output, "s3cr3t-17", "jo%40") == []


class Silent(BaseHTTPRequestHandler):
    """Answers 200 and says nothing."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Set-Cookie", f"session={TOKEN}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def test_httpcore_logs_every_header_it_sends(output: io.StringIO) -> None:
    names = ("httpcore", "httpcore.http11", "httpcore.connection")
    with (
        level(logging.DEBUG, *names),
        HTTPServer(("127.0.0.1", 0), Silent) as server,
        make_client() as client,
    ):
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        headers = {"authorization": f"ShippoToken {TOKEN}", "x-tts-access-token": TOKEN}
        client.get(f"http://127.0.0.1:{server.server_port}/?api_key={KEY}", headers=headers)
        thread.join()
    assert "http11" in output.getvalue()
    assert leaked(output) == []


def test_django_request_when_a_view_fails(output: io.StringIO) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise ValueError(f"{PERSON} {TOKEN}")

    request = RequestFactory().get(f"/orders/?q={MAIL}&token={TOKEN}")
    assert convert_exception_to_response(view)(request).status_code == 500
    assert "Internal Server Error: /orders/" in output.getvalue()
    assert leaked(output) == []


@pytest.mark.django_db
def test_django_request_when_an_address_is_a_secret(output: io.StringIO) -> None:
    assert Client().get("/invitations/never-to-be-seen/").status_code == 410
    assert "Gone: /invitations/***" in output.getvalue()
    assert leaked(output, "never-to-be-seen") == []


@pytest.mark.django_db
def test_statements_and_their_values(output: io.StringIO) -> None:
    # While its queries are captured, a cursor writes its statements into the log.
    with level(logging.DEBUG, "django.db.backends"), CaptureQueriesContext(connection):
        assert not Order.objects.filter(buyer_nickname=FULL_NAME, note=f"it's {STREET}").exists()
    assert "orders_order" in output.getvalue()
    assert leaked(output) == []


@pytest.mark.django_db
def test_what_postgresql_says_about_a_row(output: io.StringIO) -> None:
    order = factories.order(factories.workspace(), recipient=PERSON, buyer_nickname=FULL_NAME)
    try:
        with transaction.atomic():
            Order.objects.filter(pk=order.pk).update(currency=None, buyer_nickname=FULL_NAME)
    except IntegrityError:
        log.exception("order")
    assert "null value in column" in output.getvalue()
    assert leaked(output) == []


@job
def explode(*, order: str) -> None:
    """A job that fails with all it knows in its words."""
    raise ValueError(f"{order}: {PERSON} {TOKEN} {LABEL!r}")


@pytest.mark.django_db
def test_the_queue_when_a_job_fails_in_its_table_too(output: io.StringIO) -> None:
    tasks: queue.Queue[Any] = queue.Queue()
    results: queue.Queue[Any] = queue.Queue()
    task = {
        "id": "1" * 32,
        "name": "explode",
        "func": "core.jobs.run",
        "args": (f"{__name__}.explode", {"order": "o-1"}),
        "kwargs": {},
        "started": None,
        "timeout": -1,
        "sync": True,
    }
    for entry in (task | {"sync": False, "started": factories.utc("2026-11-23 12:00")}, "STOP"):
        tasks.put(entry)
    with pytest.MonkeyPatch.context() as patched:
        # It would close the connection that this test's transaction lives on.
        patched.setattr("django_q.worker.close_old_django_connections", lambda: None)
        patched.setattr("django_q.monitor.close_old_django_connections", lambda: None)
        worker(tasks, results, multiprocessing.Value("f", -1), -1)  # type: ignore[arg-type]
        results.put("STOP")
        monitor(results, broker=object())  # type: ignore[arg-type]
    assert leaked(output) == []
    kept = Task.objects.get().result
    assert "explode: ValueError" in kept
    assert not [word for word in NEVER if word in kept]
    assert "job=explode:" in output.getvalue()


def test_this_installations_own_secrets(output: io.StringIO, settings: Settings) -> None:
    log.error("started with %s and %s", settings.SECRET_KEY, settings.VAULT_KEYS.split(":")[1])
    assert leaked(output, settings.SECRET_KEY, settings.VAULT_KEYS.split(":")[1]) == []


def test_redacting_is_repeatable() -> None:
    once = redact(f"{PERSON} token={TOKEN} {LABEL!r}")
    assert redact(once) == once


@pytest.mark.django_db
def test_a_failed_job_names_itself_and_hides_its_cause() -> None:
    with pytest.raises(jobs.JobFailed, match="explode: ValueError") as failure:
        jobs.run(f"{__name__}.explode", {"order": "o-1"})
    assert failure.value.__suppress_context__
