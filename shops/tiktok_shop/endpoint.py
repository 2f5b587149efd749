"""One TikTok Shop endpoint as a row of a table."""

from dataclasses import dataclass

DEFAULT_VERSION = "202309"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table. `safe` says that repeating the call changes nothing.

    An empty `version` follows the client's default; undeclared query names are refused by the
    gateway.
    """

    name: str
    method: str
    path: str
    scope: str
    safe: bool
    version: str = ""
    needs_cipher: bool = True
    query: frozenset[str] = frozenset()

    def url_path(self, default_version: str, path_params: dict[str, str]) -> str:
        """The path to ask. ValueError for a missing part, or for one that could change the path."""
        for name, value in path_params.items():
            if not value or not value.replace("-", "").replace("_", "").isalnum():
                raise ValueError(f"{self.name}: {name} is not an id: {value!r}")
        try:
            return self.path.format(version=self.version or default_version, **path_params)
        except KeyError as error:
            raise ValueError(f"{self.name} needs the path part {error}") from None
