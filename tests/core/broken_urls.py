"""An address whose view makes a mistake with a secret in its words."""

from django.http import HttpRequest, HttpResponse
from django.urls import path


def broken(request: HttpRequest) -> HttpResponse:
    """Fails as a view might."""
    raise RuntimeError("s3cret")


urlpatterns = [path("broken/", broken)]
handler500 = "core.pages.server_error"
