"""Which shops' webhooks are compared with TikTok's: found without asking shop by shop."""

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from shops import subscriptions
from tests import factories


def test_looking_at_many_shops_costs_no_more_queries_than_at_one(
    settings: Settings, db: None
) -> None:
    settings.PUBLIC_URL, settings.TIKTOK_SHOP_URL = "https://desk.example", "https://tts.example"
    workspace = factories.workspace()

    def looked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            due = subscriptions.check_due()
        reads = [one for one in queries if one["sql"].startswith("SELECT")]
        return due, sum("shops_" in one["sql"] for one in reads)

    factories.shop(workspace)
    assert looked() == (1, 2)
    for _ in range(4):
        factories.shop(workspace)
    assert looked() == (5, 2)
