"""What providers with an API key have in common beside the wire."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import Rejected, Unavailable
from core.http import Gate, open_gate
from shipping.providers.base import Address, BoughtLabel, Document, ShipmentSpec, Unsupported
from shipping.providers.download import GONE, Source, fetch
from shipping.providers.wire import Wire


def mode_of(api_key: str, *, test: str, live: str) -> str:
    """ "test" or "live" by the key's beginning; a key we cannot place counts as live, which is the
    careful reading."""
    return "test" if api_key.startswith(test) and not api_key.startswith(live) else "live"


def recipient_of(spec: ShipmentSpec, name: str) -> Address:
    """The recipient's address. Unsupported where only TikTok knows it."""
    if spec.recipient is None:
        raise Unsupported(f"{name} needs the recipient's full address")
    return spec.recipient


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """Label files of one account: by the link kept with the label, else by a new one."""

    wire: Wire
    source: Source
    gate: Gate = open_gate

    def get(self, label: BoughtLabel, fresh_url: Callable[[], str]) -> Document:
        """The file. `fresh_url` asks the provider for the link of today, empty while the label is
        being made."""
        return self.at(label.label_url, fresh_url, what="label")

    def at(self, known_url: str, fresh_url: Callable[[], str], *, what: str) -> Document:
        """The file at `known_url`, or where `fresh_url` says; `what` names it in a sentence."""
        if known_url:
            try:
                return self._fetch(known_url)
            except Rejected as refusal:
                if refusal.code != GONE:
                    raise
        url = fresh_url()
        if not url:
            raise Unavailable(
                f"{self.wire.name} is still making the {what}.",
                provider=self.wire.name,
                code="label-pending",
                retry_after=3,
            )
        return self._fetch(url)

    def _fetch(self, url: str) -> Document:
        wire = self.wire
        return wire.again(
            lambda: fetch(wire.client, url, self.source, gate=self.gate, journal=wire.journal)
        )
