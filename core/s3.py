"""A bucket of an S3-compatible service: five calls over httpx, signed with AWS Signature Version 4.

Addresses are path-style (https://host/bucket/key), which every S3-compatible service takes. Credentials are a plain
key; roles of cloud machines are not looked up.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from urllib.parse import quote

import httpx

from core.errors import RemoteError, Unavailable
from core.file_stores import PROBE, Missing, Unwritable
from core.http import make_client, send, with_retries

_NAME = "The file store"
_KEY = re.compile(r"<Key>([^<]*)</Key>")
_NEXT = re.compile(r"<NextContinuationToken>([^<]*)</NextContinuationToken>")
_CODE = re.compile(r"<Code>(\w{1,60})</Code>")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key of the service, and the region it signs for."""

    access_key: str
    secret_key: str = field(repr=False)
    region: str


def utc_now() -> datetime:
    """The system clock."""
    return datetime.now(UTC)


class Bucket:
    """One bucket, below one prefix; may be used by several threads."""

    def __init__(
        self,
        endpoint: str,
        bucket: str,
        prefix: str,
        credentials: Credentials,
        *,
        client: httpx.Client | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._root = f"{endpoint.rstrip('/')}/{quote(bucket, safe='')}"
        self._prefix = f"{prefix}/" if prefix else ""
        self._credentials = credentials
        self._client = client or make_client(connections=20)
        self._clock = clock

    def close(self) -> None:
        """Let go of the pooled connections."""
        self._client.close()

    def put(self, key: str, content: bytes) -> None:
        """The service confirms a PUT when it is stored; repeating it stores the same bytes again."""
        answer = self._ask("PUT", key, content=content)
        if not answer.is_success:
            raise Unwritable(self._why(answer))

    def get(self, key: str) -> bytes:
        try:
            answer = self._ask("GET", key)
        except RemoteError as error:
            raise Missing(error.message) from error
        if not answer.is_success:
            raise Missing(self._why(answer))
        return answer.content

    def has(self, key: str) -> bool:
        answer = self._ask("HEAD", key)
        if answer.is_success or answer.status_code == 404:
            return answer.is_success
        raise Unwritable(self._why(answer))

    def delete(self, key: str) -> None:
        answer = self._ask("DELETE", key)
        if not answer.is_success and answer.status_code != 404:
            raise Unwritable(self._why(answer))

    def keys(self) -> Iterator[str]:
        """A thousand at a time, by ListObjectsV2."""
        query = {"list-type": "2", "prefix": self._prefix}
        while True:
            answer = self._ask("GET", None, query=query)
            if not answer.is_success:
                raise Missing(self._why(answer))
            for name in _KEY.findall(answer.text):
                key = unescape(name).removeprefix(self._prefix)
                if re.fullmatch(r"[^/]{2}/[^/]+\.[^/]*", key):
                    yield key
            following = _NEXT.search(answer.text)
            if not following:
                return
            query["continuation-token"] = unescape(following[1])

    def probe(self) -> None:
        try:
            self.put(PROBE, b"ready")
            self.delete(PROBE)
        except RemoteError as error:
            raise Unwritable(error.message) from error

    def _ask(
        self,
        method: str,
        key: str | None,
        *,
        content: bytes = b"",
        query: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """One call, repeated while the service cannot be reached or says 5xx: all five may be."""
        url = httpx.URL(self._root if key is None else f"{self._root}/{quote(self._prefix + key)}")
        if query:
            # httpx writes a space as "+", the signature wants "%20"
            url = url.copy_with(query=_canonical(query).encode())

        def once() -> httpx.Response:
            headers = sign(method, url, content, self._credentials, self._clock())
            request = self._client.build_request(method, url, content=content, headers=headers)
            answer = send(self._client, request, provider=_NAME, safe=True)
            if answer.status_code >= 500 or answer.status_code == 429:
                raise Unavailable(f"{_NAME} says {answer.status_code}.", provider=_NAME)
            return answer

        return with_retries(once)

    def _why(self, answer: httpx.Response) -> str:
        found = _CODE.search(answer.text)
        return f"{_NAME} says {answer.status_code}{f' {found[1]}' if found else ''}"


def sign(
    method: str, url: httpx.URL, content: bytes, credentials: Credentials, now: datetime
) -> dict[str, str]:
    """The headers of AWS Signature Version 4 for one request to S3."""
    moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    payload = hashlib.sha256(content).hexdigest()
    headers = {
        "host": url.netloc.decode(),
        "x-amz-content-sha256": payload,
        "x-amz-date": moment,
    }
    names = ";".join(sorted(headers))
    request = "\n".join(
        [
            method,
            url.raw_path.partition(b"?")[0].decode(),
            url.query.decode(),
            *(f"{name}:{headers[name]}" for name in sorted(headers)),
            "",
            names,
            payload,
        ]
    )
    scope = f"{day}/{credentials.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (day, credentials.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return headers | {
        "authorization": f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    }


def _canonical(query: Mapping[str, str]) -> str:
    return "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items())
    )
