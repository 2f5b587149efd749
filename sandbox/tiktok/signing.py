"""TikTok's two signatures, written for the sandbox alone: it must not share a slip."""

import hashlib
import hmac


def request_sign(secret: str, path: str, params: dict[str, str], body: bytes) -> str:
    """Lowercase hexadecimal HMAC over path, sorted parameters and raw body, wrapped in the secret.

    `params` holds decoded values; `sign` and `access_token` are left out. Hand in an empty body
    for multipart uploads.
    """
    names = sorted(name for name in params if name not in ("sign", "access_token"))
    text = path + "".join(name + params[name] for name in names)
    message = secret.encode() + text.encode() + body + secret.encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def webhook_sign(secret: str, app_key: str, body: bytes) -> str:
    """What TikTok puts into the Authorization header of a webhook, without a scheme word."""
    return hmac.new(secret.encode(), app_key.encode() + body, hashlib.sha256).hexdigest()
