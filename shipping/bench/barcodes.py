"""A SKU's barcode as a person enters it: in its shop nothing else may answer to the code."""

from django.db import IntegrityError, transaction
from django.db.models import Q

from core import audit
from core.models import User
from shipping.bench.scan import plain
from shops.catalog.models import Sku


class Taken(ValueError):
    """Another SKU of the shop answers to the code; the message names it."""


def set_barcode(sku: Sku, code: str, *, user: User) -> bool:
    """The code is this SKU's from now on, "" for none; False when it is so already. Raises Taken."""
    wanted = plain(code)
    if wanted == sku.barcode:
        return False
    if wanted and (other := _other(sku, wanted, code)):
        raise Taken(_words(other))
    try:
        with transaction.atomic():
            _write(sku, wanted, user)
    except IntegrityError:  # a colleague, or the bench, gave it to another one just now
        other = _other(sku, wanted, code)
        raise Taken(_words(other) if other else "Another SKU just got this barcode.") from None
    return True


def _other(sku: Sku, wanted: str, code: str) -> Sku | None:
    """The SKU that a scan of the code would find as well."""
    answers = Q(barcode=wanted) | Q(tiktok_id=code.strip()) | Q(seller_sku__iexact=code.strip())
    return Sku.objects.filter(answers, shop=sku.shop_id).exclude(pk=sku.pk).order_by("pk").first()


def _words(other: Sku) -> str:
    name = f"{other} ({other.product_name})" if other.seller_sku else str(other)
    return f"{name} has this barcode. A scan must mean one thing: clear it there first."


def _write(sku: Sku, code: str, user: User) -> None:
    before, sku.barcode = sku.barcode, code
    Sku.objects.filter(pk=sku.pk).update(barcode=code)
    audit.record(
        sku.shop.workspace_id,
        "sku.barcode_entered" if code else "sku.barcode_cleared",
        f"sku:{sku.pk}",
        f"{sku} has the barcode {code}." if code else f"{sku} has no barcode any more.",
        actor=user,
        before=before,
        after=code,
    )
