"""EasyPost as a label provider, over its version 2 wire.

One shipment is made per quote and bought at most once, so the shipment is both what we buy and what
we ask about later:
EasyPost takes no idempotency key. EasyPost states no expiry for rates; we treat them as good for 24
hours, our choice.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from core.errors import Rejected
from core.http import ATTEMPTS, Call, Gate, open_gate
from shipping.providers import fields
from shipping.providers.account import LabelFiles, mode_of
from shipping.providers.base import (
    AccountCheck,
    BoughtLabel,
    Can,
    Document,
    LabelFormat,
    Quotes,
    Rate,
    ShipmentSpec,
    Shipped,
    VoidOutcome,
    VoidResult,
)
from shipping.providers.download import Source
from shipping.providers.easypost import scan_forms
from shipping.providers.easypost.build import build_buy, build_shipment, premium, refs, safe_id
from shipping.providers.easypost.hooks import ensure
from shipping.providers.easypost.names import NAME, SLUG
from shipping.providers.easypost.parse import (
    label_file,
    parse_carriers,
    parse_found,
    parse_label,
    parse_quotes,
    parse_refund,
    parse_void,
    read_refusal,
    with_fee,
)
from shipping.providers.manifests import Form, FormWish
from shipping.providers.tracking import about_number
from shipping.providers.units import check_parcel
from shipping.providers.wire import Wire

BASE_URL = "https://api.easypost.com/v2"
_FILE_HOSTS = (
    r"([a-z0-9-]+\.)*easypost\.com",
    r"easypost[a-z0-9-]*\.s3([.-][a-z0-9-]+)?\.amazonaws\.com",
    r"s3([.-][a-z0-9-]+)?\.amazonaws\.com",
)


class EasyPost:
    """One EasyPost account. `client` is an open, pooled httpx client; `base_url` ends in /v2."""

    slug = SLUG
    can = frozenset(
        {Can.RATES, Can.BUY, Can.VOID, Can.TRACK, Can.TEST_KEY, Can.LISTEN, Can.MANIFEST, Can.ZPL}
    )
    manifest_carriers = scan_forms.CARRIERS

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
        self._mode = mode_of(api_key, test="EZTK", live="EZAK")
        self._wire = Wire(
            client,
            NAME,
            base_url,
            {"authorization": f"Bearer {api_key}", "accept": "application/json"},
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
        """Prove the key. A test key may not list carrier accounts, so it is proved with the list of
        shipments."""
        if self._mode == "test":
            self._wire.ask("GET", "/shipments", params={"page_size": "1"})
            return AccountCheck("test", (), "Test key: labels are free and cannot be shipped with.")
        return AccountCheck("live", parse_carriers(self._wire.ask("GET", "/carrier_accounts")))

    def quote(self, spec: ShipmentSpec) -> Quotes:
        """All rates; makes a shipment at EasyPost, which is free."""
        check_parcel(spec.parcel, NAME)
        now = self._now()
        fee = premium(spec.insured, now.date())
        answer = self._wire.ask("POST", "/shipments", body=build_shipment(spec))
        return with_fee(parse_quotes(answer, now=now), fee)

    def buy(self, spec: ShipmentSpec, rate: Rate, *, key: str) -> BoughtLabel:
        """Buy `rate`, sending once. EasyPost has nowhere to put `key`: the shipment's id stands for
        the purchase."""
        shipment, _ = refs(rate)
        check_parcel(spec.parcel, NAME)
        answer = self._wire.spend(f"/shipments/{shipment}/buy", build_buy(rate, spec.insured))
        bought = parse_label(answer, rate)
        wants_zpl = spec.label_format is LabelFormat.ZPL
        if wants_zpl and bought.label_format is not LabelFormat.ZPL:
            # The shipment was made for its rates, with a PDF: EasyPost converts it when asked.
            return replace(bought, label_format=LabelFormat.ZPL, label_url="")
        return bought

    def find(self, rate: Rate, *, key: str) -> BoughtLabel | None:
        """The label of the shipment `rate` belongs to, if it has one."""
        shipment, _ = refs(rate)
        return parse_found(self._wire.ask("GET", f"/shipments/{shipment}"), rate)

    def document(self, label: BoughtLabel) -> Document:
        """The label file; where the link no longer works, or was not there yet, the shipment is
        asked for a new one."""
        return self._files.get(label, lambda: self._fresh_url(label))

    def void(self, label: BoughtLabel) -> VoidResult:
        """Ask for the postage back; EasyPost usually decides days later."""
        path = f"/shipments/{safe_id(label.provider_label_id)}/refund"
        try:
            return parse_void(self._wire.spend(path, {}))
        except Rejected as refusal:
            return VoidResult(VoidOutcome.REFUSED, refusal.message)

    def refund_status(self, label: BoughtLabel) -> VoidResult | None:
        """`refund_status` of the shipment: null before a refund was asked for."""
        shipment = safe_id(label.provider_label_id)
        return parse_refund(self._wire.ask("GET", f"/shipments/{shipment}"), shipment)

    def track(self, shipped: Shipped) -> Mapping[str, Any]:
        """The parcel's Tracker. Making one for a number that has one answers the one it has."""
        if shipped.ref:
            answer = self._wire.ask("GET", f"/trackers/{safe_id(shipped.ref)}")
        else:
            body = {"tracker": {"tracking_code": shipped.tracking_number}}
            answer = self._wire.ask("POST", "/trackers", body=body)
        return about_number(answer, "tracking_code", shipped.tracking_number, NAME)

    def listen(self, url: str, *, secret: str) -> None:
        """Have EasyPost send its events to `url`, signed with `secret`; safe to repeat."""
        ensure(self._wire, url, secret)

    def _zpl_url(self, path: str) -> str:
        """Where the converted label is; "" where EasyPost cannot convert it: the PDF is there."""
        try:
            answer = self._wire.ask("GET", f"{path}/label", params={"file_format": "ZPL"})
        except Rejected:
            return ""
        return fields.web_address(fields.mapping(answer, "postage_label"), "label_zpl_url")

    def make_form(self, wish: FormWish) -> Form:
        """Make a SCAN form, sending once."""
        return scan_forms.make(self._wire, wish)

    def find_form(self, wish: FormWish, *, since: datetime) -> Form | None:
        """The SCAN form the shipments are on."""
        return scan_forms.find(self._wire, wish, since=since)

    def form(self, ref: str) -> Form:
        """The form as it stands now."""
        return scan_forms.get(self._wire, ref)

    def form_file(self, form: Form) -> Document:
        """Its PDF, by the known link, else by a new one."""
        return self._files.at(form.url, lambda: self.form(form.ref).url, what="form")

    def _fresh_url(self, label: BoughtLabel) -> str:
        path = f"/shipments/{safe_id(label.provider_label_id)}"
        if label.label_format is LabelFormat.ZPL and (url := self._zpl_url(path)):
            return url
        answer = self._wire.ask("GET", path)
        return label_file(fields.mapping(answer, "postage_label"))[0]
