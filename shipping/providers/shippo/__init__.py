"""Shippo as a label provider, over its API of 2018-02-08.

Its own SDK stays off this path: it can fail to decode an answer after the label was paid.
Shippo takes no idempotency key. A purchase is asked about by its rate, and known by our key in its
metadata.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from core.errors import Rejected
from core.http import ATTEMPTS, Call, Gate, open_gate
from shipping.providers.account import LabelFiles, mode_of
from shipping.providers.base import (
    AccountCheck,
    BoughtLabel,
    Can,
    Document,
    Quotes,
    Rate,
    ShipmentSpec,
    Shipped,
    VoidOutcome,
    VoidResult,
)
from shipping.providers.download import Source
from shipping.providers.manifests import Form, FormWish
from shipping.providers.shippo import manifests
from shipping.providers.shippo.build import build_purchase, build_shipment, refs, safe_id
from shipping.providers.shippo.hooks import ensure
from shipping.providers.shippo.names import NAME, SLUG
from shipping.providers.shippo.parse import (
    parse_carriers,
    parse_found,
    parse_label,
    parse_quotes,
    parse_refund,
    parse_transaction_url,
    parse_void,
    read_refusal,
    shipment_id,
)
from shipping.providers.tracking import about_number, path_part
from shipping.providers.units import check_parcel
from shipping.providers.wire import Wire

BASE_URL = "https://api.goshippo.com"
API_VERSION = "2018-02-08"
_FILE_HOSTS = (
    r"([a-z0-9-]+\.)*goshippo\.com",
    r"shippo[a-z0-9-]*\.s3([.-][a-z0-9-]+)?\.amazonaws\.com",
    r"s3([.-][a-z0-9-]+)?\.amazonaws\.com",
)


class Shippo:
    """One Shippo account. `client` is an open, pooled httpx client."""

    slug = SLUG
    can = frozenset(
        {Can.RATES, Can.BUY, Can.VOID, Can.TRACK, Can.TEST_KEY, Can.LISTEN, Can.MANIFEST, Can.ZPL}
    )
    manifest_carriers = manifests.CARRIERS

    def __init__(
        self,
        api_key: str,
        client: httpx.Client,
        *,
        base_url: str = BASE_URL,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
        journal: Callable[[Call], None] | None = None,
        gate: Gate = open_gate,
        files_gate: Gate = open_gate,
    ) -> None:
        base_url = base_url.rstrip("/")
        self._now = now
        self._mode = mode_of(api_key, test="shippo_test_", live="shippo_live_")
        self._wire = Wire(
            client,
            NAME,
            base_url,
            {
                "authorization": f"ShippoToken {api_key}",
                "accept": "application/json",
                "shippo-api-version": API_VERSION,
            },
            read_refusal,
            attempts=attempts,
            sleep=sleep,
            journal=journal,
            gate=gate,
            secrets=(api_key,),
        )
        source = Source.of(NAME, base_url, _FILE_HOSTS)
        self._files = LabelFiles(self._wire, source, files_gate)

    def check(self) -> AccountCheck:
        """Prove the key with the list of carrier accounts."""
        answer = self._wire.ask("GET", "/carrier_accounts", params={"results": "100"})
        detail = "Test key: labels are free and cannot be shipped with."
        return AccountCheck(
            self._mode, parse_carriers(answer), detail if self._mode == "test" else ""
        )

    def quote(self, spec: ShipmentSpec) -> Quotes:
        """All rates; makes a shipment at Shippo, which is free. Looks again where carriers are
        still being asked."""
        check_parcel(spec.parcel, NAME)
        answer = self._wire.ask("POST", "/shipments", body=build_shipment(spec))
        first = [answer]

        def read() -> Quotes:
            current = first.pop() if first else self._again(answer)
            return parse_quotes(current, now=self._now())

        return self._wire.again(read) if shipment_id(answer) else read()

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Buy `rate`, sending once, and wait for the label. A purchase left in Shippo's queue is
        OutcomeUnknown."""
        check_parcel(spec.parcel, NAME)
        answer = self._wire.spend("/transactions", build_purchase(spec, rate, key))
        return parse_label(answer, rate, spec.label_format)

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """The label bought with `rate` under `key`; several are reported by
        `extra["duplicates"]`."""
        params = {"rate": refs(rate)[1], "results": "100"}
        answer = self._wire.ask("GET", "/transactions", params=params)
        return parse_found(answer, rate, key=key)

    def document(self, label: BoughtLabel) -> Document:
        """The label file. Shippo's links are signed and run out: then the transaction is asked for
        a new one."""
        path = f"/transactions/{safe_id(label.provider_label_id)}"
        return self._files.get(label, lambda: parse_transaction_url(self._wire.ask("GET", path)))

    def void(self, label: BoughtLabel) -> VoidResult:
        """Ask for the money back."""
        body = {"transaction": safe_id(label.provider_label_id), "async": False}
        try:
            return parse_void(self._wire.spend("/refunds", body))
        except Rejected as refusal:
            return VoidResult(VoidOutcome.REFUSED, refusal.message)

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        """The transaction's own status, which says what became of its refund."""
        transaction = safe_id(label.provider_label_id)
        return parse_refund(self._wire.ask("GET", f"/transactions/{transaction}"), transaction)

    def track(self, shipped: Shipped) -> Mapping[str, Any]:
        """The parcel's Track. Asked about for the first time it is registered, so that Shippo tells
        of it from then on."""
        carrier, number = path_part(shipped.carrier), path_part(shipped.tracking_number)
        if shipped.ref:
            answer = self._wire.ask("GET", f"/tracks/{carrier}/{number}")
        else:
            body = {"carrier": carrier, "tracking_number": number}
            answer = self._wire.ask("POST", "/tracks", body=body)
        return about_number(answer, "tracking_number", number, NAME)

    def listen(self, url: str, *, secret: str) -> None:
        """Have Shippo send its events to `url`, whose query carries the secret; safe to repeat."""
        ensure(self._wire, url, test=self._mode == "test")

    def make_form(self, wish: FormWish) -> Form:
        """Ask for a manifest, sending once; it is made in the background."""
        return manifests.make(self._wire, wish)

    def find_form(self, wish: FormWish, *, since: datetime) -> Form | None:
        """The manifest with one of these transactions."""
        return manifests.find(self._wire, wish, since=since)

    def form(self, ref: str) -> Form:
        """The form as it stands now."""
        return manifests.get(self._wire, ref)

    def form_file(self, form: Form) -> Document:
        """Its PDF, by the known link, else by a new one."""
        return self._files.at(form.url, lambda: self.form(form.ref).url, what="form")

    def _again(self, answer: object) -> object:
        return self._wire.ask("GET", f"/shipments/{safe_id(shipment_id(answer))}")
