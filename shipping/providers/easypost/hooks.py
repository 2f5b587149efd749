"""EasyPost's webhooks: where it is asked to send its events to."""

from shipping.providers import fields
from shipping.providers.easypost.build import safe_id
from shipping.providers.wire import Wire


def ensure(wire: Wire, url: str, secret: str) -> None:
    """Have every event of the key's mode sent to `url`, signed with `secret`.

    An address that is registered already gets the secret anew: EasyPost never tells the one it has.
    Source: EasyPost's reference of webhooks; the update answers 201.
    """
    known = fields.entries(wire.ask("GET", "/webhooks"), "webhooks")
    for hook in known:
        if fields.text(hook, "url") == url:
            path = f"/webhooks/{safe_id(fields.text(hook, 'id'))}"
            wire.ask("PATCH", path, body={"webhook_secret": secret})
            return
    wire.spend("/webhooks", {"webhook": {"url": url, "webhook_secret": secret}})
