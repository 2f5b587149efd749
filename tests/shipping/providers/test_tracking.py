"""Where a parcel is, asked of each provider over a swapped wire."""

from dataclasses import replace
from typing import Any, cast

import pytest

from core.errors import NotAuthorized, RateLimited, Rejected, Unavailable
from shipping.providers.base import Can, Shipped, Tracker, Unsupported
from tests.contracts.cases import Case, easypost, shippo, tiktok
from tests.contracts.tape import Tape, answer

NUMBER = "9400100208303109884128"
SHIPPED = Shipped("id_1", NUMBER, "usps", order="576461413038785752")
ANSWERS: dict[str, dict[str, Any]] = {
    "easypost": {"id": "trk_1", "tracking_code": NUMBER, "status": "in_transit"},
    "shippo": {"carrier": "usps", "tracking_number": NUMBER, "tracking_history": []},
    "tiktok": {"code": 0, "message": "Success", "data": {"tracking": []}},
}
FIRST = {
    "easypost": ("POST", "/v2/trackers"),
    "shippo": ("POST", "/tracks"),
    "tiktok": ("GET", "/fulfillment/202309/orders/576461413038785752/tracking"),
}
AGAIN = FIRST | {
    "easypost": ("GET", "/v2/trackers/trk_1"),
    "shippo": ("GET", f"/tracks/usps/{NUMBER}"),
}
REFS = {"easypost": "trk_1", "shippo": f"usps/{NUMBER}", "tiktok": ""}


@pytest.fixture(params=[easypost(), shippo(), tiktok()], ids=lambda case: case.slug)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def tape(case: Case) -> Tape:
    return Tape(answer(ANSWERS[case.slug]))


@pytest.fixture
def tracker(case: Case, tape: Tape) -> Tracker:
    provider = case.make(tape)
    assert Can.TRACK in provider.can
    return cast(Tracker, provider)


def asked(tape: Tape) -> tuple[str, str]:
    (request,) = tape.requests
    return request.method, request.url.path


def test_a_parcel_is_registered_when_it_is_first_asked_about(
    case: Case, tracker: Tracker, tape: Tape
) -> None:
    told = tracker.track(SHIPPED)
    assert asked(tape) == FIRST[case.slug]
    assert told == ANSWERS[case.slug].get("data", ANSWERS[case.slug])
    if case.slug == "easypost":
        assert tape.body() == {"tracker": {"tracking_code": NUMBER}}
    if case.slug == "shippo":
        assert tape.body() == {"carrier": "usps", "tracking_number": NUMBER}


def test_and_read_by_its_own_name_from_then_on(case: Case, tracker: Tracker, tape: Tape) -> None:
    tracker.track(replace(SHIPPED, ref=REFS[case.slug]))
    assert asked(tape) == AGAIN[case.slug]


def test_an_answer_about_another_parcel_is_none(case: Case, tracker: Tracker, tape: Tape) -> None:
    for strange in ({**ANSWERS["easypost"], "tracking_code": "1Z999"}, [], "x", {"data": {}}):
        tape.play(answer(strange if case.slug != "tiktok" else {"code": 0, "data": strange}))
        with pytest.raises(Unavailable):
            tracker.track(SHIPPED)


@pytest.mark.parametrize("number", ["../../shipments", "1Z9?x=1", "", "é" * 12])
def test_a_number_that_would_change_the_path_is_never_sent(number: str) -> None:
    tape = Tape(answer(ANSWERS["shippo"]))
    provider = cast(Tracker, shippo().make(tape))
    with pytest.raises(Unsupported):
        provider.track(replace(SHIPPED, tracking_number=number))
    assert tape.requests == []


def test_a_tracker_id_that_would_change_the_path_is_never_sent() -> None:
    tape = Tape(answer(ANSWERS["easypost"]))
    with pytest.raises(Unsupported):
        cast(Tracker, easypost().make(tape)).track(replace(SHIPPED, ref="trk_1/../../users"))
    assert tape.requests == []


def test_refusals_keep_their_kinds(case: Case, tracker: Tracker, tape: Tape) -> None:
    wanted = ((case.limited, RateLimited), (case.forbidden, NotAuthorized))
    for (status, body), kind in (*wanted, ((503, {}), Unavailable)):
        tape.play(answer(body, status))
        with pytest.raises(kind):
            tracker.track(SHIPPED)


def test_tiktok_is_asked_for_no_parcel_without_its_order() -> None:
    tape = Tape(answer(ANSWERS["tiktok"]))
    with pytest.raises(Unsupported):
        cast(Tracker, tiktok().make(tape)).track(replace(SHIPPED, order=""))
    assert tape.requests == []


@pytest.mark.parametrize("code", [36009009, 36009014])
def test_where_tiktoks_older_version_is_gone_the_newer_one_is_asked(code: int) -> None:
    newer = {"order_id": SHIPPED.order, "logistics_details": [{"newest_tracking_no": NUMBER}]}
    tape = Tape(answer({"code": code, "message": "no"}), answer({"code": 0, "data": newer}))
    told = cast(Tracker, tiktok().make(tape)).track(SHIPPED)
    assert told == newer
    paths = [request.url.path for request in tape.requests]
    assert paths[1] == f"/logistics/202604/orders/{SHIPPED.order}/tracking"


def test_other_refusals_of_tiktoks_are_not_asked_twice() -> None:
    tape = Tape(answer({"code": 21011001, "message": "Package not found."}))
    with pytest.raises(Rejected):
        cast(Tracker, tiktok().make(tape)).track(SHIPPED)
    assert len(tape.requests) == 1
