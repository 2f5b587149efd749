"""Two machines share the work of one database; when one is lost, the other ends what it began."""

import pytest

from tests.crash.running import module
from tests.crash.two_hosts import LOST_AFTER, ORDERS


@pytest.mark.timeout(320)
def test_when_a_host_is_lost_in_mid_batch_the_other_finishes_it_without_a_double() -> None:
    outcome = module("tests.crash.two_hosts")
    assert outcome["hosts_left"] == 1
    assert LOST_AFTER <= outcome["bought_before"] < ORDERS
    assert outcome["again"] < ORDERS - outcome["bought_before"], outcome["failed"]
    assert outcome["bought"] == ORDERS
    assert outcome["state"] == "done"
    assert outcome["wrong"] == []
