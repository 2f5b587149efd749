"""Which label providers there are, by slug. A module is loaded when its provider is first asked
for."""

from importlib import import_module
from typing import Any

from shipping.providers.base import Can, Provider, Unsupported

PROVIDERS = {
    "easypost": "shipping.providers.easypost.EasyPost",
    "shippo": "shipping.providers.shippo.Shippo",
    "tiktok": "shipping.providers.tiktok.TikTok",
}


def provider_class(slug: str) -> type[Any]:
    """The adapter class. Unsupported for a provider that we have none for."""
    try:
        module, name = PROVIDERS[slug].rsplit(".", 1)
    except KeyError:
        raise Unsupported(f"no label provider is called {slug!r}") from None
    found: type[Any] = getattr(import_module(module), name)
    return found


def is_able(slug: str, what: Can) -> bool:
    """Whether the provider of that slug can do it; one that we have none for can do nothing."""
    return slug in PROVIDERS and what in provider_class(slug).can


def make_provider(slug: str, /, *parts: Any, **options: Any) -> Provider:
    """A ready adapter; `parts` and `options` go to its class: (api_key, http client) or (shop's
    client, http client)."""
    made: Provider = provider_class(slug)(*parts, **options)
    return made
