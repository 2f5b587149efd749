"""What other people's servers may send: any JSON value anywhere, and how hard to try.

A run is short and the same each time; by night (tests.examples) it searches further, by chance.
"""

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.examples import NIGHTLY


def bounded(count: int) -> settings:
    """`count` examples, the same in every run; ten times as many, and new ones, by night."""
    return settings(
        max_examples=count * (10 if NIGHTLY else 1),
        deadline=None,
        derandomize=not NIGHTLY,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


# What has broken parsers before: sizes, signs, other digits, characters that databases refuse.
AWKWARD: tuple[Any, ...] = (
    "",
    "null",
    "\x00",
    "a\x00b",
    "\\u0000",  # as somebody types it
    "\\\\u0000",
    "\\\x00\x00",
    "x" * 5000,
    "9" * 25,
    "9" * 5000,
    "-1",
    "0",
    "1e999",
    "1e1000000",
    "0e1000000",
    "-0",
    "NaN",
    "sNaN",
    "Infinity",
    "١٢٣",
    "²",
    "2026-02-30T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "=HYPERLINK(1)",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "http://169.254.169.254/latest",
    0,
    -1,
    1,
    2**31,
    2**63 - 1,
    2**64 - 1,
    -(2**63),
    10**11,
    -(10**14),
    1e308,
    -1e-308,
    0.1,
    [],
    {},
    [[]],
    [None],
    [0],
    [{}],
    {"id": None},
    True,
    False,
    None,
)
# No lone surrogates: they are not JSON, and no reader of ours lets them in.
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
_LEAVES = (
    st.sampled_from(AWKWARD)
    | st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document, the document itself first."""
    yield path
    entries: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(document, dict):
        entries = iter(document.items())
    elif isinstance(document, list):
        entries = iter(enumerate(document))
    for key, value in entries:
        yield from places(value, (*path, key))


def every_awkward(document: Any) -> Iterator[tuple[str, Any]]:
    """The document with each awkward value at each place in turn, and each place taken away; with
    words for which one it is."""
    for path in list(places(document))[1:]:
        gone = copy.deepcopy(document)
        yield f"{path} taken away", _replaced(gone, path, None, take_away=True)
        for value in AWKWARD:
            changed = copy.deepcopy(document)
            words = f"{path} = {str(value)[:20]!r}"
            yield words, _replaced(changed, path, copy.deepcopy(value), take_away=False)


def _replaced(document: Any, path: tuple[Any, ...], value: Any, *, take_away: bool) -> Any:
    if not path:
        return value
    holder = document
    for key in path[:-1]:
        try:
            holder = holder[key]
        except (LookupError, TypeError):  # an earlier change took this place away
            return document
    try:
        if take_away:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
    except (LookupError, TypeError):
        return document
    return document


@st.composite
def mutated(draw: st.DrawFn, document: Any, *, most: int = 4, whole: bool = False) -> Any:
    """The document with up to `most` of its values replaced or taken away; `whole`: itself too."""
    found = list(places(document))[0 if whole else 1 :]
    result = copy.deepcopy(document)
    for path in draw(st.lists(st.sampled_from(found), min_size=1, max_size=most)):
        value, take_away = draw(JSON), draw(st.booleans()) and draw(st.booleans())
        result = _replaced(result, path, copy.deepcopy(value), take_away=take_away)
    return result


def is_storable(value: Any) -> bool:
    """Whether PostgreSQL takes every text in it: no NUL, and nothing that is not UTF-8."""
    if isinstance(value, str):
        return "\x00" not in value and value.encode(errors="replace").decode() == value
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(one) for key, one in value.items())
    if isinstance(value, list | tuple):
        return all(is_storable(one) for one in value)
    return True
