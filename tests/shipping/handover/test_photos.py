"""Photos of handovers: only whole pictures, without what the camera wrote into them."""

from io import BytesIO

import pytest
from PIL import Image

from core import files
from shipping.handover import photos
from shipping.handover.photos import BadPhoto, add, cleaned
from tests import factories


def picture(size: tuple[int, int] = (40, 30), kind: str = "JPEG", **more: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, "orange").save(out, kind, **more)
    return out.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SecretCamera"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    return picture((40, 30), exif=exif)


def test_what_the_camera_wrote_is_gone_and_the_picture_is_upright() -> None:
    given = with_place()
    assert b"SecretCamera" in given
    kept, width, height = cleaned(given)
    assert b"SecretCamera" not in kept
    assert dict(Image.open(BytesIO(kept)).getexif()) == {}
    assert (width, height) == (30, 40)


def test_a_png_becomes_a_jpeg_and_a_large_one_smaller() -> None:
    kept, width, height = cleaned(picture((3000, 1500), "PNG"))
    assert kept.startswith(b"\xff\xd8\xff")
    assert (width, height) == (2000, 1000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole"),
        (b"<svg onload=alert(1)>", "not a whole"),
        (picture()[:-200], "not a whole"),
        (picture(kind="GIF"), "not a whole"),
        (b"\xff\xd8\xff" + b"0" * 100, "not a whole"),
        (b"0" * (photos.MOST_BYTES + 1), "larger than 5 MB"),
    ],
    ids=["nothing", "a page", "cut short", "a GIF", "rubbish", "too large"],
)
def test_anything_else_is_refused_with_words(content: bytes, words: str) -> None:
    with pytest.raises(BadPhoto, match=words):
        cleaned(content)


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_unpacked() -> None:
    bomb = picture((9000, 9000), "PNG")
    assert len(bomb) < photos.MOST_BYTES
    with pytest.raises(BadPhoto, match="50 million"):
        cleaned(bomb)


@pytest.mark.django_db
def test_a_handover_keeps_a_dozen() -> None:
    close_out = factories.close_out(factories.workspace())
    first = add(close_out, picture(), user=None)
    assert files.read(first.file_key).startswith(b"\xff\xd8\xff")
    for _ in range(photos.MOST_PHOTOS - 1):
        add(close_out, picture(), user=None)
    with pytest.raises(BadPhoto, match="up to 12"):
        add(close_out, picture(), user=None)
