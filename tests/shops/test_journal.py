"""The journal of calls: what a failed exchange leaves for support, and what it never does."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from django.core.signals import request_finished
from django.db import transaction
from django.test import Client
from django.utils import timezone
from django_q.models import Failure
from django_q.signals import post_execute_in_worker
from pytest_django import Settings

from core.errors import Rejected, RemoteError
from core.http import about, send
from core.models import Heartbeat, Workspace
from shipping import accounts
from shipping.providers.download import Source, fetch
from shipping.providers.registry import make_provider
from shops import clients, journal, wire
from shops.models import ApiCall
from shops.tiktok_shop.orders import order_detail
from tests import factories
from tests.contracts.cases import SPEC

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "576900000000000017"
LABEL = b"%PDF-1.4 the label of Jo Ortiz %%EOF"


@pytest.fixture(autouse=True)
def nothing_waits() -> Iterator[None]:
    journal.flush()
    ApiCall.objects.all().delete()
    yield
    journal.flush()


@pytest.fixture
def glow() -> Workspace:
    return factories.workspace()


def answering(
    status: int, body: object, headers: dict[str, str] | None = None
) -> httpx.MockTransport:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return httpx.MockTransport(
        lambda request: httpx.Response(status, content=content, headers=headers)
    )


def asked(glow: Workspace, transport: httpx.MockTransport) -> ApiCall:
    """What a quote of EasyPost that fails leaves behind."""
    with wire.use_transport(transport), about(NUMBER):
        provider = make_provider(
            "easypost",
            "EZTKkey0123456789",
            clients.http_client(),
            base_url="https://easypost.example/v2",
            journal=journal.note("EasyPost", glow.pk),
        )
        with pytest.raises(RemoteError):
            provider.quote(SPEC)
    journal.flush()
    return ApiCall.objects.latest("pk")


def test_a_refusal_is_kept_with_its_order_and_the_providers_request_id(glow: Workspace) -> None:
    refusal = {
        "error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "No such place", "errors": []}
    }
    row = asked(glow, answering(422, refusal, {"x-ep-request-uuid": "req-17"}))
    assert (row.workspace, row.provider, row.status) == (glow, "EasyPost", 422)
    assert (row.subject, row.request_id) == (NUMBER, "req-17")
    assert "ADDRESS.VERIFY.FAILURE" in row.answered


def test_neither_the_recipient_nor_the_key_is_in_a_kept_exchange(glow: Workspace) -> None:
    recipient = SPEC.recipient
    assert recipient is not None
    echo = {"error": {"code": "X", "message": f"{recipient.name} is not at {recipient.street1}"}}
    row = asked(glow, answering(422, echo))
    kept = row.asked + row.answered
    assert '"to_address"' in kept
    for word in (recipient.name, recipient.street1, recipient.postal_code, "EZTKkey0123456789"):
        assert word not in kept, word


def test_an_answer_that_is_a_file_leaves_its_size_only(glow: Workspace) -> None:
    row = asked(glow, answering(500, LABEL, {"content-type": "application/pdf"}))
    assert row.answered == f"({len(LABEL)} bytes that are not JSON, or too long)"


def test_a_call_without_an_answer_is_kept_too(glow: Workspace) -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    row = asked(glow, httpx.MockTransport(broken))
    assert (row.status, row.error, row.answered) == (None, "ReadTimeout", "")
    assert row.asked


def test_tiktoks_no_comes_with_200_and_is_a_failure_all_the_same(glow: Workspace) -> None:
    shop = factories.shop(glow)
    refusal = {"code": 36009003, "message": "Internal error", "request_id": "2026112317"}
    with wire.use_transport(answering(200, refusal)), pytest.raises(RemoteError):
        order_detail(clients.tiktok_client(shop), order_ids=[NUMBER])
    journal.flush()
    row = ApiCall.objects.latest("pk")
    assert (row.status, row.refused, row.request_id) == (200, True, "2026112317")
    assert "Internal error" in row.answered
    assert "access" not in row.asked


def test_a_good_answer_leaves_no_body(glow: Workspace) -> None:
    good: dict[str, Any] = {
        "code": 0,
        "message": "Success",
        "data": {"orders": []},
        "request_id": "r1",
    }
    shop = factories.shop(glow)
    with wire.use_transport(answering(200, good)):
        for _ in range(20):
            order_detail(clients.tiktok_client(shop), order_ids=[NUMBER])
    journal.flush()
    row = ApiCall.objects.latest("pk")
    assert (row.status, row.refused, row.asked, row.answered) == (200, False, "", "")
    assert row.request_id == "r1"


def called(
    glow: Workspace, *, safe: bool, times: int, method: str = "GET", status: int = 200
) -> None:
    """Calls that are answered, well unless `status` says otherwise."""
    client = httpx.Client(transport=answering(status, {}))
    request = client.build_request(method, "https://easypost.example/v2/shipments")
    for _ in range(times):
        send(client, request, provider="EasyPost", safe=safe, journal=journal.note("E", glow.pk))


def test_what_is_not_safe_to_repeat_is_always_kept_and_of_good_reads_one_in_twenty(
    glow: Workspace,
) -> None:
    called(glow, safe=False, times=3, method="POST")
    called(glow, safe=True, times=2 * journal.EVERY)
    journal.flush()
    kept = Counter(ApiCall.objects.values_list("method", "stands_for"))
    assert kept == {("POST", 1): 3, ("GET", journal.EVERY): 2}


def test_what_was_asked_within_a_transaction_is_written_when_it_commits(glow: Workspace) -> None:
    with transaction.atomic():
        called(glow, safe=True, times=1, status=422)
        assert not ApiCall.objects.exists()
    assert ApiCall.objects.get().status == 422


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda: post_execute_in_worker.send("django_q", func=None, task={}), id="job"),
        pytest.param(lambda: request_finished.send("a request"), id="request"),
    ],
)
def test_nothing_waits_longer_than_the_job_or_request_that_asked(
    glow: Workspace, end: Callable[[], object]
) -> None:
    with transaction.atomic():
        called(glow, safe=False, times=1, status=422)
        transaction.set_rollback(True)  # what the job wrote is undone, what it asked is not
    called(glow, safe=False, times=1)
    assert ApiCall.objects.count() == 0
    end()
    assert ApiCall.objects.count() == 2


def test_fetching_a_label_file_is_kept_without_its_link(glow: Workspace) -> None:
    source = Source.of("EasyPost", "https://easypost.example", (r"files\.example",))
    client = httpx.Client(transport=answering(404, b"gone"))
    with pytest.raises(Rejected), about(NUMBER):
        fetch(
            client,
            "https://files.example/postage_label/8f3a.png?Signature=abc",
            source,
            journal=journal.note("EasyPost", glow.pk),
        )
    journal.flush()
    row = ApiCall.objects.get()
    assert (row.path, row.status, row.subject) == ("/label-file/files.example", 404, NUMBER)
    assert row.answered == ""


def test_a_key_that_is_tried_is_kept_with_its_refusal_and_without_itself(glow: Workspace) -> None:
    error = {"code": "APIKEY.INACTIVE", "message": "EZTKbad000000000 is no longer active."}
    refusal = answering(401, {"error": error})
    with wire.use_transport(refusal), pytest.raises(accounts.BadKey):
        accounts.add(glow, "easypost", "EZTKbad000000000", user=None)
    journal.flush()
    row = ApiCall.objects.get()
    assert (row.workspace, row.provider, row.status) == (glow, "EasyPost", 401)
    assert "no longer active" in row.answered
    assert "EZTKbad000000000" not in row.asked + row.answered + row.path


def test_old_calls_failures_and_dead_workers_are_forgotten(settings: Settings) -> None:
    settings.JOURNAL_KEEP_DAYS = 3
    now = timezone.now()
    for days in (2, 4):
        then = now - timedelta(days=days)
        ApiCall.objects.create(
            provider="p", method="GET", path="/", status=200, milliseconds=1, at=then
        )
        Failure.objects.create(
            id=f"{days}" * 32, name=f"{days}", func="f", started=then, stopped=then, success=False
        )
        Heartbeat.objects.create(process=f"host:{days}", version="1", build="b", seen_at=then)
    journal.tidy()
    assert ApiCall.objects.count() == 1
    assert Failure.objects.get().name == "2"
    assert not Heartbeat.objects.exists()


def test_support_finds_the_calls_of_an_order(client: Client, glow: Workspace) -> None:
    ApiCall.objects.create(
        workspace=glow, provider="EasyPost", method="POST", path="/v2/shipments", status=422,
        milliseconds=7, subject=NUMBER, answered="ADDRESS.VERIFY.FAILURE",
    )  # fmt: skip
    client.force_login(factories.user(is_staff=True, is_superuser=True))
    answer = client.get("/admin/shops/apicall/", {"q": NUMBER})
    assert "/v2/shipments" in answer.content.decode()
    assert "/v2/shipments" not in client.get("/admin/shops/apicall/", {"q": "5"}).content.decode()
