"""Check digits of tracking numbers, as pure functions of text that has already been matched for its
shape."""

_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
_FEDEX_WEIGHTS = (3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)
_FEDEX_LONG_WEIGHTS = (1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1)


def gs1(number: str) -> bool:
    """GS1's rule, used by USPS and FedEx Ground: from the right, every other digit counts three
    times; mod 10."""
    body, check = number[:-1], int(number[-1])
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body[::-1]))
    return (10 - total % 10) % 10 == check


def letters_mod10(number: str) -> bool:
    """UPS's and OnTrac's rule: letters have values, every second character counts twice; mod 10."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in number]
    body, check = values[:-1], values[-1]
    total = sum(value * (2 if place % 2 else 1) for place, value in enumerate(body))
    return number[-1].isdigit() and (10 - total % 10) % 10 == check


def fedex(number: str, *, longer: bool = False) -> bool:
    """FedEx Express's rule: weights 3, 1, 7 and so on; mod 11, and 10 counts as 0. `longer` is the
    14-digit tail of 34."""
    weights = _FEDEX_LONG_WEIGHTS if longer else _FEDEX_WEIGHTS
    total = sum(int(digit) * weight for digit, weight in zip(number[:-1], weights, strict=True))
    return total % 11 % 10 == int(number[-1])


def mod7(number: str) -> bool:
    """DHL Express's rule: the number before the last digit, mod 7."""
    return int(number[:-1]) % 7 == int(number[-1])


def s10(number: str) -> bool:
    """The Universal Postal Union's S10 rule: two letters, eight digits, check digit, country."""
    letters, digits = number[:2] + number[11:], number[2:11]
    if len(number) != 13 or not (letters.isascii() and letters.isalpha()):
        return False
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:8], _S10_WEIGHTS, strict=True))
    check = 11 - total % 11
    return {10: 0, 11: 5}.get(check, check) == int(digits[8])
