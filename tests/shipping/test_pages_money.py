"""Money due back on its page: sums that tie out, lists with what to do, and a spreadsheet."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoAssertNumQueries

from core.models import Role, Workspace
from shipping.models import Label, LedgerEntry, MoneyBack
from tests import factories
from tests.shipping.desks import Desk, desk_of, text_of

pytestmark = pytest.mark.django_db


def voided(of: Workspace, *, late: bool = False, **fields: Any) -> MoneyBack:
    """A label of $5.00 whose money is on its way."""
    label = factories.label(factories.order(of), state="refunding", void_at=timezone.now())
    factories.charge(label)
    if late:
        fields["expected_at"] = timezone.now() - timedelta(days=2)
    return factories.money_back(label, **fields)


def test_an_empty_page_says_what_will_be_there(owner: Desk) -> None:
    text = text_of(owner.get("money"))
    assert "No money is on its way back" in text
    assert "Nothing is late" in text_of(owner.get("money", "?list=late"))


def test_sums_tie_out_and_late_money_says_what_to_do(glow: Workspace, owner: Desk) -> None:
    factories.charge(factories.label(factories.order(glow)))
    voided(glow)
    voided(glow, late=True)
    text = text_of(owner.get("money", "?list=late"))
    assert "$15.00" in text
    assert "Ties out with the ledger to the cent" in text
    assert "write to its support with the tracking number" in text
    assert text.count("Ask again") == 2  # this one, and all that is late
    assert "Ask again about 1 label" in text


def test_all_that_is_late_is_asked_about_with_one_press(glow: Workspace, owner: Desk) -> None:
    far = timezone.now() + timedelta(hours=6)
    rows = [voided(glow, late=True), voided(glow, late=True), voided(glow)]
    Label.objects.update(due_at=far)
    assert "Ask again about 2 labels" in text_of(owner.get("money", "?list=late"))
    done = owner.post("money-ask-late")
    assert "asked about 2 labels" in owner.told(done)[-1]
    due = [Label.objects.get(pk=row.label_id).due_at for row in rows]
    assert [at == far for at in due] == [False, False, True]
    assert OrmQ.objects.count() == 1
    viewer = desk_of(glow, Role.VIEWER)
    assert "Ask again about" not in text_of(viewer.get("money", "?list=late"))
    assert viewer.post("money-ask-late").status_code == 403


def test_sums_that_do_not_agree_are_not_hidden(glow: Workspace, owner: Desk) -> None:
    row = voided(glow)
    MoneyBack.objects.filter(pk=row.pk).update(charged=Decimal("4.00"))
    assert "do not agree" in text_of(owner.get("money"))


def test_what_came_back_is_booked_by_hand_with_its_own_amount(glow: Workspace, owner: Desk) -> None:
    row = voided(glow)
    form = text_of(owner.get("money-settle", label_id=row.label_id))
    assert "$5.00 was paid" in form
    wrong = owner.post("money-settle", {"amount": "-1"}, label_id=row.label_id)
    assert wrong.status_code == 422
    done = owner.post("money-settle", {"amount": "4.50", "note": "July"}, label_id=row.label_id)
    assert owner.told(done) == ["$4.50 booked as given back."]
    assert Label.objects.get(pk=row.label_id).state == "voided"
    assert LedgerEntry.objects.get(kind="refund").amount == Decimal("-4.50")
    text = text_of(owner.get("money", "?list=credited"))
    assert "$4.50" in text
    assert "Ties out" in text


def test_nothing_will_come_ends_the_wait(glow: Workspace, owner: Desk) -> None:
    row = voided(glow)
    done = owner.post("money-settle", {"outcome": "kept"}, label_id=row.label_id)
    assert owner.told(done) == ["$5.00 is kept as not given back."]
    assert "Paid" in text_of(owner.get("money", "?list=refused"))


def test_a_viewer_reads_and_books_nothing(glow: Workspace) -> None:
    row = voided(glow)
    viewer = desk_of(glow, Role.VIEWER)
    assert "Book it" not in text_of(viewer.get("money"))
    assert viewer.post("money-settle", {}, label_id=row.label_id).status_code == 403


def test_the_spreadsheet_holds_one_list_or_all_of_them(glow: Workspace, owner: Desk) -> None:
    voided(glow)
    late = voided(glow, late=True, note="=HYPERLINK(1)")
    voided(factories.workspace("Other"))

    def rows(query: str) -> list[list[str]]:
        response = owner.get("money-export", query)
        assert "attachment" in response["Content-Disposition"]
        content = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.reader(io.StringIO(content)))

    assert len(rows("")) == 3
    (_, line) = rows("?list=late")
    assert line[0] == late.label.order.tiktok_id
    assert line[-1] == "'=HYPERLINK(1)"


def test_the_page_costs_the_same_for_three_labels_and_for_thirty(
    glow: Workspace, owner: Desk, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get("money")
    for count in (3, 27):
        for _ in range(count):
            voided(glow)
        with django_assert_max_num_queries(16):
            owner.get("money")
    assert owner.get("money").status_code == 200


def test_more_than_a_page_goes_on_where_it_ended(glow: Workspace, owner: Desk) -> None:
    for _ in range(31):
        voided(glow)
    html = owner.get("money").content.decode()
    last = sorted(MoneyBack.objects.values_list("pk", flat=True), reverse=True)[29]
    assert f"after={last}" in html
    assert text_of(owner.get("money", f"?after={last}")).count("Book it") == 1


def test_the_plan_names_the_money_and_what_is_late(glow: Workspace, owner: Desk) -> None:
    from core.access import wreverse

    voided(glow)
    voided(glow, late=True)
    text = text_of(owner.client.get(wreverse(glow, "dashboard:plan")))
    assert "Money due back" in text
    assert "$10.00" in text
    assert "2 labels , 1 late" in text or "2 labels, 1 late" in text
