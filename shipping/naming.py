"""What people read for a service: providers call one carrier's “Ground” and another's by the same
word."""

from functools import lru_cache

from shipping.providers.carriers import display_name


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
