import httpx
import pytest

from core.errors import (
    NotAuthorized,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    RemoteError,
    Unavailable,
)
from shops.tiktok_shop.error_table import TABLE, Kind
from shops.tiktok_shop.errors import (
    Asked,
    ClockRefused,
    StillBeingMade,
    TokenExpired,
    already_done,
    label_already_bought,
    label_in_progress,
    open_envelope,
)
from tests.shops.tiktok_shop.wire import refusal

# Codes the documentation lists for the endpoints we call, and those of the gateway.
_CODES = """
36009002 36009003 36009004 36009007 36009009 36009010 36009014 36009021 36009022 36009023 36009033
101000 105001 105002 105004 105005 106001 106013 36004001 36004004
10002014 10002015 10006402 10007002 10037002 10037003 10037004
11001002 11001027 11001031 11003011 11005004 11005010 11006005 11006010 11006026 11021009 11021012
11021014 11028006 11034002 11034009 11034023 11034025 11034037 11050001
12019027 12019087 12019108 12019109 12019118 12019119 12019150 12052032 12052048 12052180 12052260
12052547 12052700 12052704 12052901 12052910
21001001 21001008 21001011 21001029 21001043 21001055 21004008 21004010 21004012 21004015 21004016
21004019 21004020 21008017 21008025 21008042 21008043 21008044 21008099 21008106 21008109 21008111
21008116 21008117 21008300 21011001 21011003 21011004 21011006 21011007 21011012 21011013 21011020
21011022 21011025 21011026 21011028 21011029 21011030 21011033 21011035 21011036 21011037 21011041
21011042 21011043 21011044 21011046 21011048 21011049 21011050 21011051 21011052 21021010 21022025
21022026 21022028 21022029 21022030 21023022 21023034 21023035 21023046 21023059 21030005 21030006
21032001 21034006 21034012 21042056 21042057 21042102 21042104 25001010 25001021
21004017 21011005 21011031 21011040 21011053 21011054 11006013 11006014
25001001 25001003 25001011 25001014 25001015 25001016 25001020 25001028 25001045 25001046 25001051
25001057 25001058 25005010 25005011 25007002 25007006 25011011 25011012 25020003 25020004 25020005
25020008 25020009 25020010
"""
DOCUMENTED = _CODES.split()


def error_of(response: httpx.Response, *, safe: bool = True, scope: str = "") -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        open_envelope(response, Asked(safe=safe, scope=scope))
    return caught.value


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_sentence_for_a_seller(code: str) -> None:
    _, words = TABLE[code]
    assert words.endswith(".")
    assert words[0].isupper() or words.startswith("TikTok")
    assert code not in words


def test_each_refusal_of_a_part_of_an_order_says_what_to_do_next() -> None:
    codes = ("21011035", "21011036", "21011046", "11006013", "11006014", "21022028")
    assert {TABLE[code][0] for code in codes} == {Kind.REFUSED}
    assert len({TABLE[code][1] for code in codes}) == len(codes)
    assert "travels whole" in TABLE["21011046"][1]
    for phones in ("11006013", "11006014"):
        assert "split the order first" in TABLE[phones][1]


def test_the_table_holds_nothing_but_documented_codes() -> None:
    assert set(TABLE) == set(DOCUMENTED)


@pytest.mark.parametrize("code", sorted(set(TABLE) - {"36009004"}))
def test_each_code_becomes_the_class_its_kind_promises(code: str) -> None:
    kind, words = TABLE[code]
    on_read, on_change = error_of(refusal(int(code))), error_of(refusal(int(code)), safe=False)
    expected: dict[Kind, tuple[type[RemoteError], type[RemoteError]]] = {
        Kind.REFUSED: (Rejected, Rejected),
        Kind.LATER: (Unavailable, Unavailable),
        Kind.PENDING: (StillBeingMade, StillBeingMade),
        Kind.TROUBLE: (Unavailable, OutcomeUnknown),
        Kind.LIMITED: (RateLimited, RateLimited),
        Kind.CREDENTIALS: (NotAuthorized, NotAuthorized),
    }
    assert isinstance(on_read, expected[kind][0])
    assert isinstance(on_change, expected[kind][1])
    assert on_read.message == words
    assert (on_read.code, on_read.request_id, on_read.provider) == (code, "req-no", "TikTok Shop")


def test_a_business_refusal_with_http_200_is_a_refusal() -> None:
    error = error_of(refusal(21011044), safe=False)
    assert type(error) is Rejected
    assert "on hold" in error.message


def test_the_code_is_judged_before_the_status() -> None:
    assert type(error_of(refusal(21011044, status=500), safe=False)) is Rejected
    assert type(error_of(refusal(36009002, status=200))) is RateLimited


def test_an_unknown_code_keeps_tiktoks_words_and_number() -> None:
    error = error_of(refusal(88888888, "Something new."))
    assert type(error) is Rejected
    assert error.message == "Something new."
    assert error.code == "88888888"


def test_an_unknown_code_without_words_still_says_something() -> None:
    assert "88888888" in error_of(refusal(88888888, "")).message


def test_an_unknown_code_with_http_401_means_our_credentials() -> None:
    assert type(error_of(refusal(88888888, "No.", 401))) is NotAuthorized
    assert type(error_of(refusal(88888888, "No.", 403))) is Rejected


def test_a_missing_scope_is_named_with_what_it_is_for() -> None:
    error = error_of(refusal(105005), scope="seller.order.info")
    assert type(error) is NotAuthorized
    assert "seller.order.info" in error.message
    assert "read orders" in error.message


def test_the_many_meanings_of_a_bad_parameter_are_told_apart_by_the_text() -> None:
    token = error_of(refusal(36009004, "The x-tts-access-token header is invalid", 400))
    clock = error_of(refusal(36009004, "Invalid Timestamp", 400))
    app = error_of(refusal(36009004, "Invalid credentials. The 'app_key' is invalid.", 400))
    other = error_of(refusal(36009004, "Unexpected identifier shop_cipher", 400))
    silent = error_of(refusal(36009004, "", 400))
    assert type(token) is NotAuthorized
    assert type(clock) is ClockRefused
    assert type(app) is NotAuthorized
    assert "administrator" in app.message
    assert type(other) is Rejected
    assert other.message == "Unexpected identifier shop_cipher"
    assert silent.message == "TikTok did not understand the request."


def test_an_expired_token_can_be_told_from_other_sign_in_trouble() -> None:
    assert type(error_of(refusal(105002, status=401))) is TokenExpired
    assert type(error_of(refusal(105001, status=401))) is NotAuthorized


def test_retry_after_comes_along_with_unreadable_answers_too() -> None:
    error = error_of(httpx.Response(503, text="busy", headers={"retry-after": "7"}))
    assert error.retry_after == 7


@pytest.mark.parametrize("code", [21011006, 21011020, 21008099, 21042056])
def test_already_shipped_is_recognised(code: int) -> None:
    assert already_done(error_of(refusal(code), safe=False))


def test_what_an_earlier_purchase_left_is_recognised() -> None:
    assert label_already_bought(error_of(refusal(21030006), safe=False))
    assert label_already_bought(error_of(refusal(21022025), safe=False))
    assert label_in_progress(error_of(refusal(21030005), safe=False))
    other = error_of(refusal(21011044), safe=False)
    assert not already_done(other)
    assert not label_already_bought(other)
    assert not label_in_progress(other)
