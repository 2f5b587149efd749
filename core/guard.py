"""Requests that no page of ours sends are answered before anything reads them."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The longest answer of a form is a list of 10,000 ticked orders; nobody uploads files.
MOST_BYTES = 5_000_000


def guarded(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: 413 for a body that would fill the disk, as Django limits all but files; 400 for
    NUL in an address, which no database takes."""

    def answer(request: HttpRequest) -> HttpResponse:
        length = str(request.META.get("CONTENT_LENGTH") or "0")
        # Other spellings of a number are for Django to make nothing of.
        is_number = length.isascii() and length.isdecimal()
        if is_number and (len(length) > 12 or int(length) > MOST_BYTES):
            return _refused(413, "That is more than any form here can hold.")
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _refused(400, "There is a character in this address that means nothing.")
        return get_response(request)

    return answer


def _refused(status: int, words: str) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
