"""A swapped wire: answers played in order, requests kept."""

import json
from collections.abc import Callable, Iterable
from typing import Any

import httpx

from core.errors import RemoteError

type Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Tape:
    """Plays one answer per request; the last one stays in the machine."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def play(self, *answers: Answer) -> "Tape":
        """Other answers from here on, and a fresh count of requests."""
        self.answers = list(answers)
        self.requests.clear()
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        return answer(request)

    def client(self) -> httpx.Client:
        """An httpx client on this wire."""
        return httpx.Client(transport=httpx.MockTransport(self), follow_redirects=False)

    def body(self, number: int = -1) -> Any:
        """The JSON body of a request."""
        return json.loads(self.requests[number].content)


def answer(body: object, status: int = 200, **headers: str) -> httpx.Response:
    """A JSON answer; `retry_after="7"` and the like become headers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


def outcome(call: Callable[[], Any]) -> Any:
    """What a call answers, or the RemoteError it raises; anything else raised breaks the test."""
    try:
        return call()
    except RemoteError as error:
        return error


def without(body: Any, path: Iterable[str | int]) -> Any:
    """A copy of `body` without the value at `path`."""
    copy = json.loads(json.dumps(body))
    *parents, last = path
    holder = copy
    for name in parents:
        holder = holder[name]
    del holder[last]
    return copy


def with_value(body: Any, path: Iterable[str | int], value: object) -> Any:
    """A copy of `body` with another value at `path`."""
    copy = json.loads(json.dumps(body))
    *parents, last = path
    holder = copy
    for name in parents:
        holder = holder[name]
    holder[last] = value
    return copy
