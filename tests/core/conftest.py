"""Rate limits of sign-in live in the cache: each test starts with none used."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    cache.clear()
