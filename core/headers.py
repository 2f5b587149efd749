"""Headers that Django does not set by itself: what a browser may never do on our pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Nothing of this is used by any page, so no script that slipped in may use it either.
POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "idle-detection",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-create",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)


class Headers:
    """Adds them to every answer. Pages are nobody's to keep: not a proxy's, not a shared
    computer's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with what it did not say itself."""
        response = self.get_response(request)
        headers = response.headers
        headers.setdefault("Permissions-Policy", POLICY)
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers.setdefault("Cache-Control", "private, no-store")
        return response
