"""What granian serves: the webhook receiver first, Django for everything else."""

import os

from django.core.wsgi import get_wsgi_application

from core.receiver import PREFIX, WSGI, Environ, Receiver, StartResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creatorflow.settings")


def before(receiver: Receiver, application: WSGI) -> WSGI:
    """One application: webhooks go to `receiver`, which knows nothing of Django's middlewares."""

    def answer(environ: Environ, start_response: StartResponse) -> object:
        mine = environ["PATH_INFO"].startswith(PREFIX)
        return (receiver if mine else application)(environ, start_response)

    return answer


def make_receiver() -> Receiver:
    """The receiver of this process. Django has to be set up; nothing is connected yet."""
    from django.db import connection

    from core.inbox import wake_from_server
    from core.inbox_store import InboxStore
    from core.waking import Waker
    from creatorflow.receivers import SOURCES

    store = InboxStore(connection.settings_dict)
    return Receiver(SOURCES, store=store, wake=Waker(wake_from_server))


_django = get_wsgi_application()
application = before(make_receiver(), _django)
