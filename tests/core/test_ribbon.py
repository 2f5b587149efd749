"""A rehearsal says so on every page; the real thing never does."""

import pytest
from django.test import Client
from pytest_django import Settings

from core.access import wreverse
from core.models import Role
from tests import factories

pytestmark = pytest.mark.django_db
WORDS = "No money moves, no parcel ships."


@pytest.mark.parametrize("rehearsal", [True, False])
def test_signed_out_and_signed_in_see_it_only_in_a_rehearsal(
    rehearsal: bool, client: Client, settings: Settings
) -> None:
    settings.REHEARSAL = rehearsal
    signed_out = client.get("/accounts/login/").content.decode()
    place = factories.workspace()
    client.force_login(factories.member(place, Role.OWNER))
    signed_in = client.get(wreverse(place, "orders:queue")).content.decode()
    nowhere = client.get("/w/nowhere/")
    assert nowhere.status_code == 404
    for html in (signed_out, signed_in, nowhere.content.decode()):
        assert (WORDS in html) is rehearsal
