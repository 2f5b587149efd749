"""Fixtures of tests about shops."""

from tests.shops.sandboxed import connected, sandbox

__all__ = ["connected", "sandbox"]
