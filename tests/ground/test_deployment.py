"""What is needed to run it elsewhere: containers, pins, the start script, the health question."""

import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from creatorflow import health
from tests.ground.source import ROOT

PINNED = re.compile(r"^[a-z0-9._-]+==\S+(?: ; .+)? \\$")
REQUIREMENTS = sorted((ROOT / "requirements").glob("*.txt"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return document


def test_compose_runs_database_migration_web_and_worker_in_that_order(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert set(services) == {"database", "migrate", "web", "worker"}
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
        assert services[name]["environment"]["DATABASE_URL"].startswith("postgresql://")
        assert services[name]["volumes"] == services["migrate"]["volumes"]


def test_compose_publishes_the_web_server_to_this_machine_only(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_named_volume_is_declared(compose: dict[str, Any]) -> None:
    used = {
        volume.partition(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
    }
    assert used == set(compose["volumes"])


def dockerfile() -> list[list[str]]:
    """The instructions, each as its word and its rest, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [line.split(maxsplit=1) for line in lines]


def test_the_image_runs_as_somebody_without_rights_and_is_asked_for_its_health() -> None:
    words = [instruction for instruction, _ in dockerfile()]
    assert words.index("USER") > words.index("COPY")
    assert words[-1] == "CMD"
    assert "HEALTHCHECK" in words
    rest = dict(dockerfile())
    assert rest["USER"] not in {"root", "0"}
    assert "creatorflow.wsgi:application" in rest["CMD"]


def test_the_image_installs_pinned_packages_and_collects_static_files() -> None:
    runs = " ".join(rest for word, rest in dockerfile() if word == "RUN")
    assert "--require-hashes -r requirements/base.txt" in runs
    assert "collectstatic" in runs


def test_what_the_image_copies_exists_and_leaves_tests_out() -> None:
    kept = [
        line[1:].rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    assert [name for name in kept if not (ROOT / name).exists()] == []
    assert not {"tests", "sandbox", "bench", ".env", ".data"} & set(kept)


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.name)
def test_requirements_are_pinned_with_hashes_and_name_no_host(path: Any) -> None:
    text = path.read_text()
    packages = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert packages
    for package in packages:
        assert PINNED.match(package.splitlines()[0]), package.splitlines()[0]
        assert "--hash=sha256:" in package
    assert "://" not in text
    assert not re.search(r"^-", text, re.M)


def test_the_sets_agree_on_every_version() -> None:
    versions: dict[str, set[str]] = {}
    for path in REQUIREMENTS:
        for name, version in re.findall(r"^([a-z0-9._-]+)==(\S+)", path.read_text(), re.M):
            versions.setdefault(name, set()).add(version)
    assert not {name: found for name, found in versions.items() if len(found) > 1}


class Answers(http.server.BaseHTTPRequestHandler):
    """A web server that answers everything with one status."""

    status = 200
    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def web() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "verdict"), [(200, 0), (302, 1), (404, 1), (503, 1)])
@pytest.mark.parametrize("arguments", [[], ["/readyz"]])
def test_health_is_what_the_probe_of_this_machine_answers(
    web: int, status: int, verdict: int, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(web))
    monkeypatch.setattr(Answers, "status", status)
    assert health.main(arguments) == verdict
    assert Answers.asked[-1][0] == (arguments or ["/healthz"])[0]


def test_no_answer_is_not_health(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    assert health.main([]) == 1


def test_compose_asks_the_web_server_whether_it_can_work(compose: dict[str, Any]) -> None:
    assert compose["services"]["web"]["healthcheck"]["test"][-1] == "/readyz"


def test_the_ci_script_is_sound_shell() -> None:
    checked = subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert sys.version_info >= (3, 12)
