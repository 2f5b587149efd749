"""How long a silent process is taken for alive, and a lost message for still on its way."""

from datetime import timedelta

from django.conf import settings


def patience(**span: float) -> timedelta:
    """`timedelta(**span)`; a crash rehearsal has all of them shortened alike by PATIENCE, so that
    they keep their order."""
    return timedelta(**span) * settings.PATIENCE
