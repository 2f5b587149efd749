"""A real wire whose answers to order searches are doctored."""

import json
from collections.abc import Callable
from typing import Any

import httpx

Document = dict[str, Any]


class Doctored(httpx.BaseTransport):
    """`alter` may change the `data` of each answered order search, given what was asked."""

    def __init__(self, alter: Callable[[Document, Document], None]) -> None:
        self.inner = httpx.HTTPTransport()
        self.alter = alter
        self.searches = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        if not request.url.path.endswith("/orders/search"):
            return answer
        self.searches += 1
        document = json.loads(answer.read())
        if document.get("data"):
            self.alter(document["data"], json.loads(request.content))
        return httpx.Response(answer.status_code, json=document)

    def close(self) -> None:
        self.inner.close()
