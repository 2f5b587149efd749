"""The fortnight chart is kept in the cache for a moment: each test starts with none."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()
