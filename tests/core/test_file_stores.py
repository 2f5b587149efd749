"""Both stores keep the same promises: a folder of this machine, and a bucket of a real S3 server."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pytest_django import Settings

from core import file_stores, files
from core.errors import RemoteError
from core.file_stores import Folder, Missing, Store, Unwritable
from core.files import DamagedFile
from core.http import make_client
from core.s3 import Bucket, Credentials, sign
from tests.ground.s3 import BUCKET, KEY, SECRET, Server

CREDENTIALS = Credentials(KEY, SECRET, "us-east-1")


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, settings: Settings
) -> Iterator[tuple[Store, Path]]:
    """The store of the settings, and the folder its bytes end up in."""
    if request.param == "folder":
        settings.FILE_STORE = str(tmp_path / "store")
        yield file_stores.store(), tmp_path / "store"
        return
    server: Server = request.getfixturevalue("s3_server")
    prefix = (
        "shipping desk/über"
        if "prefix" in request.param
        else hashlib.sha256(str(tmp_path).encode()).hexdigest()[:8]
    )
    settings.FILE_STORE = f"s3://{BUCKET}/{prefix}"
    settings.S3_ENDPOINT, settings.S3_REGION = server.url, "us-east-1"
    settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY = KEY, SECRET
    yield file_stores.store(), server.folder / BUCKET / prefix
    file_stores.forget()


@pytest.fixture
def store(place: tuple[Store, Path]) -> Store:
    return place[0]


def test_what_is_stored_is_read_back_under_a_key_of_its_content(place: tuple[Store, Path]) -> None:
    key = files.save(b"a label", suffix=".pdf")
    assert files.read(key) == b"a label"
    assert (place[1] / key).read_bytes() == b"a label"


def test_the_same_bytes_are_one_file(store: Store) -> None:
    assert files.save(b"twice", suffix=".pdf") == files.save(b"twice", suffix=".pdf")
    assert len([key for key in list(store.keys()) if files.read(key) == b"twice"]) == 1


@pytest.mark.parametrize("damage", [b"", b"a labeL", b"no label, and more"])
def test_changed_bytes_are_never_handed_out_and_can_be_stored_again(
    place: tuple[Store, Path], damage: bytes
) -> None:
    key = files.save(b"a label", suffix=".pdf")
    (place[1] / key).write_bytes(damage)
    with pytest.raises(DamagedFile, match="not what was stored|cannot be read"):
        files.read(key)
    assert files.save(b"a label", suffix=".pdf") == key
    assert files.read(key) == b"a label"


def test_a_missing_file_says_so_and_deleting_it_again_is_nothing(store: Store) -> None:
    key = files.save(b"to go", suffix=".zpl")
    files.delete(key)
    files.delete(key)
    assert not store.has(key)
    with pytest.raises(DamagedFile, match="cannot be read"):
        files.read(key)


def test_every_key_is_listed_and_nothing_else(store: Store) -> None:
    store.probe()
    kept = {files.save(f"label {n}".encode(), suffix=".pdf") for n in range(5)}
    found = list(store.keys())
    assert kept <= set(found)
    assert all(files.is_key(key) for key in found)
    assert len(found) == len(set(found))


def test_an_empty_store_has_no_keys(store: Store) -> None:
    for key in list(store.keys()):
        store.delete(key)
    assert list(store.keys()) == []


def test_several_threads_store_at_once(store: Store) -> None:
    contents = [f"{n % 4} of several".encode() * 999 for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda content: files.save(content, suffix=".pdf"), contents))
    assert [files.read(key) for key in keys] == contents


@pytest.mark.parametrize(
    "key", ["", "../../etc/passwd", "ab/cd.pdf", "/" + "a" * 64, "zz/" + "z" * 62]
)
def test_what_is_not_a_key_opens_and_deletes_nothing(store: Store, key: str) -> None:
    for use in (files.read, files.delete):
        with pytest.raises(DamagedFile):
            use(key)


def test_a_folder_that_cannot_be_written_to_says_why(tmp_path: Path) -> None:
    (tmp_path / "wall").write_text("")
    with pytest.raises(Unwritable, match="Not a directory|File exists"):
        Folder(tmp_path / "wall").probe()


def test_a_wrong_secret_is_refused_by_the_server_and_not_told(s3_server: Server) -> None:
    wrong = Credentials(KEY, "wrong", "us-east-1")
    with (
        closing(Bucket(s3_server.url, BUCKET, "", wrong)) as bucket,
        pytest.raises(Unwritable, match="403 SignatureDoesNotMatch") as refusal,
    ):
        bucket.probe()
    assert "wrong" not in str(refusal.value)


def test_a_bucket_that_is_not_there_is_named_by_its_code(s3_server: Server) -> None:
    with (
        closing(Bucket(s3_server.url, "elsewhere", "", CREDENTIALS)) as bucket,
        pytest.raises(Missing, match="404 NoSuchBucket"),
    ):
        list(bucket.keys())


def test_a_server_that_is_away_is_asked_again_then_the_file_is_missing() -> None:
    asked: list[str] = []

    def away(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(503)

    client = make_client(transport=httpx.MockTransport(away))
    bucket = Bucket("https://s3.example", "b", "", CREDENTIALS, client=client)
    with pytest.raises(Missing, match="503"):
        bucket.get("ab/cdef.pdf")
    assert asked == ["GET"] * 3
    with pytest.raises(RemoteError):
        bucket.put("ab/cdef.pdf", b"x")


def test_many_keys_are_listed_page_by_page() -> None:
    pages = {
        "": "<Key>p/ab/c1.pdf</Key><Key>p/probe</Key><NextContinuationToken>a b&amp;/=</NextContinuationToken>",
        "a b&/=": "<Key>p/ab/c2.pdf</Key>",
    }

    def answer(request: httpx.Request) -> httpx.Response:
        token = request.url.params.get("continuation-token", "")
        assert request.url.params["prefix"] == "p/"
        return httpx.Response(200, text=f"<ListBucketResult>{pages[token]}</ListBucketResult>")

    client = make_client(transport=httpx.MockTransport(answer))
    bucket = Bucket("https://s3.example", "b", "p", CREDENTIALS, client=client)
    assert list(bucket.keys()) == ["ab/c1.pdf", "ab/c2.pdf"]


def test_a_signature_is_the_one_amazon_publishes_for_its_example() -> None:
    """ "GET bucket (list objects)" of Amazon's "Signature calculations for the authorization header"."""
    example = Credentials(
        "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1"
    )
    url = httpx.URL("https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J")
    headers = sign("GET", url, b"", example, datetime(2013, 5, 24, tzinfo=UTC))
    assert headers["authorization"].endswith(
        "Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    )


@pytest.mark.parametrize(
    ("address", "key", "words"),
    [
        ("s3://bucket/prefix", False, "S3_ACCESS_KEY"),
        ("s3:///prefix", True, "s3://bucket/prefix"),
        ("ftp://host/folder", True, "a folder or s3://"),
        ("s3://bucket?x=1", True, "s3://bucket/prefix"),
    ],
)
def test_an_address_that_cannot_be_a_store_stops_the_start(
    address: str, key: bool, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        file_stores.check(address, key=key)
    file_stores.check("/var/lib/creatorflow/files", key=False)
    file_stores.check("s3://bucket/prefix", key=True)


def test_the_secret_of_a_store_is_not_in_its_words() -> None:
    assert SECRET not in repr(CREDENTIALS)
