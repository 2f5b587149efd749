"""A label row as the plain values that adapters take."""

from dataclasses import replace

from core.models import Batch
from core.money import Money
from shipping.models import Label
from shipping.providers.base import BoughtLabel, Can, LabelFormat, Rate, ShipmentSpec
from shipping.providers.registry import is_able
from shipping.spec import spec_from_json


def spec_of(label: Label) -> ShipmentSpec:
    """What is shipped."""
    return spec_from_json(label.spec)


def wanted_format(batch: Batch | None, provider: str) -> str:
    """The kind of label file to ask for: what the batch was bought for, where the provider makes
    it."""
    wanted: str = batch.options.get("label_format", "PDF") if batch else "PDF"
    return wanted if wanted == "ZPL" and is_able(provider, Can.ZPL) else "PDF"


def wanted_spec(label: Label) -> ShipmentSpec:
    """What is shipped, for a purchase: with the kind of file this label is wanted as. It is not
    part of what was quoted: a price does not depend on it."""
    return replace(spec_of(label), label_format=LabelFormat(label.label_format))


def order_number(label: Label) -> str:
    """TikTok's number of its order, without asking the database; "" where the spec names none."""
    return str(label.spec.get("reference") or "")


def rate_of(label: Label) -> Rate:
    """The rate that was chosen: all that is needed to buy it, or to ask what became of it."""
    return Rate(
        provider=label.provider,
        carrier=label.carrier,
        service=label.service,
        service_name=label.service_name,
        price=Money(label.price, label.currency),
        delivery_days=label.delivery_days,
        guaranteed=False,
        expires_at=None,
        provider_ref=dict(label.provider_ref),
    )


def bought_of(label: Label) -> BoughtLabel:
    """What was bought, of a label that is or was paid."""
    return BoughtLabel(
        provider_label_id=label.provider_label_id,
        tracking_number=label.tracking_number,
        carrier=label.carrier,
        service=label.service,
        cost=label.money,
        label_url=label.label_url,
        label_format=LabelFormat(label.label_format),
        pending_document=not label.file_key,
        extra={name: value for name, value in label.extra.items() if isinstance(value, str)},
    )
