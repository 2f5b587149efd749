"""Typed readers for environment variables that fail loudly, at start, with the variable's name."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


class BadSetting(SystemExit):
    """A variable is missing or malformed; the message names it and says what is expected."""


_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off"}


class Env:
    """Reads `source` (os.environ by default); every reader raises BadSetting with the variable's name."""

    def __init__(self, source: Mapping[str, str] | None = None) -> None:
        self.source = os.environ if source is None else source
        # What `secret` answered: struck out of every line of the log
        self.secrets: set[str] = set()

    def text(self, name: str, default: str | None = None) -> str:
        """A string; without a default the variable is required."""
        value = self.source.get(name, "").strip()
        if value:
            return value
        if default is None:
            raise BadSetting(f"{name} is not set. See .env.example for what it is.")
        return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of `allowed`."""
        value = self.text(name, default)
        if value not in allowed:
            raise BadSetting(f"{name} is {value!r}; it has to be one of {', '.join(allowed)}.")
        return value

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
        """A whole number between `least` and `most`."""
        raw = self.text(name, str(default))
        try:
            value = int(raw)
        except ValueError:
            raise BadSetting(f"{name} is {raw!r}; it has to be a whole number.") from None
        if not least <= value <= most:
            raise BadSetting(f"{name} is {value}; it has to be between {least} and {most}.")
        return value

    def share(self, name: str) -> float:
        """A number above 0 and up to 1, which is the default."""
        raw = self.text(name, "1")
        try:
            value = float(raw)
        except ValueError:
            value = 0.0
        if not 0 < value <= 1:
            raise BadSetting(f"{name} is {raw!r}; it has to be a number above 0 and up to 1.")
        return value

    def flag(self, name: str, default: bool = False) -> bool:
        """true/false, 1/0, yes/no or on/off; blank is the default."""
        raw = self.source.get(name, "")
        value = raw.strip().lower()
        if not value:
            return default
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise BadSetting(f"{name} is {raw!r}; it has to be true or false.")

    def words(self, name: str, default: str = "") -> list[str]:
        """A comma-separated list, empty entries left out."""
        return [part.strip() for part in self.text(name, default).split(",") if part.strip()]

    def secret(self, name: str, default: str | None = None) -> str:
        """A secret from NAME or from the file named by NAME_FILE; required unless a default is given."""
        path = self.source.get(f"{name}_FILE", "").strip()
        if path:
            try:
                value = Path(path).read_text().strip()
            except OSError as error:
                raise BadSetting(f"{name}_FILE cannot be read: {error.strerror}.") from None
            if not value:
                raise BadSetting(f"{name}_FILE names an empty file.")
        else:
            value = self.text(name, default)
        # Of "k1:<key>,k2:<key>" each key is a secret alone; a short part is a word like any other.
        parts = value.replace(":", ",").split(",")
        self.secrets |= {part for part in (value, *parts) if part == value or len(part) > 23}
        return value

    def url(self, name: str, default: str) -> str:
        """An http(s) address without a trailing slash."""
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadSetting(f"{name} is {value!r}; it has to be an http or https address.")
        return value

    def database(self, name: str, default: str) -> dict[str, object]:
        """Django's settings for a postgresql:// address; a socket directory is given as ?host=/path."""
        parts = urlsplit(self.secret(name, default))
        self.secrets.add(unquote(parts.password or ""))
        if parts.scheme not in {"postgres", "postgresql"}:
            raise BadSetting(f"{name} has to start with postgresql://")
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")) or "creatorflow",
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", "") or (parts.hostname or ""),
            "PORT": str(parts.port or query.pop("port", "")),
            "OPTIONS": query,
        }


def is_private_enough(url: str) -> bool:
    """Whether papers with addresses may be sent there: https, or http that never leaves the machine."""
    parts = urlsplit(url)
    loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and loopback)
    )


def load_file(path: Path) -> None:
    """Put the NAME=value lines of `path` into the environment, without overriding what is already set."""
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise BadSetting(f"{path.name} line {number} is not NAME=value.")
        os.environ.setdefault(name.strip(), value.strip().strip("\"'"))
