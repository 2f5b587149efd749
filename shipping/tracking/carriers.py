"""Carriers' own pages: where a parcel is shown, where they are asked, where a claim is filed."""

from dataclasses import dataclass
from urllib.parse import quote

from shipping.providers.carriers import display_name, normal


@dataclass(frozen=True, slots=True)
class Pages:
    """Addresses of one carrier; `track` ends where the number belongs, "" is not known."""

    track: str = ""
    contact: str = ""
    claim: str = ""


_PAGES = {
    "usps": Pages(
        "https://tools.usps.com/go/TrackConfirmAction?tLabels=",
        "https://www.usps.com/help/missing-mail.htm",
        "https://www.usps.com/help/claims.htm",
    ),
    "ups": Pages(
        "https://www.ups.com/track?tracknum=",
        "https://www.ups.com/us/en/support/contact-us",
        "https://www.ups.com/us/en/support/file-a-claim",
    ),
    "fedex": Pages(
        "https://www.fedex.com/fedextrack/?trknbr=",
        "https://www.fedex.com/en-us/customer-support/contact.html",
        "https://www.fedex.com/en-us/customer-support/claims.html",
    ),
    "dhl_express": Pages(
        "https://www.dhl.com/us-en/home/tracking.html?tracking-id=",
        "https://mydhl.express.dhl/us/en/help-and-support.html",
    ),
    "dhl_ecommerce": Pages("https://www.dhl.com/us-en/home/tracking.html?tracking-id="),
    "ontrac": Pages(
        "https://www.ontrac.com/tracking/?number=", "https://www.ontrac.com/contact-us/"
    ),
    "royal_mail": Pages(
        "https://www.royalmail.com/track-your-item#/tracking-results/",
        "https://www.royalmail.com/help",
    ),
}


def track_url(carrier: str, number: str) -> str:
    """The carrier's page about this parcel; "" for a carrier whose address is not known."""
    page = _PAGES.get(carrier, Pages()).track
    return page + quote(normal(number), safe="") if page and number else ""


def pages_of(carrier: str) -> Pages:
    """The carrier's pages, empty ones for carriers that are not known."""
    return _PAGES.get(carrier, Pages())


def contact_url(carrier: str, number: str) -> str:
    """Where the carrier is asked about this parcel: its help page, else its tracking page."""
    return pages_of(carrier).contact or track_url(carrier, number)


def claim_steps(carrier: str, account: str) -> list[str]:
    """What a person does to get a lost parcel paid, in order."""
    name = display_name(carrier)
    first = f"Look the parcel up at {name} once more: it may have moved since."
    where = f"{name}'s claim page" if pages_of(carrier).claim else name
    return [
        first,
        f"Ask {name} to search for it. Most carriers want that before they take a claim.",
        f"File the claim on {where}, or at {account} if the parcel was insured there: both want "
        "the tracking number, the day it was handed over, what was in it and what it was worth.",
        "Send the buyer another one or refund the order, so that its delivery date is not missed "
        "a second time.",
        "Note the number of the claim below; the parcel leaves this list.",
    ]
