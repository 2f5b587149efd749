"""Where stored files are: a folder of this machine, or a bucket of an S3-compatible service.

A store keeps bytes under a key and knows nothing of what they are; core.files gives the keys and checks the bytes.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from core.s3 import Bucket

PROBE = "probe"  # what `probe` writes; no key of a file looks like it

_lock = threading.Lock()
_buckets: "dict[tuple[int, *tuple[str, ...]], Bucket]" = {}


class Missing(Exception):
    """There are no bytes under this key, or they cannot be read; the message says why."""


class Unwritable(Exception):
    """Nothing can be stored now; the message names the cause, and no secret."""


class Store(Protocol):
    """What core.files asks of a store; every method may be called by several threads."""

    def put(self, key: str, content: bytes) -> None:
        """Keep `content` durably before this returns: whole or not at all. Unwritable when it cannot be."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes under `key`, or Missing."""
        ...

    def has(self, key: str) -> bool:
        """Whether there is something under `key`."""
        ...

    def delete(self, key: str) -> None:
        """Forget `key`; nothing happens when it is not there."""
        ...

    def keys(self) -> Iterator[str]:
        """Every key, in no order."""
        ...

    def probe(self) -> None:
        """Unwritable unless a small thing can be written and taken away again."""
        ...


class Folder:
    """A folder that only the server's own user may enter."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, key: str, content: bytes) -> None:
        """Written beside its place, brought to the disk, then named: a crash leaves no half file.

        A file that has its name but not its bytes any more is replaced.
        """
        path = self.root / key
        if path.exists() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def get(self, key: str) -> bytes:
        try:
            return (self.root / key).read_bytes()
        except OSError as error:
            raise Missing(error.strerror or "it cannot be opened") from error

    def has(self, key: str) -> bool:
        return (self.root / key).is_file()

    def delete(self, key: str) -> None:
        (self.root / key).unlink(missing_ok=True)

    def keys(self) -> Iterator[str]:
        for path in self.root.glob("??/*.*"):
            yield path.relative_to(self.root).as_posix()

    def probe(self) -> None:
        try:
            self.put(PROBE, b"ready")
            self.delete(PROBE)
        except OSError as error:
            raise Unwritable(error.strerror or "the folder cannot be written to") from error


def check(address: str, *, key: bool) -> None:
    """ValueError, with what is wrong, when `address` cannot be a store; `key`: whether S3 credentials are set."""
    if "://" not in address:
        return
    parts = urlsplit(address)
    if parts.scheme != "s3" or not parts.netloc or parts.query:
        raise ValueError("FILE_STORE has to be a folder or s3://bucket/prefix")
    if not key:
        raise ValueError(
            "FILE_STORE is a bucket, so S3_ACCESS_KEY and S3_SECRET_KEY have to be set"
        )


def store() -> Store:
    """The store of the settings."""
    address = str(settings.FILE_STORE)
    if "://" not in address:
        return Folder(Path(address))
    where = (address, settings.S3_ENDPOINT, settings.S3_REGION)
    return _bucket(*where, settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY)


def forget() -> None:
    """Close this process's connections to a bucket; the next file makes new ones."""
    with _lock:
        for (pid, *_), bucket in list(_buckets.items()):
            if pid == os.getpid():  # a parent's are its own to close
                bucket.close()
        _buckets.clear()


def _bucket(address: str, endpoint: str, region: str, access_key: str, secret_key: str) -> Store:
    """One per process, with its pool of connections: workers fork, and sockets must not be shared."""
    from core.s3 import Bucket, Credentials

    mine = (os.getpid(), address, endpoint, region, access_key, secret_key)
    with _lock:
        if mine not in _buckets:
            parts = urlsplit(address)
            credentials = Credentials(access_key, secret_key, region)
            _buckets[mine] = Bucket(endpoint, parts.netloc, parts.path.strip("/"), credentials)
        return _buckets[mine]
