"""What can go wrong on the way to a provider and back: each fault as it is made, and in words."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail. `line` faults are made by the test's own transport, the others by the
    sandbox; `carried_out` says that the call had its effect all the same."""

    name: str
    words: str
    kind: str
    carried_out: bool = False
    rule: dict[str, Any] = field(default_factory=dict)
    only: str = ""  # "file" or "webhook": it makes sense for those alone
    hasty: bool = False  # the caller's patience has to be short, or the test would be long


def _status(status: int, words: str, **more: Any) -> Fault:
    wait = more.get("retry_after")
    name = f"{status} Retry-After" if wait else str(status)
    return Fault(name, words, "status", rule={"status": status, **more})


FAULTS = (
    Fault("refused connection", "nobody listens at the address", "line"),
    Fault("connect timeout", "the connection is not accepted in time", "line", hasty=True),
    Fault("silence", "the request arrives, nothing is done, no answer", "silence", hasty=True),
    Fault(
        "timeout after the effect", "it is done, and no answer comes",
        "timeout_after_effect", carried_out=True, hasty=True,
    ),
    Fault("reset", "the connection is cut before anything is done", "reset"),
    Fault(
        "reset after the effect", "it is done, and the connection is cut",
        "reset_after_effect", carried_out=True,
    ),
    _status(401, "the credentials are refused"),
    _status(403, "the credentials do not suffice"),
    _status(404, "not found"),
    _status(409, "something else is going on at the same time"),
    _status(422, "understood and refused"),
    _status(429, "too many calls, without a word when to come back"),
    _status(429, "too many calls, come back in 30 s", retry_after=30.0),
    _status(500, "a failure in the provider's own words"),
    _status(502, "a balancer's page"),
    _status(503, "a balancer's page"),
    Fault("malformed JSON", "half of the answer, with status 200", "malformed", carried_out=True),
    Fault("missing fields", "JSON without the fields", "missing_fields", carried_out=True),
    Fault("nulls", "every field is null", "nulls", carried_out=True),
    Fault("wrong content type", "a web page with status 200", "wrong_type", carried_out=True),
    Fault("truncated file", "half of the file", "truncated", carried_out=True, only="file"),
    Fault("duplicated", "the same event arrives twice", "told", only="webhook"),
    Fault("reordered", "the older event arrives after the newer one", "told", only="webhook"),
)  # fmt: skip

BY_NAME = {fault.name: fault for fault in FAULTS}
JSON_ONLY = {"malformed JSON", "missing fields", "nulls"}
