"""SCAN forms and manifests at the simulated providers: made once, read back, printed, or refused."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from pytest_django import Settings

from core import files
from core.models import AuditEntry, Notification
from orders.models import OrderEvent
from shipping import manifests
from shipping.labels.void import void
from shipping.manifest_groups import groups_of
from shipping.manifest_outcomes import on_form
from shipping.models import Label, Manifest
from shops import wire
from tests.sandbox.running import Running, running
from tests.shipping.handover.forms import KEYS, FormDesk, again, form_desk

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(minutes=10)


@pytest.fixture(scope="module")
def house() -> Iterator[Running]:
    with running(orders=1, seed=7) as started:
        yield started


@pytest.fixture(params=KEYS)
def desk(
    request: pytest.FixtureRequest, db: None, house: Running, settings: Settings
) -> Iterator[FormDesk]:
    settings.TIKTOK_SHOP_APP_KEY, settings.TIKTOK_SHOP_APP_SECRET = "app", "secret"
    settings.SHIPPO_RATE_PER_SECOND = 1000
    settings.EASYPOST_BASE_URL, settings.SHIPPO_BASE_URL = f"{house.url}/v2", house.url
    yield form_desk(house, request.param)
    house.clear_faults()
    wire.forget()


def started(desk: FormDesk) -> Manifest:
    return manifests.start(desk.world.workspace, desk.key(), user=desk.world.user)


def done(desk: FormDesk, form: Manifest) -> Manifest:
    """The form after all that workers do, with the time the provider takes."""
    manifests.make(manifest_id=form.pk)
    desk.sandbox.travel(2)
    manifests.follow(manifest_id=form.pk)
    return again(form)


def aged(form: Manifest) -> None:
    old = timezone.now() - LONG_AGO
    Manifest.objects.filter(pk=form.pk).update(asked_at=old, due_at=old)


def test_a_form_is_made_of_the_labels_of_one_origin_and_kept_for_printing(desk: FormDesk) -> None:
    labels = [desk.label(), desk.label()]
    form = done(desk, started(desk))
    assert (form.state, form.label_count, form.reason) == ("made", 2, "")
    assert files.read(form.file_key).startswith(b"%PDF")
    assert (form.file_pages, form.postal_code) == (1, "89501")
    assert {one.pk for one in form.labels.all()} == {one.pk for one in labels}
    told = OrderEvent.objects.filter(order=labels[0].order, text__startswith="On the USPS")
    assert told.count() == 1
    assert AuditEntry.objects.filter(action="manifest.made").count() == 1
    assert groups_of(desk.world.workspace, now=timezone.now()) == []


def test_labels_of_other_carriers_wait_for_no_form(desk: FormDesk) -> None:
    desk.label("ups")
    assert groups_of(desk.world.workspace, now=timezone.now()) == []


def test_one_form_for_each_origin_and_mailing_date(desk: FormDesk) -> None:
    first, second = desk.label(), desk.label()
    moved = second.spec | {"sender": second.spec["sender"] | {"postal_code": "94104"}}
    Label.objects.filter(pk=second.pk).update(spec=moved)
    groups = groups_of(desk.world.workspace, now=timezone.now())
    assert [group.postal_code for group in groups] == ["89501", "94104"]
    assert [len(group.places) for group in groups] == [1, 1]
    tomorrow = timezone.now() + timedelta(days=2)
    assert groups_of(desk.world.workspace, now=tomorrow) == []
    assert first.manifest_id is None


def test_an_answer_that_was_lost_is_read_back_and_no_second_form_is_made(desk: FormDesk) -> None:
    desk.label()
    before = len(desk.at_provider())
    desk.sandbox.fault("reset_after_effect", method="POST", path=desk.path, times=1)
    form = started(desk)
    assert manifests.make(manifest_id=form.pk) == "unknown"
    assert manifests.make(manifest_id=form.pk) == "unknown"
    assert len(desk.at_provider()) == before + 1
    desk.sandbox.travel(2)
    manifests.follow(manifest_id=form.pk)
    manifests.follow(manifest_id=form.pk)
    found = again(form)
    assert (found.state, bool(found.file_key)) == ("made", True)
    assert len(desk.at_provider()) == before + 1


def test_a_request_that_never_arrived_frees_the_labels_when_that_is_certain(
    desk: FormDesk,
) -> None:
    label = desk.label()
    desk.sandbox.fault("reset", method="POST", path=desk.path, times=1)
    form = started(desk)
    assert manifests.make(manifest_id=form.pk) == "unknown"
    assert manifests.follow(manifest_id=form.pk) == "unknown"
    aged(form)
    assert manifests.manifests_due() == 1
    refused = again(form)
    assert refused.state == "refused"
    assert "make it again" in refused.reason
    label.refresh_from_db()
    assert label.manifest_id is None
    assert Notification.objects.filter(workspace=desk.world.workspace, level="warn").exists()
    assert done(desk, started(desk)).state == "made"


def test_a_worker_that_died_while_asking_leaves_a_question_not_a_second_form(
    desk: FormDesk,
) -> None:
    desk.label()
    form = started(desk)
    done(desk, form)
    made = again(form).provider_id
    count = len(desk.at_provider())
    Manifest.objects.filter(pk=form.pk).update(state="asking", provider_id="", file_key="")
    aged(form)
    manifests.manifests_due()
    found = again(form)
    assert (found.state, found.provider_id) == ("made", made)
    assert len(desk.at_provider()) == count


def test_labels_on_a_form_made_elsewhere_are_found_to_be_on_it(desk: FormDesk) -> None:
    label = desk.label()
    first = done(desk, started(desk))
    Label.objects.filter(pk=label.pk).update(manifest=None)
    Manifest.objects.filter(pk=first.pk).update(provider_id="")
    second = done(desk, started(desk))
    label.refresh_from_db()
    assert (second.state, label.manifest_id) == ("made", second.pk)


def test_a_label_given_back_goes_on_no_form(desk: FormDesk) -> None:
    gone, kept = desk.label(), desk.label()
    form = started(desk)
    with_account = Label.objects.select_related("account__workspace", "order", "workspace")
    void(with_account.get(pk=gone.pk), desk.world.user)
    made = done(desk, form)
    gone.refresh_from_db()
    assert (made.state, gone.manifest_id) == ("made", None)
    assert [one.pk for one in made.labels.all()] == [kept.pk]
    assert made.label_count == 1


def test_a_label_on_a_form_says_that_it_is_only_refunded(desk: FormDesk) -> None:
    label = desk.label()
    done(desk, started(desk))
    label = Label.objects.select_related("manifest").get(pk=label.pk)
    assert "only be refunded" in on_form(label)
    assert on_form(Label(manifest=None)) == ""


def test_two_people_pressing_at_once_make_one_form(desk: FormDesk) -> None:
    desk.label()
    key = desk.key()
    manifests.start(desk.world.workspace, key, user=desk.world.user)
    with pytest.raises(manifests.NothingToPutOnIt):
        manifests.start(desk.world.workspace, key, user=desk.world.user)
    assert Manifest.objects.count() == 1


def test_a_paper_that_is_damaged_is_fetched_again(desk: FormDesk) -> None:
    desk.label()
    form = done(desk, started(desk))
    desk.sandbox.fault("truncated", path="/files/*", times=3)
    manifests.forget_file(form)
    manifests.follow(manifest_id=form.pk)
    damaged = again(form)
    assert damaged.file_key == ""
    assert damaged.reason
    desk.sandbox.clear_faults()
    manifests.follow(manifest_id=form.pk)
    assert again(form).file_key
    assert Decimal(again(form).file_pages or 0) == 1
