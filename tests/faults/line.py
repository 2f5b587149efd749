"""The wire of these tests: real sockets, with an end that is dead where a fault says so."""

import fnmatch
import re
import socket

import httpx

from tests.faults.faults import Fault

# A sandbox on a busy machine takes its time, so only calls that are meant to time out are hurried.
HASTE = {"connect": 0.05, "read": 0.08, "write": 2.0, "pool": 2.0}


class DeadEnds:
    """Two ports of this machine: one where nobody listens, one that accepts nobody."""

    def __init__(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.refusing: int = taken.getsockname()[1]
        self._full = socket.socket()
        self._full.bind(("127.0.0.1", 0))
        self._full.listen(0)
        self.silent: int = self._full.getsockname()[1]
        # What fills the queue of connections that nobody accepts: whoever comes later waits.
        self._fillers = [self._knock() for _ in range(4)]

    def _knock(self) -> socket.socket:
        knocking = socket.socket()
        knocking.setblocking(False)
        knocking.connect_ex(("127.0.0.1", self.silent))
        return knocking

    def close(self) -> None:
        for one in (*self._fillers, self._full):
            one.close()


class Line(httpx.BaseTransport):
    """A transport that sends the calls a fault meets to a dead end, or gives them little time."""

    def __init__(self, dead_ends: DeadEnds) -> None:
        self._inner = httpx.HTTPTransport()
        self._dead_ends = dead_ends
        self._fault: Fault | None = None
        self._method, self._path = "", re.compile("")
        self.met = 0

    def strike(self, fault: Fault, method: str, path: str) -> None:
        """From now on calls of `method` to paths like `path` meet `fault`."""
        self._fault, self._method, self.met = fault, method, 0
        self._path = re.compile(fnmatch.translate(path))

    def lift(self) -> None:
        """No fault any more."""
        self._fault = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self._fault
        if fault and request.method == self._method and self._path.match(request.url.path):
            self.met += 1
            if fault.hasty:
                request.extensions["timeout"] = HASTE
            if fault.kind == "line":
                refused = fault.name == "refused connection"
                port = self._dead_ends.refusing if refused else self._dead_ends.silent
                request.url = request.url.copy_with(port=port)
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Nothing: the clients of a test come and go, the connections stay for the next one."""

    def end(self) -> None:
        """Close the connections for good."""
        self._inner.close()
