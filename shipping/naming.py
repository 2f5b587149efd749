"""What people read for a service: providers call one carrier's “Ground” and another's by the same
word."""

from shipping.providers.carriers import display_name


def full_name(carrier: str, service_name: str) -> str:
    """ "UPS Ground Saver" for ups and "Ground Saver"; a service that names its carrier stays as it
    is."""
    name = display_name(carrier)
    first = name.split()[0].lower()
    return service_name if service_name.lower().startswith(first) else f"{name} {service_name}"
