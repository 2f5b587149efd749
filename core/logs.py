"""Lines of the log: redacted on every handler, and with what they belong to (request, job, workspace, order).

`Redact` is a filter of handlers, not of loggers, so that whatever reaches an output has passed it, whoever wrote it.
"""

import contextvars
import logging
import re
import secrets
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

from core import calls
from core.errors import RemoteError
from core.redaction import STRUCK, redact

_MOST_MESSAGE = 8_000
_MOST_TRACE = 24_000
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}\Z")
# A statement's values stand in it between single quotes; Django logs them at level DEBUG.
_LITERAL = re.compile(r"'(?:[^']|'')*'")

_request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="")
_job: contextvars.ContextVar[str] = contextvars.ContextVar("job", default="")
_workspace: contextvars.ContextVar[str] = contextvars.ContextVar("workspace", default="")


def new_id() -> str:
    """An id for one request or one run of a job."""
    return secrets.token_hex(8)


def sane_id(given: str | None) -> str:
    """`given`, if it is short and plain enough to be written into logs; else a new id."""
    return given if given and _SANE.match(given) else new_id()


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Within the block, lines belong to this request; its workspace is said by `in_workspace`."""
    held, room = _request.set(request_id), _workspace.set("")
    try:
        yield
    finally:
        _workspace.reset(room)
        _request.reset(held)


@contextmanager
def job(job_id: str) -> Iterator[None]:
    """Within the block, lines belong to this run of a job."""
    held = _job.set(job_id)
    try:
        yield
    finally:
        _job.reset(held)


def in_workspace(slug: str) -> None:
    """The rest of the request, or of the job, is about this workspace."""
    _workspace.set(slug)


def known() -> dict[str, str]:
    """What is known of where we are: request, job, workspace, order; those that are not known are left away."""
    found = {
        "request": _request.get(),
        "job": _job.get(),
        "workspace": _workspace.get(),
        "order": calls.subject(),
    }
    return {name: value for name, value in found.items() if value}


def configuration(form: str, *, level: str, secrets: Collection[str]) -> dict[str, Any]:
    """Django's LOGGING: one handler for everything, `form` line or json. `secrets` may still grow: it is read last."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "core.logs.Line"}, "json": {"()": "core.logs.Json"}},
        "filters": {"redact": {"()": "core.logs.Redact", "values": secrets}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["redact"],
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handlers, which know nothing of redaction, are taken away.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "django-q": {"level": "WARNING"},
            "pypdf": {"level": "ERROR"},
        },
    }


class Redact(logging.Filter):
    """Hands on a copy of the record that holds nothing but redacted text.

    `values` are this installation's own secrets, struck out wherever they stand.
    """

    def __init__(self, values: Collection[str] = ()) -> None:
        super().__init__()
        self.values = frozenset(value for value in values if len(value) > 5)

    def filter(self, record: logging.LogRecord) -> logging.LogRecord:
        """The copy; the original goes on to other handlers as it is."""
        clean = logging.makeLogRecord({})
        for name in ("name", "levelno", "levelname", "created", "msecs", "process", "thread"):
            setattr(clean, name, getattr(record, name))
        clean.msg = self._struck(_message(record)[:_MOST_MESSAGE], record)
        if record.exc_info and record.exc_info[1] is not None:
            clean.exc_text = self._struck(_trace(record.exc_info[1]), record)
        elif record.exc_text:
            clean.exc_text = self._struck(record.exc_text[-_MOST_TRACE:], record)
        if record.stack_info:
            clean.stack_info = self._struck(record.stack_info[-_MOST_TRACE:], record)
        clean.known = known()
        return clean

    def _struck(self, text: str, record: logging.LogRecord) -> str:
        if record.name.startswith(("django.db", "psycopg")):
            text = _LITERAL.sub(f"'{STRUCK}'", text.partition("; args=")[0])
        return redact(text, self.values)


class Line(logging.Formatter):
    """For people: one line, and at its end what it belongs to."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        """The line without a traceback, which the base adds below it."""
        where = " ".join(f"{name}={value}" for name, value in getattr(record, "known", {}).items())
        return super().formatMessage(record) + (f" [{where}]" if where else "")


class Json(logging.Formatter):
    """For machines: one JSON object a line, with the time in UTC."""

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback is its member `trace`."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line |= getattr(record, "known", {})
        if record.exc_text:
            line["trace"] = record.exc_text
        if record.stack_info:
            line["stack"] = record.stack_info
        return orjson.dumps(line).decode()


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit their format
        return f"{record.msg} (its arguments did not fit)"


def _trace(error: BaseException) -> str:
    """The traceback. A provider's own words may quote whom they are about: they are replaced by code and request."""
    text = "".join(traceback.format_exception(error))
    for one in _chain(error):
        if isinstance(one, RemoteError) and one.message:
            told = f"{one.provider} code={one.code} request={one.request_id}"
            text = text.replace(one.message, told)
    return text[-_MOST_TRACE:]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
