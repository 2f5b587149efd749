"""SCAN forms and manifests over the wire: what is sent, what is read, and what stays unknown."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.errors import NotAuthorized, OutcomeUnknown, Rejected, Unavailable
from shipping.providers.base import Unsupported
from shipping.providers.easypost import EasyPost
from shipping.providers.manifests import Form, FormState, FormWish
from shipping.providers.memory import one_page_pdf
from shipping.providers.shippo import Shippo
from tests.contracts.cases import SENDER, easypost, shippo
from tests.contracts.tape import Tape, answer

AT = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
TRANSACTIONS = ("915d94940ea54c3a80cbfa328722f5a1", "d845ee827afa4833abe30a4265d3763f")
SHIPMENTS = ("shp_b866ef7a6e0240adace767c6d42193ae", "shp_244b6b0b1487472db12dcdfb2622ec8d")
ACCOUNT = "b741b99f95e841639b54272834bc478c"
SCAN_FORM: dict[str, Any] = {
    "id": "sf_a10db9bc049841658c7998cc5f3efd9b",
    "object": "ScanForm",
    "status": "created",
    "message": None,
    "tracking_codes": ["9400100208303109505749"],
    "form_url": "https://easypost-files.s3.us-west-2.amazonaws.com/files/scan_form/form.pdf",
    "batch_id": "batch_0cfb67c1bf034a87a19e7d604cb7ef95",
}
MANIFEST: dict[str, Any] = {
    "object_created": "2026-11-23T17:00:01.000Z",
    "object_id": "b43033605a194ed5b8a690be88f394e5",
    "status": "SUCCESS",
    "carrier_account": ACCOUNT,
    "documents": ["https://shippo-delivery-east.s3.amazonaws.com/form.pdf?Signature=x&Expires=1"],
    "errors": [],
    "transactions": list(TRANSACTIONS),
}


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def at_easypost(tape: Tape) -> EasyPost:
    made = easypost().make(tape)
    assert isinstance(made, EasyPost)
    return made


@pytest.fixture
def at_shippo(tape: Tape) -> Shippo:
    made = shippo().make(tape)
    assert isinstance(made, Shippo)
    return made


def wish(labels: tuple[str, ...], account: str = "", carrier: str = "usps") -> FormWish:
    return FormWish(labels, SENDER, carrier, account, AT)


def listed(*found: dict[str, Any]) -> httpx.Response:
    return answer({"next": None, "previous": None, "results": list(found)})


def test_easypost_is_sent_the_shipments_and_its_form_is_read(
    at_easypost: EasyPost, tape: Tape
) -> None:
    tape.play(answer(SCAN_FORM))
    form = at_easypost.make_form(wish(SHIPMENTS))
    assert tape.body() == {"scan_form": {"shipments": [{"id": one} for one in SHIPMENTS]}}
    assert (form.ref, form.state, form.on_it) == (
        SCAN_FORM["id"], FormState.MADE, ("9400100208303109505749",),
    )  # fmt: skip
    assert form.url == SCAN_FORM["form_url"]


def test_easyposts_states_are_read(at_easypost: EasyPost, tape: Tape) -> None:
    tape.play(answer(SCAN_FORM | {"status": "creating", "form_url": None}))
    assert at_easypost.form(SCAN_FORM["id"]).state is FormState.QUEUED
    tape.play(answer(SCAN_FORM | {"status": "failed", "message": "Origin is not valid."}))
    failed = at_easypost.form(SCAN_FORM["id"])
    assert (failed.state, failed.message) == (FormState.REFUSED, "Origin is not valid.")


def test_easyposts_form_is_found_on_the_shipment(at_easypost: EasyPost, tape: Tape) -> None:
    tape.play(answer({"id": SHIPMENTS[0], "scan_form": {"id": SCAN_FORM["id"]}}), answer(SCAN_FORM))
    found = at_easypost.find_form(wish(SHIPMENTS), since=AT)
    assert found is not None
    assert found.ref == SCAN_FORM["id"]
    tape.play(*(answer({"id": one, "scan_form": None}) for one in SHIPMENTS))
    assert at_easypost.find_form(wish(SHIPMENTS), since=AT) is None


def test_a_shipment_cut_short_is_no_proof_that_it_is_on_no_form(
    at_easypost: EasyPost, tape: Tape
) -> None:
    tape.play(*[answer({"id": SHIPMENTS[0]})] * 3)
    with pytest.raises(Unavailable):
        at_easypost.find_form(wish(SHIPMENTS), since=AT)


def test_shippo_is_sent_transactions_account_date_and_origin(at_shippo: Shippo, tape: Tape) -> None:
    tape.play(answer(MANIFEST | {"status": "QUEUED", "documents": []}, 201))
    form = at_shippo.make_form(wish(TRANSACTIONS, ACCOUNT))
    body = tape.body()
    assert (body["carrier_account"], body["async"]) == (ACCOUNT, True)
    assert body["shipment_date"] == "2026-11-23T17:00:00.000Z"
    assert (body["transactions"], body["address_from"]["zip"]) == (list(TRANSACTIONS), "94107")
    assert (form.ref, form.state, form.url) == (MANIFEST["object_id"], FormState.QUEUED, "")


def test_shippos_account_is_looked_up_only_where_there_is_one(
    at_shippo: Shippo, tape: Tape
) -> None:
    one = {"object_id": ACCOUNT, "carrier": "usps", "active": True}
    tape.play(listed(one), answer(MANIFEST, 201))
    at_shippo.make_form(wish(TRANSACTIONS))
    assert tape.body()["carrier_account"] == ACCOUNT
    tape.play(listed(one, one | {"object_id": "another"}))
    with pytest.raises(Rejected, match="which of the carrier's accounts"):
        at_shippo.make_form(wish(TRANSACTIONS))


def test_shippos_errors_are_read_as_sentences(at_shippo: Shippo, tape: Tape) -> None:
    error = MANIFEST | {"status": "ERROR", "documents": [], "errors": ["manifest_no_transactions"]}
    tape.play(answer(error))
    form = at_shippo.form(MANIFEST["object_id"])
    assert form.state is FormState.REFUSED
    assert form.message == "None of these labels can go on a form of that date."


def test_shippos_form_is_found_in_the_list_and_old_errors_are_not_ours(
    at_shippo: Shippo, tape: Tape
) -> None:
    other = MANIFEST | {"object_id": "other", "transactions": ["somebody-elses"]}
    error = MANIFEST | {"object_id": "failed", "status": "ERROR"}
    tape.play(listed(other, error, MANIFEST))
    found = at_shippo.find_form(wish(TRANSACTIONS), since=AT)
    assert found is not None
    assert found.ref == MANIFEST["object_id"]
    tape.play(listed(other, error))
    found = at_shippo.find_form(wish(TRANSACTIONS), since=AT)
    assert found is not None
    assert found.state is FormState.REFUSED
    tape.play(listed(other, error))
    assert at_shippo.find_form(wish(TRANSACTIONS), since=AT + timedelta(hours=1)) is None


@pytest.fixture(params=["easypost", "shippo"])
def make(
    request: pytest.FixtureRequest, at_easypost: EasyPost, at_shippo: Shippo
) -> Callable[[], Form]:
    if request.param == "easypost":
        return lambda: at_easypost.make_form(wish(SHIPMENTS))
    return lambda: at_shippo.make_form(wish(TRANSACTIONS, ACCOUNT))


@pytest.mark.parametrize(
    "played",
    [
        answer({}),
        answer({"id": "sf_1", "object_id": "x", "status": "who knows"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(502, text="bad gateway"),
        httpx.ReadTimeout("slow"),
        answer({"detail": "busy"}, 409),
    ],
    ids=["empty", "new status", "a page", "502", "timeout", "409"],
)
def test_anything_that_is_neither_yes_nor_no_is_unknown_and_sent_once(
    make: Callable[[], Form], tape: Tape, played: Any
) -> None:
    tape.play(played)
    with pytest.raises(OutcomeUnknown):
        make()
    assert len(tape.requests) == 1


def test_a_dead_key_and_a_full_line_are_certainly_not_made(
    make: Callable[[], Form], tape: Tape
) -> None:
    tape.play(answer({"detail": "no"}, 401))
    with pytest.raises(NotAuthorized):
        make()
    tape.play(answer({"detail": "slow"}, 429))
    with pytest.raises(Unavailable):
        make()
    tape.play(httpx.ConnectError("refused"))
    with pytest.raises(Unavailable):
        make()


def test_a_carrier_without_forms_and_ids_that_are_none_are_never_sent(
    at_easypost: EasyPost, at_shippo: Shippo, tape: Tape
) -> None:
    for provider, labels in ((at_easypost, SHIPMENTS), (at_shippo, TRANSACTIONS)):
        with pytest.raises(Unsupported):
            provider.make_form(wish(labels, ACCOUNT, carrier="ups"))
        with pytest.raises(Unsupported):
            provider.make_form(wish(("../refunds",), ACCOUNT))
    assert tape.requests == []


def test_the_paper_is_fetched_and_a_link_that_ran_out_is_renewed(
    at_shippo: Shippo, at_easypost: EasyPost, tape: Tape
) -> None:
    pdf = httpx.Response(200, content=one_page_pdf(612, 792))
    form = Form(MANIFEST["object_id"], FormState.MADE, MANIFEST["documents"][0])
    tape.play(httpx.Response(403), answer(MANIFEST), pdf)
    assert at_shippo.form_file(form).content_type == "application/pdf"
    waiting = Form(SCAN_FORM["id"], FormState.MADE)
    tape.play(*[answer(SCAN_FORM | {"form_url": None})] * 3)
    with pytest.raises(Unavailable, match="still making the form"):
        at_easypost.form_file(waiting)
