"""Where bought labels lie: kept as a few words, drawn when fetched, under public addresses."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from sandbox.labels import FORMS, RENDERERS, form_pdf
from sandbox.world import World

FIELDS = ("carrier", "service", "tracking", "sender", "recipient", "reference")
DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>%s</Code><Message>%s</Message></Error>'
)


def keep(world: World, *, signed: bool = False, **words: Any) -> str:
    """Keep one label's words (the arguments of `labels.label_pdf`); gives the file id back."""
    file_id = world.new_id("e8" if not signed else "")
    kept = [words[field] for field in FIELDS]
    world.section("labels")[file_id] = [*kept, signed]
    return file_id


def address(host: str, file_id: str, extension: str, expires: int = 0) -> str:
    """The file's address on `host` (scheme and authority); with `expires` it is a signed one."""
    url = f"{host}/files/labels/{file_id}.{extension}"
    if not expires:
        return url
    query = {"Expires": expires, "Signature": _signature(file_id, expires)}
    return f"{url}?{urlencode(query)}"


def host_of(request: web.Request) -> str:
    """Scheme and authority under which this caller reached the sandbox."""
    return f"{request.scheme}://{request.host}"


def _signature(file_id: str, expires: int) -> str:
    return hmac.new(b"label files", f"{file_id}:{expires}".encode(), hashlib.sha256).hexdigest()[
        :28
    ]


def routes(world: World) -> list[web.RouteDef]:
    """GET /files/labels/{id}.{pdf,png,zpl}, on any host and without a key."""

    async def fetch(request: web.Request) -> web.Response:
        file_id, _, extension = request.match_info["name"].partition(".")
        kept = world.section("labels").get(file_id)
        if kept is None or extension not in RENDERERS:
            return _refused(404, "NoSuchKey", "The specified key does not exist.")
        if kept[-1]:
            expires = request.query.get("Expires", "")
            given = request.query.get("Signature", "")
            if not expires.isdigit() or given != _signature(file_id, int(expires)):
                return _refused(403, "SignatureDoesNotMatch", "The signature does not match.")
            if int(expires) < world.unix():
                return _refused(403, "AccessDenied", "Request has expired")
        content_type, draw = RENDERERS[extension]
        words = dict(zip(FIELDS, kept, strict=False))
        draw = form_pdf if words["service"] in FORMS else draw
        return web.Response(body=draw(**words), content_type=content_type)

    return [web.get("/files/labels/{name}", fetch)]


def _refused(status: int, code: str, words: str) -> web.Response:
    return web.Response(status=status, text=DENIED % (code, words), content_type="application/xml")
