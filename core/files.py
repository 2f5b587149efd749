"""The private file store: label files, print files. Content-addressed, so a key is also a checksum."""

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings


class DamagedFile(Exception):
    """The stored bytes are missing, or no longer what was stored."""


def save(content: bytes, *, suffix: str) -> str:
    """Store `content` durably and answer its key, e.g. ``ab/cdef….pdf``. Storing the same bytes twice is one file."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"{digest[:2]}/{digest[2:]}{suffix}"
    path = _path(key)
    if path.exists():
        return key
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
    return key


def read(key: str) -> bytes:
    """The bytes stored under `key`, checked. DamagedFile when they are gone or changed."""
    try:
        content = _path(key).read_bytes()
    except OSError as error:
        raise DamagedFile(f"file {key} cannot be read: {error.strerror}") from error
    if hashlib.sha256(content).hexdigest() != _digest(key):
        raise DamagedFile(f"file {key} is not what was stored")
    return content


def _digest(key: str) -> str:
    return key.partition(".")[0].replace("/", "")


def _path(key: str) -> Path:
    digest = _digest(key)
    if len(digest) != 64 or not all(c in "0123456789abcdef" for c in digest):
        raise DamagedFile(f"not a file key: {key!r}")
    return Path(settings.FILE_STORE) / key
