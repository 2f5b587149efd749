"""How current the shops are, asked for again and again while a page is open."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from core.access import MemberRequest, member


@member()
@require_GET
def dots(request: MemberRequest) -> HttpResponse:
    """The dots of the bar on top."""
    return render(request, "components/freshness.html")


@member()
@require_GET
def behind(request: MemberRequest) -> HttpResponse:
    """The banner about shops that are behind; empty when none is."""
    return render(request, "components/behind.html")
