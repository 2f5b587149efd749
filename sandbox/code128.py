"""Code 128 (ISO/IEC 15417): the bars of a text, choosing between code sets B and C."""

from functools import lru_cache

# element widths of symbols 0..105, then the stop pattern of seven elements
WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232"
)
PATTERNS = tuple(WIDTHS.split())
STOP = "2331112"
START_B, START_C, TO_B, TO_C = 104, 105, 100, 99


def _digit_run(text: str, at: int) -> int:
    end = at
    while end < len(text) and text[end].isdigit():
        end += 1
    return end - at


def symbols(text: str) -> list[int]:
    """Start symbol, data and check symbol for printable ASCII; ValueError for anything else."""
    if not text or any(not 32 <= ord(sign) < 127 for sign in text):
        raise ValueError("Code 128 here carries printable ASCII only")
    in_c = _digit_run(text, 0) >= 4
    out = [START_C if in_c else START_B]
    at = 0
    while at < len(text):
        run = _digit_run(text, at)
        if in_c and run >= 2:
            out.append(int(text[at : at + 2]))
            at += 2
        elif in_c:
            out.append(TO_B)
            in_c = False
        elif run >= 4 and run % 2 == 0:
            out.append(TO_C)
            in_c = True
        else:
            out.append(ord(text[at]) - 32)
            at += 1
    check = out[0] + sum(place * symbol for place, symbol in enumerate(out[1:], 1))
    return [*out, check % 103]


@lru_cache(maxsize=4096)
def bars(text: str) -> tuple[tuple[int, int], ...]:
    """The dark bars as (offset, width) in modules, without quiet zones."""
    widths = "".join(PATTERNS[symbol] for symbol in symbols(text)) + STOP
    found = []
    offset = 0
    for at, sign in enumerate(widths):
        if at % 2 == 0:
            found.append((offset, int(sign)))
        offset += int(sign)
    return tuple(found)


def modules(text: str) -> int:
    """Total width of the symbol in modules, without quiet zones."""
    offset, width = bars(text)[-1]
    return offset + width
