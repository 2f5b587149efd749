"""What of an order is about its buyer, and the same order without it. Pure: values in, values out.

Kept is what money, tax and stock need: numbers, amounts, SKUs, times, carrier and tracking number, country and state.
"""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from orders.mapping import Row, json_text

# Column -> what it holds once the buyer is erased. `buyer_id` is TikTok's own number of the person.
BLANK: Final[dict[str, object]] = {
    "buyer_id": "",
    "buyer_nickname": "",
    "buyer_message": "",
    "seller_note": "",
    "address_state": "none",
}
# The same for columns that are ours, which sync never writes
OWN_BLANK: Final[dict[str, object]] = {
    "note": "",
    "held_because": "",
    "rate_problem": "",
    "fixed_recipient": {},
}
_KEPT_OF_ADDRESS = ("country", "state")
_DOCUMENT = frozenset(
    {
        "recipient_address",
        "buyer_email",
        "buyer_nickname",
        "buyer_message",
        "buyer_avatar",
        "buyer_uid",
        "user_id",
        "seller_note",
        "cpf",
        "cpf_name",
        "tracking_info",
    }
)


def address_left(recipient: Mapping[str, str]) -> dict[str, str]:
    """Country and state, which taxes are counted by."""
    return {name: recipient[name] for name in _KEPT_OF_ADDRESS if recipient.get(name)}


def document_left(document: object) -> object:
    """TikTok's document without the members that are about the buyer, however deep."""
    if isinstance(document, Mapping):
        return {
            name: document_left(inner) for name, inner in document.items() if name not in _DOCUMENT
        }
    if isinstance(document, list):
        return [document_left(inner) for inner in document]
    return document


def search_text_left(search_text: str, nickname: str, name: str) -> str:
    """The text that is searched, without both names."""
    for word in (nickname.lower(), name.lower()):
        if word:
            search_text = search_text.replace(word, " ")
    return " ".join(search_text.split())


def erase_row(order: Row) -> None:
    """Take the buyer out of a row that is about to be written for an order erased before."""
    recipient: Mapping[str, Any] = order["recipient"]
    order["search_text"] = search_text_left(
        order["search_text"], order["buyer_nickname"], recipient.get("name", "")
    )
    order["recipient"] = address_left(recipient)
    order |= BLANK
    document = document_left(orjson.loads(order["raw"]))
    order["raw"] = json_text(document if isinstance(document, dict) else {})
