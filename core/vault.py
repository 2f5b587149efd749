"""Secrets at rest: AES-256-GCM, a key id in front, and the row's identity authenticated with the text.

VAULT_KEYS is a comma-separated list of ``id:base64(32 bytes)``; the first encrypts, all decrypt. A value moved to
another row, or another column, does not decrypt.
"""

import base64
import os
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings


class VaultError(Exception):
    """The text cannot be read: unknown key id, another row's text, or damage."""


@cache
def _keys(configured: str) -> dict[str, AESGCM]:
    keys: dict[str, AESGCM] = {}
    for entry in filter(None, (part.strip() for part in configured.split(","))):
        key_id, colon, encoded = entry.partition(":")
        if not colon:  # the entry may be a bare key: it is not repeated here
            raise VaultError("VAULT_KEYS: an entry is not id:key")
        try:
            key = base64.b64decode(encoded, altchars=b"-_", validate=True)
        except ValueError:
            raise VaultError(f"VAULT_KEYS: key {key_id!r} is not base64") from None
        if len(key) != 32:
            raise VaultError(f"VAULT_KEYS: key {key_id!r} is not 32 bytes")
        # A dot ends the id in a sealed text; of two keys with one id only the later would decrypt.
        if not key_id or "." in key_id or key_id in keys:
            raise VaultError(f"VAULT_KEYS: {key_id!r} cannot be a key's id, or is there twice")
        keys[key_id] = AESGCM(key)
    if not keys:
        raise VaultError("VAULT_KEYS is empty")
    return keys


def check(configured: str) -> None:
    """VaultError, naming the key at fault, when `configured` cannot serve as VAULT_KEYS."""
    _keys(configured)


def key_ids(configured: str) -> frozenset[str]:
    """The ids of all keys in `configured`."""
    return frozenset(_keys(configured))


def current_key_id() -> str:
    """The id of the key that encrypts now."""
    return next(iter(_keys(settings.VAULT_KEYS)))


def key_id_of(sealed: str) -> str:
    """The id of the key that `sealed` was made with."""
    return sealed.partition(".")[0]


def seal(plain: str, *, owner: str) -> str:
    """Encrypt `plain` for `owner` (e.g. ``shops.authorization:<uuid>:access_token``)."""
    key_id = current_key_id()
    nonce = os.urandom(12)
    box = _keys(settings.VAULT_KEYS)[key_id].encrypt(nonce, plain.encode(), owner.encode())
    return f"{key_id}.{base64.urlsafe_b64encode(nonce + box).decode()}"


def unseal(sealed: str, *, owner: str) -> str:
    """Decrypt what `seal` made for the same `owner`. VaultError otherwise."""
    key_id, _, encoded = sealed.partition(".")
    key = _keys(settings.VAULT_KEYS).get(key_id)
    if key is None:
        raise VaultError(f"no vault key with id {key_id!r}")
    try:
        raw = base64.urlsafe_b64decode(encoded)
        return key.decrypt(raw[:12], raw[12:], owner.encode()).decode()
    except (InvalidTag, ValueError) as error:
        raise VaultError("the stored secret does not belong to this row, or is damaged") from error
