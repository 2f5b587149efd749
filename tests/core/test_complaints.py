"""What the receiver says in the log about deliveries that it refused."""

import pytest

from core.receiver import Complaints


def test_a_flood_of_forged_deliveries_is_one_line_a_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    complaints = Complaints(clock=lambda: now[0])
    for _ in range(500):
        complaints.add("tiktok", "the signature is wrong")
    now[0] = 61
    complaints.add("tiktok", "the signature is wrong")
    assert [record.getMessage() for record in caplog.records] == [
        "webhook of tiktok refused: the signature is wrong",
        "webhook of tiktok refused: the signature is wrong (499 more)",
    ]


def test_each_provider_and_each_trouble_has_a_line_of_its_own(
    caplog: pytest.LogCaptureFixture,
) -> None:
    complaints = Complaints(clock=lambda: 0.0)
    for name, why in (("tiktok", "cut short"), ("tiktok", "not a POST"), ("shippo", "cut short")):
        complaints.add(name, why)
    assert len(caplog.records) == 3
