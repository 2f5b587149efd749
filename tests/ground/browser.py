"""Browser tests: Debian's Chromium, nothing but loopback, no error on the console."""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Error as PlaywrightError

CANDIDATES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# A fresh profile otherwise asks its maker for updates, hints and lists.
QUIET = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-features=OptimizationHints,MediaRouter,Translate,InterestFeedContentSuggestions",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-first-run",
    "--no-pings",
]
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
BROWSER_FIXTURES = {"browser", "context", "new_context", "page"}


def chromium() -> str | None:
    """The browser to drive: CREATORFLOW_CHROMIUM, else the first that is installed."""
    given = os.environ.get("CREATORFLOW_CHROMIUM")
    return given or next(filter(None, map(shutil.which, CANDIDATES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what uses a browser; without one, skip it by name, except in CI, where it has to run."""
    for item in items:
        if not BROWSER_FIXTURES & set(getattr(item, "fixturenames", [])):
            continue
        item.add_marker(pytest.mark.browser)
        if chromium() is None and os.environ.get("CI") != "true":
            item.add_marker(pytest.mark.skip(reason="no Chromium: apt-get install chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """How Playwright starts the browser."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return {
        **browser_type_launch_args,
        "executable_path": chromium(),
        "args": [*QUIET, *(["--no-sandbox"] if as_root else [])],
    }


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """A desk-sized window unless a test asks for another."""
    return {**browser_context_args, "viewport": {"width": 1440, "height": 900}, "locale": "en-US"}


@pytest.fixture
def allowed_console_errors() -> list[str]:
    """Parts of console messages that a test provokes on purpose; a test appends to it."""
    return []


@pytest.fixture(autouse=True)
def quiet_page(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose page asked for anything beyond this machine or complained."""
    if "context" not in request.fixturenames and "page" not in request.fixturenames:
        yield
        return
    allowed: list[str] = request.getfixturevalue("allowed_console_errors")
    context = request.getfixturevalue("context")
    faults = watch(context)
    yield
    _let_frames_go(context)
    assert not [fault for fault in faults if not any(part in fault for part in allowed)]


def _let_frames_go(context: Any) -> None:
    """Take printed files off the pages before these close: what a viewer's frame, a process of its
    own, says while its page goes ends the driver of all later tests."""
    for page in context.pages:
        with suppress(PlaywrightError):
            if len(page.frames) > 1:
                page.evaluate("document.querySelectorAll('iframe').forEach(one => one.remove())")
                page.wait_for_timeout(200)


def watch(context: Any) -> list[str]:
    """A list that fills with what the pages of `context` do wrong."""
    faults: list[str] = []

    def on_request(asked: Any) -> None:
        parts = urlsplit(asked.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in LOOPBACK:
            faults.append(f"asked {asked.url}")

    def on_console(message: Any) -> None:
        if message.type == "error":
            faults.append(f"console: {message.text}")

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("weberror", lambda error: faults.append(f"script: {error.error}"))
    return faults
