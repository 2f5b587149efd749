"""EasyPost and Shippo are asked to tell us; where they cannot, the settings page says what to press."""

from collections.abc import Iterator

import httpx
import pytest
from pytest_django import Settings

from core.models import AuditEntry, Role, Workspace
from shipping import accounts, listening
from shipping.models import LabelAccount
from shipping.providers.easypost.webhook import verify
from shops import wire
from tests import factories
from tests.sandbox.ear import Ear
from tests.sandbox.running import Running, running
from tests.shipping.desks import Desk, desk_of, text_of

KEYS = {"easypost": "EZTKsandbox-listening", "shippo": "shippo_test_sandbox_listening"}

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=5, seed=21) as started:
        yield started


@pytest.fixture
def sandbox(house: Running, settings: Settings) -> Iterator[Running]:
    settings.EASYPOST_BASE_URL, settings.SHIPPO_BASE_URL = f"{house.url}/v2", house.url
    settings.SHIPPING_WEBHOOK_SECRET = "told you"
    settings.SHIPPO_RATE_PER_SECOND = 1000
    yield house
    wire.forget()


@pytest.fixture
def desk(db: None) -> Desk:
    return desk_of(factories.workspace())


def account(of: Workspace, provider: str) -> LabelAccount:
    return accounts.add(of, provider, KEYS[provider], user=None)


def hooks(provider: str, sandbox: Running) -> list[dict[str, object]]:
    """What the provider has registered for the account's key."""
    path = "/v2/webhooks" if provider == "easypost" else "/webhooks"
    scheme = "Bearer" if provider == "easypost" else "ShippoToken"
    answer = sandbox.http.get(path, headers={"Authorization": f"{scheme} {KEYS[provider]}"})
    found = answer.json()
    return list(found.get("webhooks", found.get("results")))


@pytest.mark.parametrize("provider", sorted(KEYS))
def test_one_press_has_the_provider_send_its_events_here_and_a_second_changes_nothing(
    provider: str, desk: Desk, sandbox: Running
) -> None:
    mine = account(desk.workspace, provider)
    for _ in range(2):
        answer = desk.post("account-listen", account_id=mine.pk)
        assert set(desk.told(answer)) == {f"{mine.name} sends its events here from now on."}
    (hook,) = hooks(provider, sandbox)
    query = "?token=told%20you" if provider == "shippo" else ""
    assert hook["url"] == f"http://127.0.0.1:8000/hooks/{provider}{query}"
    assert AuditEntry.objects.filter(action="account.listening").count() == 2


def test_the_secret_signs_what_easypost_sends(
    desk: Desk, sandbox: Running, settings: Settings
) -> None:
    ear = Ear()
    settings.PUBLIC_URL = ear.url.removesuffix("/webhooks")
    listening.start(account(desk.workspace, "easypost"), user=None)
    headers = {"Authorization": f"Bearer {KEYS['easypost']}"}
    shipment = sandbox.http.post("/v2/shipments", headers=headers, json=SHIPMENT).json()
    rate = {"rate": {"id": shipment["rates"][0]["id"]}}
    sandbox.http.post(f"/v2/shipments/{shipment['id']}/buy", headers=headers, json=rate)
    ear.events(1)
    heard = next(one for one in ear.heard if one.document["description"] == "tracker.created")
    assert verify(heard.raw, heard.headers, "", secret="told you")
    ear.close()


PLACE = {
    "name": "Jo",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "zip": "94107",
    "country": "US",
    "phone": "5555555555",
}
SHIPMENT = {
    "shipment": {
        "from_address": PLACE,
        "to_address": PLACE
        | {"street1": "179 N Harbor Dr", "city": "Redondo Beach", "zip": "90277"},
        "parcel": {"length": 10, "width": 8, "height": 4, "weight": 12},
    }
}


def test_the_settings_page_shows_addresses_steps_and_whether_events_arrive(
    desk: Desk, sandbox: Running
) -> None:
    account(desk.workspace, "easypost")
    account(desk.workspace, "shippo")
    factories.webhook("track_updated", {}, provider="shippo")
    page = desk.get("webhooks").content.decode()
    assert 'data-copy="http://127.0.0.1:8000/hooks/easypost"' in page
    assert 'data-copy="http://127.0.0.1:8000/hooks/shippo?token=told%20you"' in page
    words = text_of(desk.get("webhooks", part=True))
    assert "EasyPost nothing has arrived yet" in words
    assert "Shippo events arrive" in words
    assert "Create it at EasyPost" in words
    assert "hx-get" in desk.get("settings").content.decode()


def test_without_a_secret_the_page_says_what_to_set(
    desk: Desk, sandbox: Running, settings: Settings
) -> None:
    mine = account(desk.workspace, "easypost")
    settings.SHIPPING_WEBHOOK_SECRET = ""
    assert "SHIPPING_WEBHOOK_SECRET must be set" in text_of(desk.get("webhooks"))
    answer = desk.post("account-listen", account_id=mine.pk)
    assert "SHIPPING_WEBHOOK_SECRET must be set" in desk.told(answer)[0]
    assert not AuditEntry.objects.filter(action="account.listening").exists()


@pytest.mark.parametrize(
    ("ours", "theirs", "works"),
    [
        ("https://desk.example", "https://api.easypost.com/v2", True),
        ("http://desk.example", "https://api.easypost.com/v2", False),
        ("http://127.0.0.1:8000", "http://127.0.0.1:9/v2", True),
    ],
)
def test_real_providers_are_told_https_addresses_only(
    settings: Settings, ours: str, theirs: str, works: bool
) -> None:
    settings.PUBLIC_URL, settings.EASYPOST_BASE_URL = ours, theirs
    settings.SHIPPING_WEBHOOK_SECRET = "x"
    assert (listening.why_not("easypost") == "") is works


@pytest.mark.parametrize(
    ("answer", "words", "state"),
    [
        (httpx.Response(401), "does not work", "paused"),
        (httpx.Response(503), "could not be asked", "active"),
        (httpx.ReadTimeout("slow"), "could not be asked", "active"),
    ],
)
def test_a_provider_that_says_no_or_nothing_is_told_to_the_person(
    desk: Desk,
    sandbox: Running,
    answer: httpx.Response | Exception,
    words: str,
    state: str,
) -> None:
    mine = account(desk.workspace, "shippo")

    def wrong(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    with wire.use_transport(httpx.MockTransport(wrong)):
        told = desk.told(desk.post("account-listen", account_id=mine.pk))
    mine.refresh_from_db()
    assert words in told[0]
    assert mine.state == state


def test_who_may_not_set_up_sees_no_address(desk: Desk, sandbox: Running) -> None:
    account(desk.workspace, "shippo")
    packer = desk_of(desk.workspace, Role.PACKER)
    assert packer.get("webhooks").status_code == 403
