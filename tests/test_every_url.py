"""Every address below w/<workspace>/: strangers learn nothing, and each role stops where its rights
end.

A new address with a new kind of object needs a line in OBJECTS; the walk fails by name until it has
one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from core.access import RIGHTS, Right
from core.models import Membership, Role, Workspace
from shipping.models import BulkChange, Label
from tests import factories
from tests.shipping.bench import rows as packing_rows
from tests.shipping.spend import rows

PREFIX = "w/<slug:workspace>/"


@dataclass(frozen=True, slots=True)
class Address:
    """One URL pattern inside a workspace."""

    name: str  # "orders:detail"
    route: str
    view: Callable[..., Any]
    parameters: tuple[str, ...]  # without the workspace

    def url(self, slug: str, of: Workspace) -> str:
        """The address in the workspace `slug`, with real objects that belong to `of`."""
        app = self.name.partition(":")[0]
        kwargs: dict[str, Any] = {"workspace": slug}
        for parameter in self.parameters:
            make = OBJECTS.get(f"{app}:{parameter}") or OBJECTS.get(parameter)
            assert make, f"{self.name} takes {parameter!r}: say in OBJECTS how to make one"
            kwargs[parameter] = make(of)
        return reverse(self.name, kwargs=kwargs)


def _order(of: Workspace) -> int:
    return factories.order(of).pk


def _label(of: Workspace) -> Label:
    return factories.label(factories.order(of))


# Parameter of a route -> an object of the workspace for it; "app:parameter" where apps differ.
OBJECTS: dict[str, Callable[[Workspace], Any]] = {
    "order_id": _order,
    "membership_id": lambda of: (
        Membership.objects.get(workspace=of, user=factories.member(of, Role.PACKER)).pk
    ),
    "invitation_id": lambda of: factories.invitation(of).pk,
    "shop_id": lambda of: factories.shop(of).pk,
    "sku_id": lambda of: factories.sku(factories.shop(of)).pk,
    "batch_id": lambda of: factories.batch(of).public_id,
    "label_id": lambda of: _label(of).pk,
    "account_id": lambda of: factories.account(of).pk,
    "address_id": lambda of: factories.ship_from(of).pk,
    "preset_id": lambda of: factories.preset(of).pk,
    "approval_id": lambda of: rows.approval(of).pk,
    "override_id": lambda of: factories.override(of).pk,
    "rule_id": lambda of: factories.rule(of).pk,
    "run_id": lambda of: factories.rule_run(of).pk,
    "quick_id": lambda of: factories.quick(of).pk,
    "entry_id": lambda of: factories.deleted_quick(of).pk,
    "shipping:number": lambda of: factories.rule_set(of).number,
    "change_id": lambda of: (
        BulkChange.objects.create(workspace=of, kind="parcel", before={}, after={}).pk
    ),
    "group_id": lambda of: factories.combine_group(of).pk,
    "event_id": lambda of: factories.webhook("1", {"type": 1}, workspace=of).pk,
    "close_out_id": lambda of: factories.close_out(of).pk,
    "scan_id": lambda of: factories.handover_scan(_label(of), factories.close_out(of)).pk,
    "photo_id": lambda of: factories.handover_photo(factories.close_out(of)).pk,
    "manifest_id": lambda of: factories.manifest(of).pk,
    "job_id": lambda of: packing_rows.print_job(of).pk,
    "tote_number": lambda of: packing_rows.tote(of).number,
    "file_id": lambda of: factories.print_file(factories.batch(of)).pk,
}

# What a view wants to read before it looks at the object.
POSTED = {"orders:action": {"action": "hold"}}


def _walk(patterns: list[Any], route: str = "", space: str = "") -> Iterator[Address]:
    for pattern in patterns:
        whole = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, whole, inner)
        elif isinstance(pattern, URLPattern) and whole.startswith(PREFIX):
            taken = tuple(pattern.pattern.converters)
            yield Address(f"{space}{pattern.name}", whole, pattern.callback, taken)


ADDRESSES = list(_walk(get_resolver().url_patterns))
WITH_OBJECTS = [address for address in ADDRESSES if address.parameters]
every = pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.name)


def ask(client: Client, url: str, posted: dict[str, str] | None = None) -> HttpResponse:
    """GET, or POST where only that is answered."""
    response = client.get(url)
    return client.post(url, posted) if response.status_code == 405 else response


@pytest.fixture
def glow(db: None) -> Workspace:
    place = factories.workspace("Glow")
    factories.shop(place)
    return place


def test_the_walk_finds_every_part_of_the_product() -> None:
    apps = {address.name.partition(":")[0] for address in ADDRESSES}
    assert apps == {"core", "dashboard", "orders", "policy", "shipping", "shops"}


def test_no_two_addresses_share_a_name() -> None:
    names = [address.name for address in ADDRESSES]
    assert sorted(names) == sorted(set(names))


@every
def test_it_is_guarded_by_a_right(address: Address) -> None:
    assert isinstance(getattr(address.view, "right", None), Right), f"{address.name} has no @member"


@every
def test_a_signed_out_person_is_sent_to_sign_in(
    address: Address, client: Client, glow: Workspace
) -> None:
    response = ask(client, address.url(glow.slug, glow))
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/?next=")


@every
def test_for_a_member_of_another_workspace_it_does_not_exist(
    address: Address, client: Client, glow: Workspace
) -> None:
    client.force_login(factories.member(factories.workspace("Other"), Role.OWNER))
    url = address.url(glow.slug, glow)
    assert ask(client, url).status_code == 404
    assert client.post(url).status_code in {404, 405}


@pytest.mark.parametrize("address", WITH_OBJECTS, ids=lambda address: address.name)
def test_objects_of_another_workspace_are_not_reached_through_ones_own(
    address: Address, client: Client, glow: Workspace
) -> None:
    own = factories.workspace("Own")
    client.force_login(factories.member(own, Role.OWNER))
    url = address.url(own.slug, glow)
    posted = POSTED.get(address.name)
    assert ask(client, url, posted).status_code == 404
    assert client.post(url, posted).status_code in {404, 405}


@pytest.mark.parametrize(
    ("address", "role"),
    [
        pytest.param(address, role, id=f"{address.name}-{role}")
        for address in ADDRESSES
        for role in Role.values
        if getattr(address.view, "right", Right.VIEW) not in RIGHTS[role]
    ],
)
def test_a_role_without_the_right_is_refused(
    address: Address, role: str, client: Client, glow: Workspace
) -> None:
    client.force_login(factories.member(glow, role))
    url = address.url(glow.slug, glow)
    assert ask(client, url).status_code == 403
    assert client.post(url).status_code in {403, 405}


@pytest.mark.parametrize(
    "address",
    [address for address in ADDRESSES if not address.parameters],
    ids=lambda address: address.name,
)
def test_an_owner_opens_every_page_of_an_almost_empty_workspace(
    address: Address, client: Client, glow: Workspace
) -> None:
    client.force_login(factories.member(glow, Role.OWNER))
    assert client.get(address.url(glow.slug, glow)).status_code in {200, 302, 303, 405}
