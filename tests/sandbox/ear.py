"""A little server that keeps the webhooks it is told and answers as it was asked to."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One delivery as it came in."""

    path: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def document(self) -> dict[str, Any]:
        """The body, decoded."""
        document: dict[str, Any] = json.loads(self.raw)
        return document


class Ear:
    """Listens on a free loopback port; `answers` are the statuses of the next deliveries."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                ear.heard.append(Heard(self.path, self.headers, raw))
                self.send_response(ear.answers.pop(0) if ear.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def events(self, count: int, within: float = 5.0) -> list[dict[str, Any]]:
        """The bodies heard so far, once there are `count`."""
        end = time.monotonic() + within
        while len(self.heard) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [heard.document for heard in list(self.heard)]

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)
