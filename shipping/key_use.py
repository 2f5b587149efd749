"""What a label account's key is still needed for: only it can ask the provider about its labels."""

from django.db.models import Q

from core.errors import RemoteError
from shipping.labels.values import rate_of
from shipping.models import Label, LabelAccount
from shipping.providers.base import Provider, Unsupported

# Nothing more is asked of the provider about these, nor about bought ones whose file is kept.
FINISHED = Q(state__in=["ready", "refused", "dropped", "voided", "unused"]) | (
    Q(state="bought") & ~Q(file_key="")
)


def hold(account: LabelAccount) -> None:
    """Until the transaction ends no purchase begins at the account: an intent waits for us, and
    then finds the key that was replaced, or what else has become of the account."""
    LabelAccount.objects.select_for_update().get(pk=account.pk)


def unfinished(account: LabelAccount) -> int:
    """Labels without an outcome, asked back, or paid and without their file."""
    return Label.objects.filter(account=account).exclude(FINISHED).count()


def unsettled(account: LabelAccount) -> int:
    """Labels that may have been paid, and nobody knows yet."""
    return Label.objects.filter(account=account, state__in=["buying", "unknown"]).count()


def sees(provider: Provider, account: LabelAccount) -> bool:
    """Whether `provider`, made with another key, knows the last label the account bought: then that
    key is of the same account and mode."""
    bought = Label.objects.filter(account=account, state="bought").exclude(provider_label_id="")
    last = bought.order_by("-settled_at").first()
    if last is None:
        return False
    try:
        found = provider.find(rate_of(last), key=str(last.key))
    except (RemoteError, Unsupported):
        return False
    return found is not None and found.provider_label_id == last.provider_label_id


def foreign(account: LabelAccount, count: int) -> str:
    """Why the key of perhaps another account is refused: it would find no label for the unsettled
    ones, and each would be bought a second time."""
    are = "is" if count == 1 else "are"
    return (
        f"{_labels(count)} may have been paid with the old key and {are} not settled yet, and "
        f"nothing shows that this key belongs to the same account. Settle what is open first, or "
        f"add this key as an account of its own beside {account.name}."
    )


def needed(account: LabelAccount, count: int) -> str:
    """Why the account cannot be removed yet."""
    verb = "waits" if count == 1 else "wait"
    return (
        f"{account.name} cannot be removed yet: {_labels(count)} of it still {verb} for an outcome, "
        "a refund or a file, and only its key can ask for that."
    )


def _labels(count: int) -> str:
    return "1 label" if count == 1 else f"{count} labels"
