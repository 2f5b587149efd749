import httpx
import pytest

from core.errors import Rejected, Unavailable
from shipping.providers.download import GONE, MAX_BYTES, PDF, PNG, ZPL, Source, fetch, what_is
from shipping.providers.easypost import _FILE_HOSTS as EASYPOST_HOSTS
from shipping.providers.memory import one_page_pdf
from shipping.providers.shippo import _FILE_HOSTS as SHIPPO_HOSTS
from shipping.providers.tiktok import _FILE_HOSTS as TIKTOK_HOSTS
from tests.contracts.tape import Tape

SOURCE = Source.of("EasyPost", "https://api.easypost.com/v2", EASYPOST_HOSTS)
REHEARSAL = Source.of("EasyPost", "http://127.0.0.1:8123/v2", EASYPOST_HOSTS)
URL = "https://easypost-files.s3.us-west-2.amazonaws.com/files/a.pdf"


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        (URL, EASYPOST_HOSTS),
        ("https://easypost-files.s3-us-west-2.amazonaws.com/a.png", EASYPOST_HOSTS),
        ("https://s3-us-west-2.amazonaws.com/easypost-files/a.png", EASYPOST_HOSTS),
        ("https://deliver.goshippo.com/a.pdf?Expires=1", SHIPPO_HOSTS),
        ("https://shippo-delivery-east.s3.amazonaws.com/a.pdf", SHIPPO_HOSTS),
        ("https://open-fs-va.tiktokshop.com/wsos/a", TIKTOK_HOSTS),
        ("https://lf16-oec-sc-sign.tiktokcdn-us.com/a", TIKTOK_HOSTS),
    ],
)
def test_the_providers_own_hosts_are_allowed(url: str, hosts: tuple[str, ...]) -> None:
    assert Source.of("x", "https://api.example.com", hosts).allows(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "label.pdf",
        "file:///etc/passwd",
        "ftp://files.easypost.com/a",
        "http://files.easypost.com/a.pdf",
        "https://files.easypost.com:8443/a.pdf",
        "https://user@files.easypost.com/a.pdf",
        "https://easypost.com.evil.example/a.pdf",
        "https://evil-easypost.com/a.pdf",
        "https://ec2-1-2-3-4.compute.amazonaws.com/a.pdf",
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/a.pdf",
        "http://127.0.0.1:8123/a.pdf",
        "https://[::1]/a.pdf",
        "https://[broken/a.pdf",
        "https://files.easypost.com:99999/a.pdf",
        "https://files.easypost.com\\@evil.example/a.pdf",
    ],
)
def test_no_other_address_is_ever_asked(url: str) -> None:
    tape = Tape(httpx.Response(200, content=one_page_pdf()))
    with pytest.raises(Rejected) as refused:
        fetch(tape.client(), url, SOURCE)
    assert refused.value.code == "label-host"
    assert tape.requests == []


def test_plain_http_is_for_the_rehearsal_on_loopback_only_and_its_own_port() -> None:
    assert REHEARSAL.allows("http://127.0.0.1:8123/files/a.pdf")
    assert not REHEARSAL.allows("http://127.0.0.1:5432/")
    assert not REHEARSAL.allows("http://localhost:8123/files/a.pdf")
    assert not Source.of("x", "http://10.0.0.7:80", ()).allows("http://10.0.0.7:80/a.pdf")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (one_page_pdf(), PDF),
        (b"\x89PNG\r\n\x1a\n....", PNG),
        (b"\r\n^XA^FO50,50^FDhello^FS^XZ", ZPL),
        (b"~DGR:X.GRF,1,1,00\n^XA^XGR:X.GRF^FS^XZ\n", ZPL),
    ],
)
def test_the_kind_is_told_by_the_bytes_not_by_the_header(content: bytes, kind: str) -> None:
    tape = Tape(httpx.Response(200, content=content, headers={"content-type": "text/html"}))
    document = fetch(tape.client(), URL, SOURCE)
    assert (document.content, document.content_type) == (content, kind)
    assert "authorization" not in tape.requests[0].headers


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"  <!DOCTYPE html><p>Sign in</p>", "a web page"),
        (b"<?xml version='1.0'?><Error/>", "an XML document"),
        (b'{"error": "gone"}', "a JSON document"),
        (b"GIF89a", "a picture that is not PNG"),
        (b"^XA but no end", "a file of unknown kind"),
        (b"\x00\x01\x02", "a file of unknown kind"),
    ],
)
def test_what_is_no_label_is_refused_by_name(content: bytes, words: str) -> None:
    tape = Tape(httpx.Response(200, content=content, headers={"content-type": "application/pdf"}))
    with pytest.raises(Rejected, match=words):
        fetch(tape.client(), URL, SOURCE)
    assert what_is(content) == words


def test_a_redirect_is_not_followed() -> None:
    tape = Tape(httpx.Response(302, headers={"location": "http://169.254.169.254/"}))
    with pytest.raises(Rejected, match="moved"):
        fetch(tape.client(), URL, SOURCE)
    assert len(tape.requests) == 1


def test_a_file_without_end_is_cut_off() -> None:
    tape = Tape(httpx.Response(200, content=b"%PDF-" + bytes(MAX_BYTES)))
    with pytest.raises(Rejected, match="larger than 10 MB"):
        fetch(tape.client(), URL, SOURCE)


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_link_that_has_run_out_is_told_apart(status: int) -> None:
    tape = Tape(httpx.Response(status))
    with pytest.raises(Rejected) as refused:
        fetch(tape.client(), URL, SOURCE)
    assert refused.value.code == GONE


@pytest.mark.parametrize(
    "trouble", [httpx.ReadTimeout("slow"), httpx.ConnectError("no"), httpx.Response(503)]
)
def test_trouble_on_the_way_is_unavailable(trouble: httpx.Response | Exception) -> None:
    with pytest.raises(Unavailable):
        fetch(Tape(trouble).client(), URL, SOURCE)
