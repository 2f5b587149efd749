"""What a workspace's parcels teach about first scans, rolled up by shop, carrier, weekday and
handover."""

from datetime import datetime, timedelta

from django.db import connection, transaction

from shipping.clock.lags import Key, Lags, defaults
from shipping.models import ScanLag

_ROLL_UP = """
WITH waited AS (
    SELECT o.shop_id, l.carrier, start.handed_over,
        EXTRACT(isodow FROM start.at AT TIME ZONE %(zone)s)::int - 1 AS weekday,
        GREATEST(EXTRACT(epoch FROM l.first_scan_at - start.at) / 60, 0) AS minutes
    FROM shipping_label l JOIN orders_order o ON o.id = l.order_id
    CROSS JOIN LATERAL (
        VALUES (l.settled_at, FALSE), (l.handed_over_at, TRUE)) AS start (at, handed_over)
    WHERE l.workspace_id = %(workspace)s AND l.state IN ('bought', 'voiding')
        AND l.settled_at >= %(since)s AND l.first_scan_at IS NOT NULL AND start.at IS NOT NULL)
INSERT INTO shipping_scanlag (
    workspace_id, shop_id, carrier, weekday, handed_over, parcels, median_minutes, likely_minutes,
    computed_at)
SELECT %(workspace)s, shop_id, COALESCE(carrier, ''), weekday, handed_over, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes),
    percentile_cont(%(share)s) WITHIN GROUP (ORDER BY minutes), %(now)s
FROM waited
GROUP BY GROUPING SETS (
    (shop_id, handed_over, carrier, weekday), (shop_id, handed_over, carrier),
    (shop_id, handed_over))
"""
_VALUES = ("shop_id", "carrier", "weekday", "handed_over")
_COUNTED = ("parcels", "median_minutes", "likely_minutes")


def refresh(workspace_id: int, zone: str, *, now: datetime) -> bool:
    """Roll the last days up anew; whether anything is expected otherwise than before."""
    before = _all(workspace_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ScanLag.objects.filter(workspace=workspace_id).delete()
        cursor.execute(
            _ROLL_UP,
            {
                "workspace": workspace_id,
                "zone": zone,
                "since": now - timedelta(days=defaults()["history_days"]),
                "share": defaults()["likely_percent"] / 100,
                "now": now,
            },
        )
    return _all(workspace_id) != before


def lags_of(workspace_id: int) -> dict[int, Lags]:
    """Shop → its history; shops without any are left out. One query."""
    found: dict[int, dict[Key, tuple[int, int, int]]] = {}
    for (shop, *key), row in _all(workspace_id).items():
        found.setdefault(shop, {})[tuple(key)] = row  # type: ignore[index]
    return {shop: Lags(rows) for shop, rows in found.items()}


def _all(workspace_id: int) -> dict[tuple[int, str, int | None, bool], tuple[int, int, int]]:
    rows = ScanLag.objects.filter(workspace=workspace_id).values_list(*_VALUES, *_COUNTED)
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5], row[6]) for row in rows}
