"""The queue page of a workspace with 10,000 and with 1,000,000 orders: server time, through all of Django."""

import base64
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from creatorflow.embedded_postgres import EmbeddedPostgres

SIZES = (10_000, 1_000_000)
ROUNDS = 60  # each asks for every kind of page once
WARM_UP = 5
LIMIT_MS = 100.0
LIMIT_RATIO = 1.3
SQL = Path(__file__).with_name("queue_page.sql")


@dataclass(frozen=True, slots=True)
class Desk:
    """A workspace with `size` orders in a database of its own, and somebody signed in to it."""

    size: int
    connection: Any
    client: Any


def run() -> dict[str, Any]:
    """The p95 over every kind of page at the larger size, in milliseconds, and its ratio to the smaller one."""
    # The server's account has to get in, too.
    with tempfile.TemporaryDirectory(prefix="bench-queue-", dir="/var/tmp") as folder:  # noqa: S108 - its own folder
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            set_up_django(server.start())
            found = _measure([_desk(size) for size in SIZES])
            from django.db import connections

            connections.close_all()
    return _figures(found)


def _figures(found: dict[int, dict[str, list[float]]]) -> dict[str, Any]:
    small, large = (_p95(found[size].values()) for size in SIZES)
    return {
        "figure": round(large, 1),
        "unit": "ms, p95 of server time",
        "input": f"{ROUNDS * len(found[SIZES[1]])} requests to a workspace of {SIZES[1]:,} orders",
        "limit": LIMIT_MS,
        "ratio": round(large / LIMIT_MS, 3),
        f"p95_at_{SIZES[0]}": round(small, 1),
        "growth": round(large / small, 2),
        "growth_limit": LIMIT_RATIO,
        "pages": {
            name: {str(size): round(_p95([found[size][name]]), 1) for size in SIZES}
            for name in found[SIZES[0]]
        },
        "kept": large < LIMIT_MS and large / small <= LIMIT_RATIO,
    }


def _p95(series: Any) -> float:
    return statistics.quantiles([ms for one in series for ms in one], n=20)[-1]


def set_up_django(url: str) -> None:
    """Django on that database, with nothing tidying up behind the measurement."""
    os.environ |= {
        "DATABASE_URL": url,
        "CREATORFLOW_ENV_FILE": os.devnull,
        "DEBUG": "false",
        "REHEARSAL": "true",  # static files are served where they lie
        "SECRET_KEY": secrets.token_urlsafe(64),
        "VAULT_KEYS": f"bench:{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
    }
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creatorflow.settings")
    import django
    from django.db import connection

    django.setup()
    with connection.cursor() as cursor:
        # What tidies up after the load would otherwise run while pages are timed.
        cursor.execute("ALTER SYSTEM SET autovacuum = off")
        cursor.execute("SELECT pg_reload_conf()")


def _desk(size: int) -> Desk:
    """Fill a new database on the same server."""
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client

    from core.models import Membership, Role, User, Workspace

    first = connections["default"]
    name = f"queue_{size}"
    with first.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    connection = type(first)(first.settings_dict | {"NAME": name}, alias="default")
    connections["default"] = connection
    call_command("migrate", verbosity=0)
    workspace = Workspace.objects.create(name="Bench", slug="bench")
    person = User.objects.create_user("bench@example.com")
    Membership.objects.create(workspace=workspace, user=person, role=Role.OWNER)
    fill(connection, workspace_id=workspace.pk, size=size)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(person)
    return Desk(size, connection, client)


def fill(connection: Any, *, workspace_id: int, size: int) -> None:
    """Write the orders, their lines, clocks and SKUs; columns that the file does not name begin as the models have
    them."""
    from orders.models import Clock, Line, Order
    from shops.catalog.models import Sku
    from shops.models import Shop

    with connection.cursor() as cursor:
        for model in (Order, Line, Clock, Sku, Shop):
            _begin_as_in_models(cursor, connection, model)
        cursor.execute(SQL.read_text(), {"workspace": workspace_id, "size": size})


def _begin_as_in_models(cursor: Any, connection: Any, model: Any) -> None:
    from psycopg import sql

    for field in model._meta.concrete_fields:
        if field.null or field.primary_key or field.is_relation:
            continue
        value = field.get_db_prep_save(field.get_default(), connection)
        if value is None or value == []:
            value = "{}" if value == [] else None
        if value is not None:
            statement = "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {}"
            names = (sql.Identifier(model._meta.db_table), sql.Identifier(field.column))
            cursor.execute(sql.SQL(statement).format(*names, sql.Literal(value)))


def _measure(desks: list[Desk]) -> dict[int, dict[str, list[float]]]:
    """Milliseconds per size and kind of page. Both sizes take turns, so that whatever else runs slows both."""
    from django.db import connections

    kinds = {desk.size: _kinds(random.Random(7), desk.size) for desk in desks}
    found: dict[int, dict[str, list[float]]] = {
        desk.size: {name: [] for name in kinds[desk.size]} for desk in desks
    }
    for number in range(-WARM_UP, ROUNDS):
        for name in kinds[desks[0].size]:
            for desk in desks:
                connections["default"] = desk.connection
                took = _ask(desk.client, kinds[desk.size][name](number))
                if number >= 0:
                    found[desk.size][name].append(took)
    return found


def _kinds(chance: random.Random, size: int) -> dict[str, Callable[[int], dict[str, str]]]:
    """The pages people ask for; each is another one every time."""
    now = datetime.now(UTC)

    def number() -> int:
        return chance.randint(1, size)

    def deep() -> str:
        place = now - timedelta(days=chance.random() * 360)
        return f"{place:%Y-%m-%dT%H:%M:%SZ}_{number()}"

    names = ("ortiz", "nguyen", "okafor", "larsen", "moreau", "tanaka", "silva", "novak")

    def tiktok_id() -> str:
        return f"5769{number() * 61803398874989 % 10**14:014d}"

    return {
        "ready": lambda n: {},
        "ready, deep": lambda n: {
            "after": f"{now + timedelta(hours=chance.random() * 40):%Y-%m-%dT%H:%M:%SZ}_{number()}"
        },
        "late risk": lambda n: {"tab": "late"},
        "needs a fix": lambda n: {"tab": "fix"},
        "shipped": lambda n: {"tab": "shipped"},
        "all, deep": lambda n: {"tab": "all", "after": deep()},
        "all, deep and back": lambda n: {"tab": "all", "before": deep()},
        "search: order number": lambda n: {"tab": "all", "q": tiktok_id()},
        "search: surname": lambda n: {"tab": "all", "q": names[n % len(names)]},
        "search: two words": lambda n: {"tab": "all", "q": f"{names[n % len(names)]} serum"},
        "search: nothing": lambda n: {"tab": "all", "q": f"nobody{number()}"},
        "filter: lane, single, value": lambda n: {
            "lane": "own",
            "single": "on",
            "least": str(10 + n % 7),
        },  # fmt: skip
        "filter: SKU": lambda n: {"sku": f"sku-{n % 60:03d}"},
        "filter: SKU of all": lambda n: {"tab": "all", "sku": f"SKU-{n % 60:03d}"},
        "filter: tag of all": lambda n: {"tab": "all", "tag": "vip"},
        "filter: reason": lambda n: {"tab": "fix", "blocker": "no_weight"},
    }


def _ask(client: Any, query: dict[str, str]) -> float:
    started = time.perf_counter()
    answer = client.get(f"/w/bench/queue/?{urlencode(query)}")
    took = (time.perf_counter() - started) * 1000
    assert answer.status_code == 200
    assert b'id="queue"' in answer.content
    return took
