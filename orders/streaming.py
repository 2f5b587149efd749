"""Rows into the database by COPY: streamed into a temporary twin of their table and merged from there
in one statement."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from orders.mapping import Row, json_text

# Columns mapped to objects; `raw` is mapped to text.
_OBJECTS: Final = ("recipient", "sub_items")


def columns_of(row: Row) -> list[Any]:
    """As COPY takes them: the columns that hold objects as JSON."""
    values = row.copy()
    for name in _OBJECTS:
        if name in values:
            values[name] = json_text(values[name])
    return list(values.values())


def make_room(*tables: str) -> None:
    """Empty temporary twins of `tables`, in one round trip. Every commit empties them, too."""
    with connection.cursor() as cursor:
        cursor.execute(
            "".join(
                f"CREATE TEMP TABLE IF NOT EXISTS incoming_{table} ON COMMIT DELETE ROWS "  # noqa: S608 - our names
                f"AS SELECT * FROM {table} WITH NO DATA;"
                f"DELETE FROM incoming_{table};"
                for table in tables
            )
        )


def stream(table: str, columns: list[str], rows: Iterable[list[Any]]) -> None:
    """COPY rows into the temporary twin of `table`."""
    names = ", ".join(columns)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY incoming_{table} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)


def merge(
    table: str, columns: list[str], *, same: Row, key: str, extra: str = ""
) -> list[tuple[Any, ...]]:
    """Insert the streamed rows, or update those with their `key`. `same` holds what all new rows
    begin with and what a conflict leaves alone."""
    names = ", ".join(columns)
    given = ", ".join(["%s"] * len(same))
    keys = key.split(", ")
    changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns if name not in keys)
    statement = (
        f"INSERT INTO {table} ({', '.join([*columns, *same])}) "  # noqa: S608 - names of our own
        f"SELECT {', '.join(filter(None, [names, given]))} FROM incoming_{table} ORDER BY {key} "
        f"ON CONFLICT ({key}) DO UPDATE SET {changed} {extra}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, list(same.values()))
        return list(cursor.fetchall()) if "RETURNING" in extra else []
