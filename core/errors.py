"""What went wrong at somebody else's server, named by what the caller may do next.

RemoteError
├─ Rejected         understood and refused: show the message, do not ask again unchanged
├─ Unavailable      certainly not carried out: ask again after retry_after
│  ├─ RateLimited   the same, because we asked too often
│  └─ CircuitOpen   the same, and not even sent: the other side has not been answering
├─ NotAuthorized    our credentials died: a person must reconnect
└─ OutcomeUnknown   sent, and no answer to trust: never send again, ask what happened

Clients and adapters translate at their edge: no httpx exception and no HTTP status is seen above
them.
"""

from datetime import datetime, timedelta


class RemoteError(Exception):
    """A call to a third party did not succeed; `message` is written for a seller, `code` and
    `request_id` for support. `answered` says that the other side is well, whatever it said."""

    answered = True

    def __init__(
        self,
        message: str,
        *,
        provider: str,
        code: str = "",
        retry_after: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.provider = provider
        self.code = code
        self.retry_after = retry_after
        self.request_id = request_id

    def due_at(self, now: datetime, *, default: float = 30) -> datetime:
        """When asking again makes sense, `default` seconds ahead where the provider named no
        time."""
        return now + timedelta(seconds=default if self.retry_after is None else self.retry_after)


class Rejected(RemoteError):
    """Understood and refused."""


class Unavailable(RemoteError):
    """Certainly not carried out; asking again later may work."""

    answered = False


class RateLimited(Unavailable):
    """We asked too often."""

    answered = True


class CircuitOpen(Unavailable):
    """Not sent: the other side has not been answering `since`; see core.breaker."""

    answered = True  # of another circuit around it, nothing is known
    since: datetime | None = None


class NotAuthorized(RemoteError):
    """Our credentials are not, or no longer, accepted."""


class OutcomeUnknown(RemoteError):
    """Sent, but whether it was carried out is not known; only asking the provider can tell."""

    answered = False
