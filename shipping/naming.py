"""What people read for a service: providers call one carrier's “Ground” and another's by the same
word."""

from functools import lru_cache
from typing import TYPE_CHECKING

from shipping.providers.carriers import display_name

if TYPE_CHECKING:
    from shipping.models import Label


@lru_cache(maxsize=4096)
def full_name(carrier: str, service_name: str) -> str:
    """ "UPS Ground Saver" for ups and "Ground Saver"; a service that names its carrier stays as it
    is, and one that runs it into the next word ("DHLParcel Ground") gets the carrier's own name."""
    name = display_name(carrier)
    brand = name.split()[0]
    if not service_name.lower().startswith(brand.lower()):
        return f"{name} {service_name}"
    rest = service_name[len(brand) :]
    if rest and not rest[0].isalnum():
        return service_name
    if rest[:1].isupper() or rest[:1].isdigit():
        return f"{name} {rest}"
    return f"{name} {service_name}" if rest else name


def name_of(label: "Label") -> str:
    """A label's service; where it is one of several of its order, the parcel it is for as well."""
    name = full_name(label.carrier, label.service_name)
    return f"{name} · {label.parcel_name}" if label.part else name
