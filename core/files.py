"""The private file store: label files, print files. Content-addressed, so a key is also a checksum."""

import hashlib

from core.file_stores import Missing, store

__all__ = ["DamagedFile", "delete", "is_key", "read", "save"]


class DamagedFile(Exception):
    """The stored bytes are missing, or no longer what was stored."""


def save(content: bytes, *, suffix: str) -> str:
    """Store `content` durably and answer its key, e.g. ``ab/cdef….pdf``. Storing the same bytes twice is one file."""
    digest = hashlib.sha256(content).hexdigest()
    key = f"{digest[:2]}/{digest[2:]}{suffix}"
    store().put(key, content)
    return key


def read(key: str) -> bytes:
    """The bytes stored under `key`, checked. DamagedFile when they are gone or changed."""
    if not is_key(key):
        raise DamagedFile(f"not a file key: {key!r}")
    try:
        content = store().get(key)
    except Missing as error:
        raise DamagedFile(f"file {key} cannot be read: {error}") from error
    if hashlib.sha256(content).hexdigest() != _digest(key):
        raise DamagedFile(f"file {key} is not what was stored")
    return content


def delete(key: str) -> None:
    """Forget a file for good; nothing happens when it is not there. The caller knows that nothing else names it."""
    if not is_key(key):
        raise DamagedFile(f"not a file key: {key!r}")
    store().delete(key)


def is_key(text: str) -> bool:
    """Whether `text` can be the key of a stored file: a place two letters deep, and nothing that climbs out of it."""
    folder, slash, name = text.partition("/")
    digest = _digest(text)
    return (
        bool(slash)
        and len(folder) == 2
        and "/" not in name
        and len(digest) == 64
        and all(c in "0123456789abcdef" for c in digest)
        and name.partition(".")[2].isalnum()
    )


def _digest(key: str) -> str:
    return key.partition(".")[0].replace("/", "")
