"""Pictures of SKUs: from TikTok's hosts only, made small, kept, served by us."""

from collections.abc import Callable
from io import BytesIO

import httpx
import pytest
from django.test import Client
from PIL import Image

from core.models import Workspace
from shipping.bench import pictures
from shipping.models import SkuPicture
from shops.catalog.models import Sku
from shops.clients import use_transport
from tests import factories

URL = "https://p16-oec-general-useast5.ttcdn.ibyteimg.com/a/b~tplv.jpeg"


def image(width: int = 900, height: int = 600, kind: str = "PNG", mode: str = "RGBA") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), "teal").save(out, kind)
    return out.getvalue()


@pytest.fixture
def place(db: None) -> Workspace:
    return factories.workspace()


def sku(place: Workspace, url: str = URL) -> Sku:
    return factories.sku(factories.shop(place), image_url=url)


def fetch(one: Sku, answer: Callable[[httpx.Request], httpx.Response]) -> bool:
    with use_transport(httpx.MockTransport(answer)):
        return bool(pictures.fetch_picture(sku_id=one.pk))


def looked_at(one: Sku, place: Workspace) -> tuple[str, bytes]:
    client = Client()
    client.force_login(factories.member(place))
    response = client.get(f"/w/{place.slug}/pictures/{one.pk}/")
    assert response.status_code == 200
    return response["Content-Type"], response.content


def test_a_picture_is_asked_for_once_and_then_served_small_from_our_store(
    place: Workspace,
) -> None:
    one = sku(place)
    assert looked_at(one, place)[0] == "image/svg+xml"
    assert fetch(one, lambda request: httpx.Response(200, content=image()))
    kind, content = looked_at(one, place)
    shown = Image.open(BytesIO(content))
    assert (kind, shown.format, shown.size) == ("image/jpeg", "JPEG", (480, 320))


def test_a_product_with_another_picture_is_fetched_anew(place: Workspace) -> None:
    one = sku(place)
    fetch(one, lambda request: httpx.Response(200, content=image()))
    Sku.objects.update(image_url=URL + "?v=2")
    one.refresh_from_db()
    SkuPicture.objects.update(tried_at="2026-01-01T00:00Z")
    assert pictures.picture_of(one) == ""
    assert SkuPicture.objects.get().url == URL + "?v=2"


@pytest.mark.parametrize(
    "url",
    [
        "http://p16.ibyteimg.com/a.jpeg",
        "https://evil.example/ibyteimg.com/a.jpeg",
        "https://ibyteimg.com.evil.example/a.jpeg",
        "https://user@p16.ibyteimg.com/a.jpeg",
        "https://p16.ibyteimg.com:8443/a.jpeg",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1/admin/",
    ],
)
def test_only_tiktoks_picture_hosts_are_asked(place: Workspace, url: str) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=image())

    assert not fetch(sku(place, url), answer)
    assert not asked
    assert "TikTok's hosts" in SkuPicture.objects.get().problem


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(302, headers={"location": "http://127.0.0.1/"}),
        httpx.Response(404),
        httpx.Response(200, content=b"<svg onload='x'/>"),
        httpx.Response(200, content=image()[:200]),
        httpx.Response(200, content=b"\xff\xd8" + b"0" * (pictures.MOST_BYTES + 1)),
    ],
)
def test_what_is_no_picture_is_not_kept_and_not_asked_for_again_at_once(
    place: Workspace, response: httpx.Response
) -> None:
    one = sku(place)
    assert not fetch(one, lambda request: response)
    assert looked_at(one, place)[1] == pictures.PLACEHOLDER
    assert SkuPicture.objects.get().problem


def test_a_sku_without_a_picture_has_a_drawing(place: Workspace) -> None:
    assert looked_at(sku(place, ""), place)[1] == pictures.PLACEHOLDER
