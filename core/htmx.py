"""Page or part, and words that appear as toasts."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


class SeeOther(HttpResponseRedirect):
    """303: whatever was posted is done, go and read this."""

    status_code = 303


def page_or_part(
    request: HttpRequest, template: str, part: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """The whole page, or only its `{% partialdef part %}` when HTMX asks for it. Back and reload get the page."""
    htmx: Any = getattr(request, "htmx", None)
    wants_part = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    name = f"{template}#{part}" if wants_part else template
    response = render(request, name, context, status=status)
    patch_vary_headers(response, ["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response


def toast(response: HttpResponse, text: str, *, level: str = "ok") -> HttpResponse:
    """Show `text` for a moment; level is ok, warn or bad. Later calls add to earlier ones."""
    triggers = json.loads(response.get("HX-Trigger", "{}"))
    triggers.setdefault("toast", []).append({"text": text, "level": level})
    response["HX-Trigger"] = json.dumps(triggers)
    return response


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to `url`, whether it asked by HTMX or by a plain form."""
    if getattr(request, "htmx", False):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = url
        return response
    return SeeOther(url)
