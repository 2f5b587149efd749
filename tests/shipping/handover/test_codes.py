"""What a scanner reads off labels, and the number it means."""

import pytest

from shipping.handover.codes import read


@pytest.mark.parametrize(
    ("scanned", "number"),
    [
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        (" 1z 999 aa1 01 2345 6784\r\n", "1Z999AA10123456784"),
        ("420787019400100208303109505749", "9400100208303109505749"),
        ("420787011234\x1d9400100208303109505749", "9400100208303109505749"),
        ("42078701" + "9400111899223197428490", "9400111899223197428490"),
        ("9622001900000000000000777937154930", "777937154930"),
        ("9622001560001234567100" + "794644790138", "794644790138"),
    ],
)
def test_the_number_is_found_in_the_barcode(scanned: str, number: str) -> None:
    assert number in read(scanned)
    assert read(number)[0] == number


@pytest.mark.parametrize("scanned", ["", "12", "\x00\x1d", "9" * 200, "— — —"])
def test_what_no_label_carries_means_nothing(scanned: str) -> None:
    assert read(scanned) == []
