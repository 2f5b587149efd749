"""Pictures of what was handed over: read, checked, encoded anew, kept. Nothing of the uploaded
bytes is stored, so neither is the place and the device that a camera writes into them."""

from io import BytesIO

from django.db import transaction
from PIL import Image, ImageOps, UnidentifiedImageError

from core import audit, files
from core.models import User
from shipping.models import CloseOut, HandoverPhoto

MOST_BYTES = 5 * 1024 * 1024
MOST_PHOTOS = 12
MOST_PIXELS = 50_000_000
LONGEST_EDGE = 2000
_FORMATS = ("JPEG", "PNG")
_QUALITY = 82


class BadPhoto(Exception):
    """The file cannot be kept as a photo; the message says why."""


def cleaned(content: bytes) -> tuple[bytes, int, int]:
    """The picture as a fresh JPEG without metadata, upright, at most LONGEST_EDGE wide or high; its
    width and height. BadPhoto for what is no whole JPEG or PNG of up to 5 MB."""
    if len(content) > MOST_BYTES:
        raise BadPhoto("The picture is larger than 5 MB.")
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as probe:
            if probe.width * probe.height > MOST_PIXELS:
                raise BadPhoto("The picture has more than 50 million dots.")
            probe.load()
            upright = ImageOps.exif_transpose(probe).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:  # fmt: skip
        raise BadPhoto("The file is not a whole JPEG or PNG picture.") from error
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    # A new picture of the same dots: what was in the file beside them stays behind.
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    out = BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return out.getvalue(), plain.width, plain.height


def add(close_out: CloseOut, content: bytes, *, user: User | None) -> HandoverPhoto:
    """Keep a picture with a handover. BadPhoto when it is none, or when there are enough."""
    if close_out.photos.count() >= MOST_PHOTOS:
        raise BadPhoto(f"A handover keeps up to {MOST_PHOTOS} photos.")
    picture, width, height = cleaned(content)
    key = files.save(picture, suffix=".jpg")
    with transaction.atomic():
        row = HandoverPhoto.objects.create(
            close_out=close_out, file_key=key, width=width, height=height, by=user
        )
        audit.record(
            close_out.workspace_id, "handover.photo", f"close_out:{close_out.pk}",
            "Photo of a handover added", actor=user, photo=row.pk,
        )  # fmt: skip
    return row
