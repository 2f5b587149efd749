"""The second step of signing in: secrets of authenticator apps and recovery codes, sealed at rest.

The library keeps them in one JSON column and names no row when it asks for encryption, so they are
sealed for the whole table: a secret cannot be read without a vault key, and could be moved between
people only by somebody who writes to the database.
"""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from core import vault
from core.models import User

OWNER = "mfa.authenticator"
# Names within `data` whose values are sealed.
SEALED = ("secret", "seed")


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library is untyped
    """What the library asks of us."""

    def get_totp_issuer(self) -> str:
        """The name in the authenticator app."""
        return "CreatorFlow"

    def build_totp_svg(self, url: str) -> str:
        """The picture to scan, on white whatever the page's colours are."""
        import qrcode
        from qrcode.image.svg import SvgPathFillImage

        picture: Any = qrcode.make(url, image_factory=SvgPathFillImage)
        return str(picture.to_string(encoding="unicode"))

    def encrypt(self, text: str) -> str:
        """Sealed with the current vault key."""
        return vault.seal(text, owner=OWNER)

    def decrypt(self, encrypted_text: str) -> str:
        """What `encrypt` was given. VaultError when no key of ours reads it."""
        return vault.unseal(encrypted_text, owner=OWNER)


def has_second_step(user: User) -> bool:
    """Whether an app's code is asked for when this person signs in."""
    return bool(Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists())


def forget(user: User) -> bool:
    """Take the second step away from somebody who lost the app and the codes; False when there was
    none."""
    return bool(Authenticator.objects.filter(user=user).delete()[0])


def reseal() -> list[str]:
    """Seal every secret again with the current key; answers what became of each."""
    outcomes = []
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            for name in SEALED:
                if row is not None and (sealed := row.data.get(name)):
                    outcomes.append(_reseal(row, name, sealed))
    return outcomes


def _reseal(row: Any, name: str, sealed: str) -> str:
    if vault.key_id_of(sealed) == vault.current_key_id():
        return "current already"
    try:
        plain = vault.unseal(sealed, owner=OWNER)
    except vault.VaultError:
        return "unreadable"
    row.data[name] = vault.seal(plain, owner=OWNER)
    row.save(update_fields=["data"])
    return "sealed again"
