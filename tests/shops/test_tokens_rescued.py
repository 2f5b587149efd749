"""The database goes away while TikTok answers a refresh: the new tokens are kept all the same."""

import httpx
import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from core.errors import OutcomeUnknown
from shops import tokens
from shops.models import Authorization
from shops.wire import use_transport
from tests import factories
from tests.shops.token_host import Host, answer
from tests.shops.token_host import host as host

pytestmark = pytest.mark.django_db(transaction=True)


def cut_off() -> None:
    """PostgreSQL ends our connection, as it does when it is stopped."""
    values = connection.settings_dict
    pid = connection.connection.info.backend_pid
    with psycopg.connect(
        dbname=values["NAME"],
        user=values["USER"],
        host=values["HOST"],
        port=values["PORT"] or None,
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def test_new_tokens_outlive_a_database_that_was_stopped_before_the_commit(host: Host) -> None:
    row = factories.authorization(factories.workspace())

    def respond(request: httpx.Request) -> httpx.Response:
        cut_off()
        return host(request)

    with use_transport(httpx.MockTransport(respond)):
        assert tokens.renew(row.pk, row.access_token, now=timezone.now()) == "access-1"
    row.refresh_from_db()
    assert (row.access_token, row.refresh_token) == ("access-1", host.good)
    assert row.next_refresh_at is not None
    assert tokens.renew(row.pk, "access-1", now=timezone.now()) == "access-2"


def test_a_database_that_goes_away_before_the_exchange_costs_no_token(host: Host) -> None:
    row = factories.authorization(factories.workspace())

    def respond(request: httpx.Request) -> httpx.Response:
        cut_off()
        return answer({}, code=36009003)

    with (
        use_transport(httpx.MockTransport(respond)),
        pytest.raises((OperationalError, OutcomeUnknown)),
    ):
        tokens.renew(row.pk, row.access_token, now=timezone.now())
    connection.close()
    assert Authorization.objects.get(pk=row.pk).refresh_token == "refresh"
    assert host.asked == 0
