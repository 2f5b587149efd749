"""A workspace whose USPS labels were bought at a simulated provider, ready for a form."""

from dataclasses import dataclass
from typing import Any

import httpx
from django.utils import timezone

from shipping.labels.purchase import buy_label, prepare
from shipping.manifest_groups import groups_of
from shipping.models import Label, Manifest
from shipping.plan import plan_order
from shops.clients import use_transport
from tests.sandbox.running import Running
from tests.shipping.labels.world import World, make_world

KEYS = {"easypost": "EZTKsandbox-forms", "shippo": "shippo_test_sandbox_forms"}
PATHS = {"easypost": "/v2/scan_forms", "shippo": "/manifests"}


@dataclass
class FormDesk:
    """A world with one account at the sandbox."""

    world: World
    sandbox: Running
    provider: str

    @property
    def path(self) -> str:
        """Where forms are asked for."""
        return PATHS[self.provider]

    def label(self, carrier: str = "usps") -> Label:
        """A bought label of that carrier."""
        with use_transport(self.world.tiktok):
            order = self.world.order()
        quotes = plan_order(order, now=timezone.now())
        found = [n for n, rate in enumerate(quotes.rates) if rate["carrier"] == carrier]
        quotes.chosen = found[0]
        quotes.save(update_fields=["chosen"])
        label = prepare(order, quotes)
        assert buy_label(label_id=label.pk) == "bought"
        return Label.objects.get(pk=label.pk)

    def key(self) -> str:
        """The one group that waits."""
        (group,) = groups_of(self.world.workspace, now=timezone.now())
        return group.key

    def at_provider(self) -> list[dict[str, Any]]:
        """The forms the provider has, whatever became of them."""
        scheme = {"easypost": "Bearer", "shippo": "ShippoToken"}[self.provider]
        headers = {"authorization": f"{scheme} {KEYS[self.provider]}"}
        answer = httpx.get(f"{self.sandbox.url}{self.path}", headers=headers).json()
        found: list[dict[str, Any]] = answer.get("scan_forms") or answer.get("results") or []
        return found


def form_desk(sandbox: Running, provider: str) -> FormDesk:
    """A new one at the sandbox."""
    made = make_world()
    made.account.provider = provider
    made.account.hold_key(KEYS[provider])
    made.account.save()
    return FormDesk(made, sandbox, provider)


def again(form: Manifest) -> Manifest:
    """The row as it is now."""
    return Manifest.objects.get(pk=form.pk)
