"""Asking EasyPost and Shippo to send their events here: a person presses a button, and reads how it
went."""

from django.contrib.messages import get_messages
from django.test import Client

from core.access import wreverse
from core.models import AuditEntry
from tests.faults.label_calls import OfAccount, put_right
from tests.faults.subjects import READ, WRITE, Subject


class Listening(OfAccount):
    """Registering our address, once; it carries the secret that proves who tells us."""

    call = "listen"
    kind = WRITE
    method = "POST"

    def prepare(self) -> None:
        super().prepare()
        self.said = ""
        self.noted_before = 0

    def act(self) -> None:
        browser = Client()
        browser.force_login(self.bench.user)
        page = wreverse(self.bench.workspace, "shipping:account-listen", account_id=self.account.pk)
        answer = browser.post(page)
        self.said = " ".join(str(one) for one in get_messages(answer.wsgi_request))

    def noted(self) -> int:
        return AuditEntry.objects.filter(action="account.listening").count()

    def row(self) -> str:
        listens = self.noted() > self.noted_before
        return self.with_account("listening" if listens else "not listening")

    def seen(self) -> str:
        return self.said

    def settle(self) -> str:
        put_right(self.account)
        self.act()
        return self.row()


class Hooks(Listening):
    """Which addresses the provider knows already."""

    call = "list webhooks"
    kind = READ
    method = "GET"


class EasyPostHooks(Hooks):
    provider, slug, path = "EasyPost", "easypost", "/v2/webhooks"


class EasyPostListening(Listening):
    provider, slug, path = "EasyPost", "easypost", "/v2/webhooks"


class EasyPostSecret(Listening):
    """The address is known already: it gets the secret anew."""

    provider, slug, path = "EasyPost", "easypost", "/v2/webhooks/*"
    call = "listen, again"
    method = "PATCH"

    def prepare(self) -> None:
        super().prepare()
        self.act()
        self.noted_before = self.noted()


class ShippoHooks(Hooks):
    provider, slug, path = "Shippo", "shippo", "/webhooks"


class ShippoListening(Listening):
    provider, slug, path = "Shippo", "shippo", "/webhooks"


CALLS: tuple[type[Subject], ...] = (
    EasyPostHooks,
    EasyPostListening,
    EasyPostSecret,
    ShippoHooks,
    ShippoListening,
)
