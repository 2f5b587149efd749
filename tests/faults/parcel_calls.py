"""Every call about parcels after their label was bought: where they are, and the form they go on."""

from typing import ClassVar

from django.utils import timezone

from shipping import manifests
from shipping.labels import purchase
from shipping.manifest_groups import groups_of
from shipping.models import Label, Manifest
from shipping.plan import plan_order
from shipping.tracking.poll import poll_label
from tests.faults.bench import AGES
from tests.faults.label_calls import OfAccount, again, now_is, put_right
from tests.faults.subjects import FILE, READ, WRITE, Subject


class OfForms(OfAccount):
    """A call about a SCAN form; its label is one of USPS."""

    form_path: ClassVar[str]

    def a_label(self) -> Label:
        order = self.an_order()
        quotes = plan_order(order, now=timezone.now())
        usps = [n for n, rate in enumerate(quotes.rates) if rate["carrier"] == "usps"]
        quotes.chosen = usps[0]
        quotes.save(update_fields=["chosen"])
        return purchase.prepare(order, quotes)

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()
        self.form = self.started()

    def started(self) -> Manifest:
        (group,) = groups_of(self.bench.workspace, now=timezone.now())
        return manifests.start(self.bench.workspace, group.key, user=self.bench.user)

    def made(self) -> None:
        """All the way."""
        manifests.make(manifest_id=self.form.pk)
        self.followed()

    def followed(self) -> None:
        """What sweeps do, a while later."""
        old = timezone.now() - AGES
        for _ in range(2):
            Manifest.objects.filter(pk=self.form.pk, due_at__isnull=False).update(
                asked_at=old, due_at=old
            )
            manifests.manifests_due()

    def now(self) -> Manifest:
        return Manifest.objects.get(pk=self.form.pk)

    def row(self) -> str:
        return self.with_account(self.now().state)

    def seen(self) -> str:
        return self.now().reason

    def settle(self) -> str:
        put_right(self.account)
        self.followed()
        if self.now().state == "refused":  # the person presses the button again
            self.form = self.started()
            self.made()
        return self.now().state


class Making(OfForms):
    """Asking for a form, once: a second one would be refused, or be another form."""

    call = "make a form"
    kind = WRITE
    method = "POST"

    def act(self) -> None:
        manifests.make(manifest_id=self.form.pk)


class ReadingBack(OfForms):
    """What became of a form whose answer was lost, although it was made."""

    call = "find a form"
    kind = READ

    def prepare(self) -> None:
        super().prepare()
        rule = {"method": "POST", "path": self.form_path, "times": 1}
        self.bench.sandbox.fault("reset_after_effect", **rule)
        assert manifests.make(manifest_id=self.form.pk) == "unknown"
        self.bench.lift()

    def act(self) -> None:
        manifests.follow(manifest_id=self.form.pk)


class Paper(OfForms):
    """The form's paper."""

    call = "a form's paper"
    kind = FILE
    path = "/files/*"

    def prepare(self) -> None:
        super().prepare()
        self.made()
        assert self.now().file_key
        manifests.forget_file(self.form)

    def act(self) -> None:
        manifests.follow(manifest_id=self.form.pk)

    def row(self) -> str:
        form = self.now()
        return f"{form.state}, {'paper kept' if form.file_key else 'paper due again'}"

    def settle(self) -> str:
        self.followed()
        return self.row()


class Tracking(OfAccount):
    """Where a parcel is, asked for the first time."""

    call = "track"

    def prepare(self) -> None:
        super().prepare()
        self.label = self.bought()

    def act(self) -> None:
        self.heard = poll_label(label_id=self.label.pk)

    def row(self) -> str:
        told = "told" if now_is(self.label).tracking_status else "nothing told, asked again later"
        return self.with_account(told)

    def seen(self) -> str:
        """What the person who pressed the button reads."""
        return (
            "" if self.heard else "There was no answer about this parcel. It is asked again later."
        )

    def settle(self) -> str:
        put_right(again(self.label).account)
        self.act()
        return self.row()


class TrackingAgain(Tracking):
    """The same once the provider watches the parcel for us."""

    call = "track, again"

    def prepare(self) -> None:
        super().prepare()
        assert poll_label(label_id=self.label.pk)
        Label.objects.filter(pk=self.label.pk).update(tracking_status="")


class _EasyPost:
    provider, slug = "EasyPost", "easypost"
    form_path = "/v2/scan_forms"


class _Shippo:
    provider, slug = "Shippo", "shippo"
    form_path = "/manifests"


class EasyPostMaking(_EasyPost, Making):
    path = _EasyPost.form_path


class EasyPostReadingBack(_EasyPost, ReadingBack):
    path = "/v2/shipments/*"


class EasyPostForm(_EasyPost, ReadingBack):
    """The form the shipment names."""

    call = "read a form"
    path = "/v2/scan_forms/*"


class EasyPostPaper(_EasyPost, Paper):
    pass


class EasyPostTracking(_EasyPost, Tracking):
    method, path = "POST", "/v2/trackers"


class EasyPostTrackingAgain(_EasyPost, TrackingAgain):
    path = "/v2/trackers/*"


class ShippoMaking(_Shippo, Making):
    path = _Shippo.form_path


class ShippoReadingBack(_Shippo, ReadingBack):
    path = "/manifests"


class ShippoForm(_Shippo, OfForms):
    """A form that Shippo makes in the background, asked about until it is there."""

    call = "read a form"
    path = "/manifests/*"

    def prepare(self) -> None:
        super().prepare()
        assert manifests.make(manifest_id=self.form.pk) == "queued"

    def act(self) -> None:
        manifests.follow(manifest_id=self.form.pk)


class ShippoPaper(_Shippo, Paper):
    pass


class ShippoTracking(_Shippo, Tracking):
    method, path = "POST", "/tracks"


class ShippoTrackingAgain(_Shippo, TrackingAgain):
    path = "/tracks/*"


class TikTokTracking(Tracking):
    """TikTok's own parcels, asked of their order."""

    provider, slug, lane = "TikTok Shop", "tiktok", "TIKTOK"
    path = "/fulfillment/*/orders/*/tracking"


CALLS: tuple[type[Subject], ...] = (
    EasyPostMaking,
    EasyPostReadingBack,
    EasyPostForm,
    EasyPostPaper,
    EasyPostTracking,
    EasyPostTrackingAgain,
    ShippoMaking,
    ShippoReadingBack,
    ShippoForm,
    ShippoPaper,
    ShippoTracking,
    ShippoTrackingAgain,
    TikTokTracking,
)
