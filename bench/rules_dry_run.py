"""A dry run of 20 automation rules over 100,000 orders with their stored quotes, and whether the live
run then does the same to every one of them."""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.queue_page import set_up_django
from creatorflow.embedded_postgres import EmbeddedPostgres

ORDERS = 100_000
LIMIT_S = 10.0
_SERVICES = (
    ("ups", "Ground", "5.10", 4), ("ups", "2nd Day Air", "14.80", 2), ("fedex", "Ground", "5.40", 4),
    ("fedex", "2Day", "13.90", 2), ("ontrac", "Ground", "4.95", 3), ("uniuni", "Standard", "4.20", 6),
)  # fmt: skip


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many orders."""
    parser.add_argument("--orders", type=int, default=ORDERS)


def run(*, orders: int = ORDERS) -> dict[str, Any]:
    """Seconds of the dry run, and how many orders the live run treated otherwise (0)."""
    # The server's account has to get in, too.
    with tempfile.TemporaryDirectory(prefix="bench-rules-", dir="/var/tmp") as folder:  # noqa: S108 - its own folder
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder) / "postgres", durable=False) as server:
            set_up_django(server.start())
            from django.db import connections

            found = _measure(orders)
            connections.close_all()
    return found


def _measure(size: int) -> dict[str, Any]:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    workspace, person = _fill(size)
    from shipping.rules import dry_run

    row = dry_run.start(workspace, user=person, days=40, most=size)
    began, busy = time.perf_counter(), time.process_time()
    dry_run.run_dry(run_id=row.pk)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    row.refresh_from_db()
    began = time.perf_counter()
    different = _compare_with_live(workspace, person, row)
    return {
        "figure": round(seconds, 2),
        "unit": "seconds",
        "input": f"20 rules, {row.total:,} orders, {row.changed:,} of them changed",
        "limit": LIMIT_S,
        "ratio": round(seconds / LIMIT_S, 3),
        "processor_s": round(busy, 2),
        "orders_treated_otherwise_live": different,
        "not_quoted": row.result["unquoted"],
        "clashes": len(row.result["clashes"]),
        "live_run_and_comparison_s": round(time.perf_counter() - began, 1),
        "kept": seconds < LIMIT_S and different == 0 and row.state == "done" and row.changed > 0,
    }


def _compare_with_live(workspace: Any, person: Any, run: Any) -> int:
    """Go live with the same rules, apply them, and count the orders that came out otherwise."""
    from orders.models import Order
    from shipping.models import RuleRunRow
    from shipping.rules import book, live

    book.go_live(workspace, user=person)
    live.apply_due(workspace_id=workspace.pk)
    said = {
        row["order_id"]: row
        for row in RuleRunRow.objects.filter(run=run).values("order_id", "after", "cost_after")
    }
    quotes = _newest_quotes(list(said))
    fields = ("pk", "ruled", "tags", "stage", "wish", "total", "currency")
    different = 0
    for order in Order.objects.of(workspace).only(*fields).iterator(chunk_size=2000):
        row = said.get(order.pk)
        different += not _is_same(order, row, quotes.get(order.pk))
    return different


def _newest_quotes(ids: list[int]) -> dict[int, Any]:
    from itertools import batched

    from shipping.rules.prices import stored_quotes

    return {pk: q for chunk in batched(ids, 5000) for pk, q in stored_quotes(list(chunk)).items()}


def _is_same(order: Any, row: Any, quotes: Any) -> bool:
    """Whether the order got what its row said, and its price is chosen as the row said."""
    from shipping.choice import choose_from
    from shipping.wishes import service_wish

    if row is None:
        return not order.ruled and order.stage == "ready"
    after = dict(row["after"]["set"])
    hold, tags = after.pop("hold", None), after.pop("tags", [])
    got = order.ruled.get("set", {}), order.ruled.get("tags", []), order.stage == "hold"
    if got != (after, tags, hold is not None):
        return False
    if row["cost_after"] is None or quotes is None:
        return True
    cost = Decimal(0)
    for parcel in quotes:
        need = parcel.need | {"wish": service_wish(order)}
        index = choose_from(parcel.rates, need, now=parcel.at).index
        if index is None:
            return False
        cost += Decimal(parcel.rates[index]["price"])
    return cost == row["cost_after"]


def _fill(size: int) -> tuple[Any, Any]:
    """A workspace with a shop, 200 SKUs, `size` open orders of one to four units, and their
    quotes."""
    from core.models import Membership, Role, User, Workspace
    from orders.models import Line, Order
    from shipping.models import QuoteSet
    from shops.catalog.models import Sku
    from shops.models import Authorization, Shop

    workspace = Workspace.objects.create(name="Bench", slug="bench")
    person = User.objects.create_user("bench@example.com")
    Membership.objects.create(workspace=workspace, user=person, role=Role.OWNER)
    now = datetime.now(UTC)
    shop = _shop(workspace, Authorization, Shop, now)
    Sku.objects.bulk_create(
        Sku(shop=shop, tiktok_id=f"sku-{n}", product_id="p", seller_sku=f"SKU-{n:03}",
            product_name=f"Product {n}", weight_g=60 + 17 * n if n % 25 else None)
        for n in range(200)
    )  # fmt: skip
    order = Order.objects.create(
        workspace=workspace, shop=shop, tiktok_id="seed", status="AWAITING_SHIPMENT", lane="own",
        created_at=now - timedelta(days=60), updated_at=now, synced_at=now, currency="USD", total=1,
        stage="ready",
    )  # fmt: skip
    line = Line.objects.create(
        order=order, tiktok_id="seed", sku_id="sku-0", product_id="p", product_name="Seed",
        currency="USD", sale_price=1, original_price=1,
    )  # fmt: skip
    quotes = QuoteSet.objects.create(
        workspace=workspace, order=order, at=now, expires_at=now + timedelta(days=1), spec={},
        spec_hash="", rates=_rates(), chosen=5, price=Decimal("4.20"), currency="USD",
        reason={"sentence": "", "need": {"currency": "USD", "today": now.date().isoformat(),
                                         "deliver_by": None, "express": False, "order": []}},
    )  # fmt: skip
    _multiply(order, line, quotes, size)
    _rules(workspace, shop)
    return workspace, person


def _multiply(order: Any, line: Any, quotes: Any, size: int) -> None:
    """`size` orders with lines and quotes in place of these three rows."""
    from orders.models import Line, Order
    from shipping.models import QuoteSet

    _copies(Order, order.pk, _ORDER, f"generate_series(1, {size}) AS n")
    _run("CREATE TEMP TABLE given AS SELECT id, tiktok_id::bigint AS n, unit_count FROM "
         "orders_order WHERE tiktok_id <> 'seed'")  # fmt: skip
    _copies(Line, line.pk, _LINE, "given AS o, generate_series(1, o.unit_count) AS u")
    _copies(QuoteSet, quotes.pk, _QUOTES, "given AS o")
    _run("DELETE FROM shipping_quoteset WHERE order_id = %s", [order.pk])
    _run("DELETE FROM orders_line WHERE order_id = %s", [order.pk])
    _run("DELETE FROM orders_order WHERE id = %s", [order.pk])
    _run("ANALYZE")


def _shop(workspace: Any, authorization: Any, shop: Any, now: datetime) -> Any:
    permission = authorization(
        workspace=workspace, open_id="bench", seller_name="Bench", region="US"
    )
    far = now + timedelta(days=90)
    permission.hold_tokens(access="a", access_until=far, refresh="r", refresh_until=far)
    permission.save()
    return shop.objects.create(
        workspace=workspace, authorization=permission, tiktok_id="7", cipher="c", name="Bench",
        region="US",
    )  # fmt: skip


_ORDER = {
    "tiktok_id": "n::text",
    "created_at": "now() - (n % 2500000) * interval '1 second'",
    "paid_at": "now() - (n % 2500000) * interval '1 second'",
    "due_at": "now() + (n % 96) * interval '1 hour'",
    "unit_count": "1 + abs(hashint8(n)) % 4",
    "total": "5 + abs(hashint8(n + 7)) % 20000 / 100.0",
    "is_sample": "n % 40 = 0",
    "delivery_option_name": "CASE WHEN n % 9 = 0 THEN 'Express Shipping' ELSE 'Standard' END",
    "recipient": "jsonb_build_object('name', 'B', 'street1', '1 Main St', 'city', 'C', 'country', "
    "'US', 'state', (ARRAY['CA','TX','NY','HI','AK','FL','WA','PR'])[1 + abs(hashint8(n + 3)) % 8],"
    " 'postal_code', lpad((abs(hashint8(n + 5)) % 99999)::text, 5, '0'))",
    "tags": "CASE WHEN n % 50 = 0 THEN ARRAY['vip'] ELSE '{}' END::varchar(40)[]",
}
_LINE = {
    "order_id": "o.id",
    "tiktok_id": "o.n || '-' || u",
    "sku_id": "'sku-' || abs(hashint8(o.n + u)) % 200",
    "seller_sku": "'SKU-' || lpad((abs(hashint8(o.n + u)) % 200)::text, 3, '0')",
    "product_name": "'Product ' || abs(hashint8(o.n + u)) % 200",
}
_QUOTES = {"order_id": "o.id"}


def _copies(model: Any, pk: Any, changed: dict[str, str], source: str) -> None:
    """Copies of one row, with some columns computed; whatever other columns there are."""
    columns = [f.column for f in model._meta.concrete_fields if not f.primary_key]
    values = ", ".join(changed.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    table = model._meta.db_table
    _run(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} t, {source} WHERE t.id = %s", [pk])  # noqa: S608 - our own names  # fmt: skip


def _run(sql: str, values: list[Any] | None = None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        if values is not None:
            sql = sql.replace("% ", "%% ")
        cursor.execute(sql, values)


def _rates() -> list[dict[str, Any]]:
    return [
        {"account": "one" if n % 2 else "two", "provider": "easypost", "carrier": carrier,
         "service": name, "service_name": name, "price": price, "currency": "USD", "days": days,
         "guaranteed": False, "expires_at": None, "struck": None,
         "ref": {"shipment_id": "shp_0123456789abcdef", "rate_id": f"rate_0123456789abcde{n}"}}
        for n, (carrier, name, price, days) in enumerate(_SERVICES)
    ]  # fmt: skip


def _rules(workspace: Any, shop: Any) -> None:
    from shipping.models import Rule

    Rule.objects.bulk_create(
        Rule(
            workspace=workspace, position=n, name=f"Rule {n}", conditions=conditions,
            actions=actions, stop=stop,
        )
        for n, (conditions, actions, stop) in enumerate(_twenty(shop.pk), start=1)
    )  # fmt: skip


def _twenty(shop: int) -> list[tuple[dict[str, Any], dict[str, Any], bool]]:
    """Conditions, actions and whether it stops: of every kind, some of which clash."""
    box = {"weight_g": 900, "length_mm": 300, "width_mm": 200, "height_mm": 100}
    ups, fedex, fast = {"carrier": "ups"}, {"carrier": "fedex"}, {"days": 3}
    return [
        ({"all": [{"what": "sample", "is": True}]}, {"tags": ["sample"]}, False),
        ({"all": [{"what": "state", "in": ["HI", "AK", "PR"]}]}, {"service": ups}, False),
        ({"all": [{"what": "zip", "starts": ["00", "09"]}]}, {"account": "one"}, False),
        ({"all": [{"what": "weight", "from": 9000, "to": None}]}, {"service": fedex}, False),
        ({"all": [{"what": "value", "from": "150", "to": None}]},
         {"insurance": {"of": "value"}, "signature": "any"}, False),
        ({"all": [{"what": "sku", "patterns": ["SKU-01*"], "how": "any"}]}, {"parcel": box}, False),
        ({"all": [{"what": "sku", "patterns": ["SKU-1*"], "how": "every"}]},
         {"tags": ["hundred"]}, False),
        ({"all": [{"what": "product", "words": "Product 7", "how": "any"}]},
         {"tags": ["seven"]}, False),
        ({"all": [{"what": "units", "from": 4, "to": None}]}, {"service": fast}, False),
        ({"all": [{"what": "tag", "name": "vip"}]}, {"service": fast, "signature": "adult"}, True),
        ({"all": [{"what": "speed", "is": "express"}]}, {"service": {"days": 2}}, False),
        ({"all": [{"what": "deadline", "hours": "3"}]}, {"service": fast}, False),
        ({"all": [{"what": "value", "from": "195", "to": None}, {"what": "units", "to": 1}]},
         {"hold": {"reason": "Look at it", "hours": None}}, False),
        ({"any": [{"what": "state", "in": ["CA"]}, {"what": "zip", "starts": ["1"]}],
          "none": [{"what": "sample", "is": True}]}, {"tags": ["near"]}, False),
        ({"all": [{"what": "lane", "in": ["platform"]}]}, {"service": ups}, False),
        ({"all": [{"what": "country", "in": ["CA"]}]}, {"service": fedex}, False),
        ({"all": [{"what": "tag", "name": "seven"}]}, {"signature": "any"}, False),
        ({"all": [{"what": "shop", "in": [shop]}, {"what": "state", "in": ["TX"]}]},
         {"service": {"name": "OnTrac Ground"}}, False),
        ({"all": [{"what": "weight", "from": None, "to": 200}]},
         {"service": {"carrier": "uniuni"}}, False),
        ({"all": [{"what": "option", "has": "standard"}, {"what": "state", "in": ["NY"]}]},
         {"service": {"carrier": "dpd"}}, False),
    ]  # fmt: skip
