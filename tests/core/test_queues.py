"""Which queue a job waits in, and that its wake-up names it wherever it is queued from."""

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule

from core.inbox import process_due
from core.queues import Queue
from creatorflow.schedules import SCHEDULES
from orders.dispatch import tell_tiktok
from orders.sync import sync_shop
from shipping.batch_runner import run_batch

pytestmark = pytest.mark.django_db


def test_what_takes_a_moment_what_is_bought_and_what_is_read_wait_apart() -> None:
    process_due.later()
    tell_tiktok.later(dispatch_id=1)
    run_batch.later(batch_id=1)
    sync_shop.later(shop_id=1)
    rows = {task.name(): task.key for task in OrmQ.objects.all()}
    assert rows == {
        "process_due": Queue.NOW,
        "tell_tiktok": Queue.NOW,
        "run_batch": Queue.BUYING,
        "sync_shop": Queue.READING,
    }


def test_a_worker_of_one_queue_wakes_work_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "CLUSTER_NAME", str(Queue.READING))  # as core.worker's sentinel does
    tell_tiktok.later(dispatch_id=1)
    run_batch.after(30, batch_id=1)
    assert {task.key for task in OrmQ.objects.all()} == {Queue.NOW, Queue.BUYING}


def test_what_is_put_off_waits_in_its_own_queue() -> None:
    sync_shop.after(30, shop_id=1)
    row = OrmQ.objects.get()
    assert row.key == Queue.READING
    assert row.lock > timezone.now()


def test_scheduled_work_wakes_in_the_queue_of_its_job() -> None:
    call_command("apply_schedules", verbosity=0)
    queues = dict(Schedule.objects.values_list("name", "cluster"))
    assert queues == {name: import_string(path).queue for name, (path, _) in SCHEDULES.items()}
    assert set(queues.values()) == set(Queue)


def test_the_queue_of_the_settings_is_the_one_for_what_takes_a_moment() -> None:
    assert Conf.PREFIX == Queue.NOW
