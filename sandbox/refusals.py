"""How each provider words a refusal or a failure of its own, by HTTP status."""

from typing import Any

Json = dict[str, Any]

_EASYPOST = {
    401: ("APIKEY.INACTIVE", "This api key is no longer active."),
    403: ("FORBIDDEN", "The request is forbidden."),
    404: ("NOT_FOUND", "The requested resource could not be found."),
    409: ("CONFLICT", "A similar request is being processed."),
    422: ("UNPROCESSABLE_ENTITY", "The parameters could not be processed."),
    429: ("RATE_LIMITED", "You have made too many requests."),
}
_SHIPPO = {
    401: "Token does not exist",
    403: "You do not have permission to perform this action.",
    404: "Not found.",
    409: "Too many concurrent requests.",
    422: "The request could not be processed.",
    429: "Request was throttled.",
}
_TIKTOK = {
    401: (106001, "Invalid credentials. The 'sign' query parameter is invalid."),
    403: (105005, "Access denied. The app lacks a scope."),
    404: (36009009, "Invalid path."),
    409: (10019998, "The resource is being changed by another request."),
    422: (36009004, "Invalid parameter."),
    429: (36009002, "Too many requests."),
}


def provider_error(provider: str, status: int) -> Json:
    """An error body in the shape that provider uses for `status`."""
    if provider == "easypost":
        internal = ("INTERNAL_SERVER_ERROR", "An internal error has occurred.")
        code, words = _EASYPOST.get(status, internal)
        return {"error": {"code": code, "message": words, "errors": []}}
    if provider == "shippo":
        return {"detail": _SHIPPO.get(status, "A server error occurred.")}
    number, text = _TIKTOK.get(status, (36009003, "Internal error. Please try again."))
    return {"code": number, "message": text, "request_id": "fault", "data": None}
