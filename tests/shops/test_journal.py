"""The journal of calls: what a failed exchange leaves for support, and what it never does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import Failure
from pytest_django import Settings

from core.errors import RemoteError
from core.http import about
from core.models import Heartbeat, Workspace
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
