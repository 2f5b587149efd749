"""One row in one statement that is put together once, for what is written for every label.

What `save(force_insert=True)` and `filter(…).update(…)` do, without building the query anew each
time, which costs us more than the database takes to carry it out. No signals are sent.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models.fields import Field


@dataclass(frozen=True, slots=True)
class Given:
    """A further condition of a change, in SQL; columns without a table's name are the row's own."""

    sql: str
    params: Sequence[object] = ()


_NUMBERS = (
    models.IntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
    models.SmallIntegerField,
)

type Statement = tuple[str, list[Any]]


def insertion(row: models.Model) -> Statement:
    """What adds `row`; its key stays unknown."""
    statement, values, _ = _prepared(row, unless_taken=False)
    return statement, values


def together(*statements: Statement) -> None:
    """Carry out what does not depend on one another in a single round trip."""
    parts = [f"s{n} AS ({sql})" for n, (sql, _) in enumerate(statements)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(parts)} SELECT",  # noqa: S608 - statements of our own
            [value for _, values in statements for value in values],
        )


def insert(row: models.Model, *, unless_taken: bool = False) -> bool:
    """Add `row` and give it its key. With `unless_taken` False when a unique constraint refuses it;
    otherwise that is an IntegrityError."""
    statement, values, key = _prepared(row, unless_taken=unless_taken)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = cursor.fetchone()
    if found is None:
        return False
    setattr(row, key, found[0])
    row._state.adding, row._state.db = False, connection.alias
    return True


def change(
    row: models.Model, fields: Mapping[str, Any], *, state: str = "", given: Given | None = None
) -> bool:
    """Write `fields` of the stored row, if it still is in `state` and `given` holds; False when
    not. The instance stays as it is."""
    kind, names = type(row), tuple(fields)
    statement, columns = _change(kind, names, bool(state), given.sql if given else "")
    values = [
        column.get_db_prep_save(value.pk if isinstance(value, models.Model) else value, connection)
        for column, value in zip(columns, fields.values(), strict=True)
    ]
    values += [row.pk, *([state] if state else []), *(given.params if given else [])]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


def commit_of_its_own() -> AbstractContextManager[None]:
    """Around one statement that has to be on disk when it is through: outside a transaction it is,
    without any more words; inside one this is a RuntimeError."""
    return transaction.atomic(durable=True) if connection.in_atomic_block else nullcontext()


def _prepared(row: models.Model, *, unless_taken: bool) -> tuple[str, list[Any], str]:
    """The statement that adds `row`, its values, and the key's name. What is empty, as most columns
    of a new row are, is written into the statement: psycopg remembers none of more than 50 values."""
    fields = _fields(type(row))
    given = [field.pre_save(row, True) for field in fields]
    plain = tuple(_written(field, value) for field, value in zip(fields, given, strict=True))
    statement, key = _insertion(type(row), unless_taken, plain)
    values = [
        field.get_db_prep_save(value, connection)
        for field, value, words in zip(fields, given, plain, strict=True)
        if not words
    ]
    return statement, values, key


@cache
def _fields(kind: type[models.Model]) -> list["Field[Any, Any]"]:
    return [f for f in kind._meta.concrete_fields if not isinstance(f, models.AutoField)]


def _written(field: "Field[Any, Any]", value: object) -> str:
    """An empty value in SQL; "" for what has to be passed."""
    if value is None:
        return "" if isinstance(field, models.JSONField) else "NULL"
    kind = type(field)
    if value == "" and kind in (models.CharField, models.TextField):
        return "''"
    if value is False and kind is models.BooleanField:
        return "FALSE"
    return "0" if value == 0 and kind in _NUMBERS and value is not False else ""


@lru_cache(maxsize=500)
def _insertion(
    kind: type[models.Model], unless_taken: bool, plain: tuple[str, ...]
) -> tuple[str, str]:
    meta = kind._meta
    key = meta.pk
    if key is None or meta.parents:
        raise TypeError(f"{kind} is not one plain table")
    names = ", ".join(_quoted(field.column) for field in _fields(kind))
    places = ", ".join(words or "%s" for words in plain)
    taken = "ON CONFLICT DO NOTHING " if unless_taken else ""
    statement = (
        f"INSERT INTO {_quoted(meta.db_table)} ({names}) VALUES ({places}) "  # noqa: S608 - our names
        f"{taken}RETURNING {_quoted(key.column)}"
    )
    return statement, key.attname


@cache
def _change(
    kind: type[models.Model], names: tuple[str, ...], in_state: bool, given: str
) -> tuple[str, list["Field[Any, Any]"]]:
    meta = kind._meta
    fields: list[Any] = [meta.get_field(name) for name in names]
    changed = ", ".join(f"{_quoted(field.column)} = %s" for field in fields)
    conditions = [f"{_quoted(meta.pk.column if meta.pk else None)} = %s"]
    if in_state:
        conditions.append('"state" = %s')
    if given:
        conditions.append(f"({given})")
    statement = f"UPDATE {_quoted(meta.db_table)} SET {changed} WHERE {' AND '.join(conditions)}"  # noqa: S608 - our names
    return statement, fields


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")
