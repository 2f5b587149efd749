"""Pictures of SKUs: fetched once by a worker from TikTok's own picture hosts, made small, kept here.

A browser never asks anybody else: the pages' policy forbids it, and TikTok would learn who packs.
"""

import logging
from contextlib import closing
from datetime import timedelta
from io import BytesIO

import httpx
from django.conf import settings
from django.utils import timezone
from PIL import Image, ImageOps, UnidentifiedImageError

from core import files
from core.errors import Rejected, RemoteError, Unavailable
from core.jobs import job
from core.patience import patience
from core.queues import Queue
from shipping.models import SkuPicture
from shipping.providers.download import Source
from shops.catalog.models import Sku
from shops.clients import http_client

log = logging.getLogger(__name__)

MOST_BYTES = 4 * 1024 * 1024
MOST_PIXELS = 40_000_000
SIDE = 480  # pixels: as large as the bench shows it
AGAIN = patience(minutes=60)  # after a failure
CLAIM = timedelta(minutes=2)
# Where TikTok Shop keeps pictures of products, as its product documents name them.
_HOSTS = (
    r"[a-z0-9-]+(\.[a-z0-9-]+)*\.ibyteimg\.com",
    r"[a-z0-9-]+(\.[a-z0-9-]+)*\.byteimg\.com",
    r"[a-z0-9-]+(\.[a-z0-9-]+)*\.tiktokcdn(-us|-eu)?\.com",
)
PLACEHOLDER = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#8a90a0" '
    b'stroke-width="1" stroke-linejoin="round"><path d="M12 3l8 4.5v9l-8 4.5-8-4.5v-9z"/>'
    b'<path d="M12 12l8-4.5M12 12v9M12 12L4 7.5"/></svg>'
)
_BROKEN = (
    *(UnidentifiedImageError, OSError, SyntaxError, ValueError),
    Image.DecompressionBombError,
)


def picture_of(sku: Sku) -> str:
    """The key of the SKU's stored picture; "" while there is none, and a worker is asked for it."""
    kept = SkuPicture.objects.filter(sku=sku).first()
    if kept is not None and kept.url == sku.image_url:
        fresh = kept.tried_at > timezone.now() - AGAIN
        if kept.file_key or fresh:
            return kept.file_key
    if sku.image_url and _claim(sku):
        fetch_picture.later(sku_id=sku.pk)
    return ""


def forget(sku: Sku) -> None:
    """The stored bytes are gone: it is fetched again when next looked at."""
    SkuPicture.objects.filter(sku=sku).delete()


def _claim(sku: Sku) -> bool:
    """One fetch at a time: many packers may look at the same new product."""
    now = timezone.now()
    _, made = SkuPicture.objects.get_or_create(
        sku=sku, defaults={"url": sku.image_url, "tried_at": now}
    )
    if made:
        return True
    idle = SkuPicture.objects.filter(sku=sku, tried_at__lt=now - CLAIM)
    return bool(idle.update(url=sku.image_url, tried_at=now, file_key="", problem=""))


@job(queue=Queue.READING)
def fetch_picture(*, sku_id: int) -> bool:
    """Fetch and keep the picture of a SKU; False when it cannot be had, which is noted."""
    sku = Sku.objects.filter(pk=sku_id).exclude(image_url="").first()
    if sku is None:
        return False
    try:
        key = files.save(small(_download(http_client("pictures"), sku.image_url)), suffix=".jpg")
        problem = ""
    except RemoteError as error:
        log.info("picture of SKU %s: %s", sku.pk, error.message)
        key, problem = "", error.message
    kept = {"url": sku.image_url, "file_key": key, "problem": problem[:200]}
    SkuPicture.objects.update_or_create(sku=sku, defaults=kept | {"tried_at": timezone.now()})
    return bool(key)


def small(content: bytes) -> bytes:
    """A JPEG no larger than SIDE, drawn anew so that nothing but the picture is kept. Rejected for
    what is no picture."""
    try:
        picture: Image.Image = Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP"])
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((SIDE, SIDE))
        if picture.mode != "RGB":
            ground = Image.new("RGB", picture.size, "white")
            seen = picture.convert("RGBA")
            ground.paste(seen, mask=seen.getchannel("A"))
            picture = ground
    except _BROKEN as error:
        raise Rejected("The file is no picture.", provider="pictures", code="kind") from error
    out = BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def _download(client: httpx.Client, url: str) -> bytes:
    """The bytes at `url`, if it is one of TikTok's picture hosts; no redirect is followed."""
    source = Source.of("TikTok", settings.TIKTOK_SHOP_URL, _HOSTS)
    if not source.allows(url):
        raise Rejected("The picture is not at one of TikTok's hosts.", provider="pictures")
    try:
        response = client.send(client.build_request("GET", url), stream=True)
        with closing(response):
            if response.status_code != 200:
                words = f"The picture was answered {response.status_code}."
                raise Rejected(words, provider="pictures", code=str(response.status_code))
            return _bounded(response)
    except httpx.HTTPError as error:
        words = "The picture could not be fetched."
        raise Unavailable(words, provider="pictures", code=type(error).__name__) from error


def _bounded(response: httpx.Response) -> bytes:
    content = bytearray()
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > MOST_BYTES:
            raise Rejected("The picture is larger than 4 MB.", provider="pictures", code="size")
    return bytes(content)
