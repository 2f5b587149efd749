"""A key stays while labels need it, and is not exchanged for one that would not find them."""

from typing import Any

import pytest

from shipping import accounts
from shipping.models import Label, LabelAccount
from tests import factories
from tests.shipping.easypost_account import GOOD, OTHER, EasyPost
from tests.shipping.easypost_account import account as account
from tests.shipping.easypost_account import easypost as easypost
from tests.shipping.easypost_account import owner as owner
from tests.shipping.easypost_account import workspace as workspace


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "buying", "place": 1},
        {"state": "unknown"},
        {"state": "voiding", "file_key": "aa/label.pdf"},
        {"state": "refunding", "file_key": "aa/label.pdf"},
        {"state": "bought"},
    ],
    ids=["buying", "unknown", "voiding", "refunding", "without a file"],
)
def test_an_account_whose_key_is_still_needed_is_not_removed(
    account: LabelAccount, fields: dict[str, Any]
) -> None:
    factories.label(factories.order(account.workspace), account=account, **fields)
    with pytest.raises(accounts.StillNeeded, match="1 label of it still waits"):
        accounts.remove(account, user=None)
    account.refresh_from_db()
    assert (account.state, account.key) == ("active", GOOD)


@pytest.mark.parametrize("state", ["buying", "unknown"])
def test_a_key_of_perhaps_another_account_is_refused_while_a_purchase_is_open(
    account: LabelAccount, state: str
) -> None:
    factories.label(factories.order(account.workspace), account=account, state=state)
    with pytest.raises(accounts.BadKey, match="1 label may have been paid with the old key"):
        accounts.replace_key(account, OTHER, user=None)
    account.refresh_from_db()
    assert account.key == GOOD
    Label.objects.update(state="refused")
    accounts.replace_key(account, OTHER, user=None)
    assert account.key == OTHER


@pytest.mark.parametrize("of_the_same_account", [True, False])
def test_a_key_that_sees_what_the_old_one_bought_is_taken_while_a_purchase_is_open(
    account: LabelAccount, easypost: EasyPost, of_the_same_account: bool
) -> None:
    kept = factories.label(
        factories.order(account.workspace),
        account=account,
        provider_ref={"shipment_id": "shp_kept", "rate_id": "rate_1"},
        provider_label_id="shp_kept",
    )
    factories.label(factories.order(account.workspace), account=account, state="unknown")
    easypost.shipments = {OTHER: kept.provider_label_id} if of_the_same_account else {}
    if of_the_same_account:
        accounts.replace_key(account, OTHER, user=None)
    else:
        with pytest.raises(accounts.BadKey, match="same account"):
            accounts.replace_key(account, OTHER, user=None)
    account.refresh_from_db()
    assert account.key == (OTHER if of_the_same_account else GOOD)
