"""What never leaves the database: secrets, people and label files, struck out of text and of documents.

Documents (JSON of a request or an answer) are struck by field name. Text, such as a line of a log, is struck by the
names that stand before a value, by shape (keys, e-mail addresses, telephone numbers, streets, label files), and by the
values themselves where they are known.
"""

import re
from collections.abc import Collection, Iterator, Mapping

import orjson

STRUCK = "***"
MOST_BODY = 4096
_MOST_PARSED = 200_000  # a longer body is not worth its time: only its size is kept

_SECRETS = (
    r"[\w-]*(?:token|secret|passw(?:or)?d|cipher|api[_-]?key|authorization|cookie|signature|session(?:id)?"
    r"|auth_code|vault_keys|credential)[\w-]*"
)
_PERSON = (
    r"(?:[\w-]*_)?(?:name|first_?name|last_?name|full_?name|nick_?name|street_?\d?|street_no|address_?(?:line_?)?\d"
    r"|address_detail|full_address|address_name|city|post_town|postal_?code|post_?code|zip(?:_?code)?|phone(?:_number)?"
    r"|e_?mail|buyer_message|seller_note|note|company|cpf)"
)
_LABEL = r"label_(?:url|pdf_url|zpl_url|epl2_url|data|file)|doc_url|qr_code_url|image_data"
# Fields whose whole content is about one person, however its parts are called.
_PEOPLE = frozenset(
    {
        "address_from",
        "address_return",
        "address_to",
        "buyer",
        "buyer_address",
        "customer",
        "fixed_recipient",
        "from_address",
        "recipient",
        "recipient_address",
        "return_address",
        "sender",
        "to_address",
    }
)
_KEPT_OF_PEOPLE = frozenset({"country", "country_code", "region_code", "state", "address_level"})

_SECRET_FIELD = re.compile(rf"(?i)(?:{_SECRETS}|sign|key_sealed)\Z")
_PERSON_FIELD = re.compile(rf"(?i)(?:{_PERSON}|user_id|buyer_id|buyer_uid)\Z")
_LABEL_FIELD = re.compile(rf"(?i)(?:{_LABEL})\Z")

_IN_QUERY = re.compile(
    r"(?i)([?&](?:access_token|refresh_token|app_secret|auth_code|sign|api_key|token|authorization|code"
    r"|shop_cipher|email|phone|name)=)[^&\s\"']+"
)
# Words and nothing else: no key, number, address or name of a field with its value is one.
_WORDS = re.compile(r"[A-Za-z_ .,-]*\Z")
_QUOTED = r"""b?(?P<quote>["'])(?:\\.|(?!(?P=quote))[^\\])*(?:(?P=quote)|\Z)"""
# What has to stand in a text for a pattern to be worth trying ("": always), the pattern, and what takes its place.
_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = (
    # Label files, whole or cut off, as bytes, as repr or as base64
    (("%PDF",), re.compile(r"%PDF-[\s\S]*?(?:%%EOF|\Z)"), STRUCK),
    (("^XA",), re.compile(r"\^XA[\s\S]*?(?:\^XZ|\Z)"), STRUCK),
    (("PNG",), re.compile(r"(?:\\x89|\x89|\ufffd)PNG[\s\S]*?(?:IEND|\Z)"), STRUCK),
    (
        ("JVBERi0", "iVBORw0", "XlhB"),
        re.compile(r"(?:JVBERi0|iVBORw0KGgo|XlhB)[A-Za-z0-9+/=_-]{16,}"),
        STRUCK,
    ),
    # What PostgreSQL says about rows, and statements with their values
    (
        (":",),
        re.compile(r"(?m)^([ \t]*(?:DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):).*$"),
        rf"\1 {STRUCK}",
    ),
    (
        ("Failing row",),
        re.compile(r"Failing row contains \([\s\S]*?\)(?=\.|\s*$|\n)"),
        f"Failing row {STRUCK}",
    ),
    (("Key (",), re.compile(r"Key \(([^)]*)\)=\([^)]*\)"), rf"Key (\1)=({STRUCK})"),
    (("invalid input",), re.compile(r"(invalid input [^:\n]*: )\"[^\n]*"), rf"\1{STRUCK}"),
    # name: "value", 'name': 'value', name='value', (b'name', b'value')
    (
        ("'", '"'),
        re.compile(
            rf"(?i)((?<![\w-])b?[\"']?(?:{_SECRETS}|{_PERSON}|{_LABEL})[\"']?\s*[:=,]\s*){_QUOTED}"
        ),
        rf"\1{STRUCK}",
    ),
    (("=",), re.compile(rf"(?i)((?<![\w-]){_SECRETS}=)[^&\s\"',;)\]}}]+"), rf"\1{STRUCK}"),
    (("?", "&"), re.compile(r"(?i)([?&](?:code|sign|state|key)=)[^&\s\"')]+"), rf"\1{STRUCK}"),
    (
        ("=",),
        re.compile(
            rf"(?i)((?<![\w-])(?!name=|note=|company=){_PERSON}=)(?![\"'*])[^&,\n\"')\]}}]+"
        ),
        rf"\1{STRUCK}",
    ),
    (
        (":",),
        re.compile(
            r"(?im)((?<![\w-])(?:proxy-)?(?:authorization|cookie|set-cookie|x-[\w-]*(?:token|signature|secret|key)"
            r"[\w-]*):\s*)[^\r\n\"']+"
        ),
        rf"\1{STRUCK}",
    ),
    ((" ",), re.compile(r"(?i)\b((?:bearer|basic|shippotoken)\s+)[\w.~+/=-]{6,}"), rf"\1{STRUCK}"),
    (
        ("shippo_", "EZ", "_"),
        re.compile(r"\b(?:shippo_(?:live|test)_\w+|EZ[AT]K\w{6,}|(?:TTP|ROW|GCP)_[\w-]{10,})"),
        STRUCK,
    ),
    (("://",), re.compile(r"(://[^/\s:@]*:)[^/\s@]+@"), rf"\1{STRUCK}@"),
    (("/",), re.compile(r"(/(?:invitations|reset/key|confirm-email)/)[^/\s?]+"), rf"\1{STRUCK}"),
    # People, by shape. Order numbers have 18 digits and Unix times begin with 1: neither is a telephone number
    (("@", "%40"), re.compile(r"(?<![\w.+%-])[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"), STRUCK),
    (
        ("",),
        re.compile(r"(?<![\w.-])(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])"),
        STRUCK,
    ),
    (("",), re.compile(r"(?<![\w.-])(?:\+\d[\d ]{7,16}\d|1?[2-9]\d{9})(?![\w.-])"), STRUCK),
    (
        (" ",),
        re.compile(
            r"\b\d{1,6}[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Z0-9][\w.'-]* ){1,4}"
            r"(?:St|Street|Ave|Avenue|Rd|Road|Blvd|Boulevard"
            r"|Ln|Lane|Dr|Drive|Way|Ct|Court|Pl|Place|Ter|Terrace|Pkwy|Parkway|Hwy|Highway|Cir|Circle|Sq|Square)\b\.?"
        ),
        STRUCK,
    ),
)


def redact(text: str, known: Collection[str] = ()) -> str:
    """`text` without secrets, people and label files; `known` are values to strike wherever they stand."""
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, STRUCK)
    for needles, pattern, put in _PATTERNS:
        if any(needle in text for needle in needles):
            text = pattern.sub(put, text)
    return text


def redact_url(url: str) -> str:
    """An address of a third party without the secrets in its query; what every call pays, so it is one pattern."""
    return _IN_QUERY.sub(rf"\1{STRUCK}", url)


def redact_exchange(
    asked: bytes, answered: bytes, secrets: Collection[str] = ()
) -> tuple[str, str]:
    """Both bodies of a failed call, as text of at most MOST_BODY characters each.

    An answer may quote the address it was asked about, and the `secrets` it was asked with: what the request says of
    people is struck out of it, too.
    """
    request, answer = _parsed(asked), _parsed(answered)
    known = {value for value in (*personal_values(request), *secrets) if len(value) > 2}
    return _shown(request, asked, known), _shown(answer, answered, known)


def redact_document(value: object, *, person: bool = False) -> object:
    """A JSON value with the values of secret and personal fields struck out; `person`: all of it is about one."""
    if isinstance(value, Mapping):
        return {name: _field(str(name), inner, person=person) for name, inner in value.items()}
    if isinstance(value, list):
        return [redact_document(inner, person=person) for inner in value]
    if person and value not in (None, "", True, False):
        return STRUCK
    return redact(value) if isinstance(value, str) and not _WORDS.match(value) else value


def personal_values(value: object, *, person: bool = False) -> Iterator[str]:
    """The texts that `redact_document` would strike because they are about people."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name not in _KEPT_OF_PEOPLE:
                yield from personal_values(inner, person=person or _is_person(str(name)))
    elif isinstance(value, list):
        for inner in value:
            yield from personal_values(inner, person=person)
    elif person and isinstance(value, str):
        yield value.strip()


def _field(name: str, value: object, *, person: bool) -> object:
    if _SECRET_FIELD.match(name) or _LABEL_FIELD.match(name):
        return STRUCK if value else value
    if person and name in _KEPT_OF_PEOPLE:
        return value
    return redact_document(value, person=person or _is_person(name))


def _is_person(name: str) -> bool:
    return name.lower() in _PEOPLE or bool(_PERSON_FIELD.match(name))


def _parsed(body: bytes) -> object:
    """The JSON in `body`, or None."""
    if not body or len(body) > _MOST_PARSED:
        return None
    try:
        found: object = orjson.loads(body)
    except ValueError:
        return None
    return found


def _shown(document: object, body: bytes, known: Collection[str]) -> str:
    """What cannot be taken apart by field is not shown at all: only how long it was."""
    if not body:
        return ""
    if document is None:
        return f"({len(body)} bytes that are not JSON, or too long)"
    text = orjson.dumps(redact_document(document), option=orjson.OPT_INDENT_2).decode()
    for value in sorted(known, key=len, reverse=True):
        text = text.replace(value, STRUCK)
    return text if len(text) <= MOST_BODY else text[: MOST_BODY - 2] + " …"
