"""Every request has an id: the proxy's, if it sent a sane one, else ours. It stands in the logs and in the answer.
And somebody waits for it: what it asks of others must not take long."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from core import logs
from core.waiting import answering

HEADER = "X-Request-ID"


def identified(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware; the outermost, so that every line of the request has its id."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        request_id = logs.sane_id(request.META.get("HTTP_X_REQUEST_ID"))
        with logs.request(request_id), answering():
            response = get_response(request)
        response[HEADER] = request_id
        return response

    return answer
