"""What is struck out of text and of bodies: secrets, people, label files; and what has to stay readable."""

import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import MOST_BODY, STRUCK, redact, redact_exchange

SECRETS = [
    (
        "GET /token?app_key=k1&app_secret=s3cr3t-value&auth_code=c0de-value",
        ["s3cr3t-value", "c0de-value"],
    ),
    ("https://auth.example/cb?code=c0de-value&state=st4te-value", ["c0de-value", "st4te-value"]),
    ("{'access_token': 'TTP_abcdefghijkl', 'x': 1}", ["TTP_abcdefghijkl"]),
    ('{"refresh_token":"r3fresh\\"quoted"}', ["r3fresh", "quoted"]),
    ("[(b'authorization', b'Basic RVpBSzEyMzQ6'), (b'host', b'x')]", ["RVpBSzEyMzQ6"]),
    ("Authorization: ShippoToken shippo_live_0123456789abcdef", ["0123456789abcdef"]),
    ("x-tts-access-token: ROW_secretsecretsecret", ["ROW_secretsecretsecret"]),
    ("key EZAKabcdef1234567890 was refused", ["EZAKabcdef1234567890"]),
    ("password='correct horse' battery", ["correct horse"]),
    ("postgresql://creatorflow:hunter22@db.example/creatorflow", ["hunter22"]),
    ("Forbidden (CSRF token missing.): /invitations/AbC-d_e9/accept/", ["AbC-d_e9"]),
    ("Set-Cookie: __Host-session=abc.def; Path=/", ["abc.def"]),
]
PEOPLE = [
    (
        "{'name': 'Jo Ortiz', 'street1': '1 Main St', 'phone': '5125550100'}",
        ["Ortiz", "Main", "5550100"],
    ),
    (
        '{"recipient_address":{"full_address":"1 Main St, Austin","first_name":"Jo"',
        ["Main", "Austin", "Jo"],
    ),
    (
        "Address(name='Jo Ortiz', company='', street1='12B W Elm Avenue', city='Austin')",
        ["Ortiz", "Elm", "Austin"],
    ),
    ("No house at 417 Montgomery St. for that ZIP", ["Montgomery"]),
    ("jo.ortiz+shop@example.co.uk wrote", ["ortiz"]),
    (
        "call (512) 555-0100 or +1 512-555-0101 or 512.555.0102 or 5125550103",
        ["0100", "0101", "0102", "0103"],
    ),
    ("phone=+44 20 7946 0958&buyer_email=jo%40example.com", ["7946", "jo%40"]),
    ('name = "Jo Ort', ["Jo Ort"]),
    ("DETAIL:  Failing row contains (7, Jo Ortiz, 1 Main St).", ["Ortiz", "Main"]),
    ("Key (workspace_id, email)=(3, Jo Ortiz) already exists.", ["Ortiz"]),
    ('CONTEXT:  COPY incoming_orders_order, line 1, column total: "Jo Ortiz"', ["Ortiz"]),
    ('invalid input syntax for type integer: "Jo Ortiz"', ["Ortiz"]),
]
LABELS = [
    ("b'%PDF-1.4\\n1 0 obj << Jo Ortiz >> %%EOF' and more", ["Ortiz"]),
    ("%PDF-1.4\nJo Ortiz, cut off here", ["Ortiz"]),
    ("^XA^FO50,50^FDJo Ortiz^FS^XZ", ["Ortiz"]),
    ("JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGg=", ["xLjQKJ"]),
    ("b'\\x89PNG\\r\\n\\x1a\\nJo Ortiz", ["Ortiz"]),
]
KEPT = [
    "order 576900000000000123 of shop 70000000000000001: code=36009003 request=2026112315504601A2B3",
    "orders.sync.sync_due_shops failed after 3 tries, due again at 1795449046",
    'duplicate key value violates unique constraint "one_live_label_per_parcel"',
    "label 12: document not ready, next try in 30 s",
    "POST /fulfillment/202309/packages/1153132434/ship 200 in 412 ms",
    "KeyError: 'line_items'",
    "1Z999AA10123456784",
]


@pytest.mark.parametrize(("text", "gone"), SECRETS + PEOPLE + LABELS)
def test_it_is_struck_out(text: str, gone: list[str]) -> None:
    told = redact(text)
    assert STRUCK in told
    assert not [word for word in gone if word in told], told


@pytest.mark.parametrize("text", KEPT)
def test_what_support_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_values_that_are_known_are_struck_out_wherever_they_stand() -> None:
    assert redact("a lonely hunter2hunter2 here", {"hunter2hunter2"}) == "a lonely *** here"


@pytest.mark.parametrize(
    "mean",
    ["a" * 60_000, "-" * 60_000, " \n" * 30_000, "name=" * 12_000, "://" * 20_000, "'" * 60_000],
)
def test_no_text_takes_long(mean: str) -> None:
    started = time.monotonic()
    redact(mean)
    assert time.monotonic() - started < 2


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(redact(text), str)


def test_bodies_are_struck_by_field_name_however_deep() -> None:
    asked = {
        "shipment": {
            "to_address": {
                "name": "Jo Ortiz",
                "street1": "Hollow 7",
                "country": "US",
                "odd": ["Jo O."],
            },
            "parcel": {"weight": 12.5},
            "reference": "order-17",
        },
        "carrier_token": "t0ken",
        "recipient_address": {"district_info": [{"address_level": "L1", "address_name": "Texas"}]},
    }
    shown, _ = redact_exchange(orjson.dumps(asked), b"")
    for word in ("Jo", "Hollow", "t0ken", "Texas"):
        assert word not in shown
    for word in ("order-17", "12.5", "US", "street1", "L1"):
        assert word in shown


def test_an_answer_that_quotes_the_address_it_was_asked_about_does_not_show_it() -> None:
    asked = orjson.dumps({"address_to": {"name": "Jo Ortiz", "street1": "Hollow 7"}})
    _, answered = redact_exchange(
        asked, b'{"messages": ["no such place: Hollow 7, Jo Ortiz"], "code": 17}'
    )
    assert "Hollow" not in answered
    assert "Ortiz" not in answered
    assert "no such place" in answered
    assert "17" in answered


@pytest.mark.parametrize("field", ["label_url", "doc_url", "label_pdf_url", "label_file"])
def test_where_a_label_is_or_what_is_in_it_is_not_shown(field: str) -> None:
    _, answered = redact_exchange(
        b"", orjson.dumps({"postage_label": {field: "https://files.example/7.pdf"}})
    )
    assert "files.example" not in answered


@pytest.mark.parametrize(
    "body", [b"%PDF-1.4 Jo Ortiz", b"<html>Jo Ortiz</html>", b'{"name": "Jo Or']
)
def test_what_is_not_json_is_only_measured(body: bytes) -> None:
    assert (
        redact_exchange(body, body) == (f"({len(body)} bytes that are not JSON, or too long)",) * 2
    )


def test_a_long_body_is_cut() -> None:
    shown, _ = redact_exchange(orjson.dumps({"items": ["x" * 50] * 500}), b"")
    assert len(shown) == MOST_BODY
