"""The embedded server comes when it is needed and never stays behind."""

import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from creatorflow.embedded_postgres import (
    EmbeddedPostgres,
    EmbeddedPostgresError,
    cluster,
    temporary_folder,
    url,
)
from creatorflow.embedded_postgres import __main__ as command
from creatorflow.embedded_postgres.places import (
    CHECKOUT,
    find_binaries,
    home_of,
    prepare_home,
    server_account,
)

OWNER = """
import pathlib, sys, time
from creatorflow.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]), durable=False)
print(server.start(), flush=True)
time.sleep(60)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's: the server's account may pass through this one, and its name is short."""
    with temporary_folder() as path:
        yield path


@pytest.fixture
def data(folder: Path) -> Path:
    return folder / "postgres"


def postmaster(data: Path) -> int | None:
    """The process id of the server on `data`, if it is alive."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        pid = int(
            (home_of(data, server_account()) / "pgdata/postmaster.pid").read_text().split()[0]
        )
        os.kill(pid, 0)
        return pid
    return None


def eventually(question: Callable[[], bool], seconds: float = 15) -> bool:
    """Whether `question` came true in time."""
    deadline = time.monotonic() + seconds
    while not question() and time.monotonic() < deadline:
        time.sleep(0.02)
    return question()


def ask(address: str, sql: str = "SELECT 1") -> object:
    """The first value of the first row."""
    with psycopg.connect(address) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return row and row[0]


def keep_an_answer(address: str) -> None:
    """Write a row to look for later."""
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def owner_process(data: Path) -> "subprocess.Popen[str]":
    """Another process that holds the server until it is ended."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(data)], stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    )
    assert process.stdout
    assert process.stdout.readline().strip() == url(data)
    return process


def test_a_cold_start_a_stop_and_a_warm_start_keep_the_data(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        keep_an_answer(server.start())
        assert ask(url(data), "SHOW server_encoding") == "UTF8"
        assert ask(url(data), "SHOW fsync") == "on"
        assert ask(url(data), "SELECT lower('ÅRET')") == "året"
    assert postmaster(data) is None
    with EmbeddedPostgres(data) as server:
        assert ask(server.start(), "SELECT answer FROM kept") == 42


def test_the_socket_is_private_and_there_is_no_tcp_port(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        sockets = Path(parse_qs(urlsplit(server.start()).query)["host"][0])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert len(os.fsencode(sockets / ".s.PGSQL.5432")) < 100
        assert ask(url(data), "SHOW listen_addresses") == ""


def test_a_long_path_still_gets_a_socket_short_enough(folder: Path) -> None:
    data = folder / ("long-" * 20) / "postgres"
    with EmbeddedPostgres(data, durable=False) as server:
        sockets = Path(parse_qs(urlsplit(server.start()).query)["host"][0])
        assert ask(server.start()) == 1
    assert not sockets.is_relative_to(folder)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    shutil.rmtree(sockets)


def test_a_killed_postmaster_is_started_again_for_its_owners(data: Path) -> None:
    with EmbeddedPostgres(data) as server:
        keep_an_answer(server.start())
        killed = postmaster(data)
        assert killed
        os.kill(killed, signal.SIGKILL)
        assert eventually(lambda: postmaster(data) not in {None, killed}, seconds=30)

        def answers() -> bool:
            with contextlib.suppress(psycopg.OperationalError):
                return ask(url(data), "SELECT answer FROM kept") == 42
            return False

        assert eventually(answers, seconds=30)


def test_a_killed_owner_leaves_no_server_behind(data: Path) -> None:
    process = owner_process(data)
    assert postmaster(data)
    process.kill()
    process.communicate()
    assert eventually(lambda: postmaster(data) is None)
    assert eventually(lambda: not (data / "run" / "control").exists())


def test_a_killed_supervisor_takes_the_server_with_it_and_the_next_start_works(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        assert ask(server.start()) == 1
        pid = postmaster(data)
        supervisor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        assert eventually(lambda: postmaster(data) is None)
    with EmbeddedPostgres(data, durable=False) as server:
        assert ask(server.start()) == 1


def test_the_server_stays_until_the_last_of_its_owners_has_gone(data: Path) -> None:
    first, second = EmbeddedPostgres(data, durable=False), EmbeddedPostgres(data, durable=False)
    assert first.start() == second.start()
    first.stop()
    assert ask(url(data)) == 1
    second.stop()
    assert postmaster(data) is None


def test_a_forked_child_cannot_give_up_its_parents_share(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False) as server:
        child = os.fork()
        if not child:
            server.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert ask(url(data)) == 1


def test_starts_at_the_same_moment_share_one_server(data: Path) -> None:
    servers = [EmbeddedPostgres(data, durable=False) for _ in range(3)]
    with ThreadPoolExecutor() as pool:
        addresses = set(pool.map(EmbeddedPostgres.start, servers))
    assert addresses == {url(data)}
    assert ask(url(data)) == 1
    with ThreadPoolExecutor() as pool:
        list(pool.map(EmbeddedPostgres.stop, servers))
    assert postmaster(data) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server under another account")
def test_a_folder_of_roots_own_is_left_as_private_as_it_is(folder: Path) -> None:
    folder.chmod(0o700)
    with EmbeddedPostgres(folder / "data", durable=False) as server:
        home = Path(parse_qs(urlsplit(server.start()).query)["host"][0]).parent
        assert ask(server.start()) == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not home.is_relative_to(folder)
    shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders of somebody else")
def test_a_folder_prepared_by_somebody_else_is_refused(data: Path) -> None:
    data.mkdir(mode=0o777)
    data.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="mode 700"):
        EmbeddedPostgres(data).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root switches to an account that lacks rights")
def test_binaries_the_server_account_cannot_reach_are_copied(folder: Path, data: Path) -> None:
    account = server_account()
    home = prepare_home(data, account)
    plan = {"home": home, "sockets": home / "run", "binaries": find_binaries(), "copy": True}
    plan |= {"uid": account.uid, "gid": account.gid, "durable": False, "name": "creatorflow"}
    server = cluster.Cluster(plan)
    server.prepare()
    assert server.binaries.is_relative_to(home)
    server.launch()
    assert ask(url(data)) == 1
    server.stop()


def test_data_of_another_major_version_is_named_not_touched(data: Path) -> None:
    with EmbeddedPostgres(data, durable=False):
        pass
    (data / "pgdata" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"written by PostgreSQL 9, this is \d+"):
        EmbeddedPostgres(data, durable=False).start()
    assert (data / "pgdata" / "PG_VERSION").read_text() == "9\n"


def test_a_command_runs_with_the_database_at_hand(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    script = "import os, psycopg; psycopg.connect(os.environ['DATABASE_URL']).close(); print('met')"
    done = subprocess.run(
        [sys.executable, "-m", "creatorflow.embedded_postgres", sys.executable, "-c", script],
        env=environment | {"CREATORFLOW_DATA": str(folder)},
        cwd=CHECKOUT,
    )
    assert done.returncode == 0
    assert capfd.readouterr().out == "met\n"
    assert postmaster(folder / "postgres") is None
    assert command.main([]) == 2
