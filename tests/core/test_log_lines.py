"""What a line of the log carries: the ids of what it belongs to, as one line or as one JSON object."""

import ast
import io
import json
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import calls, logs
from core.http import about
from tests.ground import source

MAIL = "jo@ortiz.example"
log = logging.getLogger("shipping.labels.purchase")


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    """As between two requests: no test before this one has left its workspace behind."""
    with logs.request(""):
        yield


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """What a handler writes that is made as the server's own."""
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(logs.Redact())
    handler.setFormatter(logs.Line())
    log.addHandler(handler)
    yield handler.stream
    log.removeHandler(handler)


def test_a_line_names_request_job_workspace_and_order(output: io.StringIO) -> None:
    with logs.request("req-0123456789"), logs.job("sync:1"), about("576900000000000001"):
        logs.in_workspace("glow")
        log.warning("inside")
    log.warning("outside")
    inside, outside = output.getvalue().splitlines()
    assert inside.endswith(
        "inside [request=req-0123456789 job=sync:1 workspace=glow order=576900000000000001]"
    )
    assert outside.endswith("outside")


def test_a_json_line_is_one_object_with_the_same_ids() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(logs.Redact())
    handler.setFormatter(logs.Json())
    record = log.makeRecord(log.name, logging.ERROR, "f", 1, "two\nlines %s", (MAIL,), None)
    with logs.request("req-0123456789"), about("576900000000000001"):
        handler.handle(record)
    (line,) = handler.stream.getvalue().splitlines()
    found = json.loads(line)
    assert found["message"] == "two\nlines ***"
    assert (found["level"], found["logger"]) == ("ERROR", log.name)
    assert (found["request"], found["order"]) == ("req-0123456789", "576900000000000001")
    assert found["at"].endswith("+00:00")
    assert "job" not in found


def test_a_json_line_of_an_exception_holds_its_redacted_trace() -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.addFilter(logs.Redact())
    handler.setFormatter(logs.Json())
    try:
        raise ValueError(MAIL)
    except ValueError:
        record = log.makeRecord(log.name, logging.ERROR, "f", 1, "oh", (), sys.exc_info())
    handler.handle(record)
    assert json.loads(handler.stream.getvalue())["trace"].endswith("ValueError: ***\n")


def test_other_handlers_get_the_record_as_it_was() -> None:
    record = log.makeRecord(log.name, logging.ERROR, "f", 1, "to %s", (MAIL,), None)
    clean = logs.Redact().filter(record)
    assert (clean.getMessage(), record.getMessage()) == ("to ***", f"to {MAIL}")


def test_an_order_is_known_to_the_thread_that_works_on_it_only() -> None:
    with about("order-1"), ThreadPoolExecutor(1) as pool:
        assert calls.subject() == "order-1"
        assert pool.submit(calls.subject).result() == ""
        with about("order-2"):
            assert calls.subject() == "order-2"
        assert calls.subject() == "order-1"
    assert calls.subject() == ""


PERSONAL = {
    "recipient",
    "fixed_recipient",
    "address",
    "buyer_nickname",
    "buyer_message",
    "raw",
    "spec",
}
PERSONAL |= {"content", "body", "street1", "phone", "email", "access_token", "refresh_token"}


def test_none_of_our_lines_is_given_a_person_a_body_or_a_secret() -> None:
    """Redaction is the second line: names in plain words cannot be recognised, so they are never handed over."""
    careless = [
        f"{path}:{node.lineno} {name}"
        for path in source.product_files()
        for node in ast.walk(source.tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"log", "logger", "logging"}
        for argument in node.args[1:]
        for part in ast.walk(argument)
        if (name := getattr(part, "attr", getattr(part, "id", ""))) in PERSONAL
    ]
    assert careless == []
