"""Who may make an account: everybody, or those with an invitation's link (the setting SIGNUP)."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import timezone

from core.models import Invitation, User
from core.workspaces import why_not


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library is untyped
    """Asked by the sign-up page. The first person of an empty installation needs no invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Whether this visitor sees the form, and may send it."""
        return is_open() or invitation_of(request) is not None

    def clean_email(self, email: str) -> str:
        """Whoever comes by an invitation signs up with its address, as its link is good for no
        other."""
        invitation = None if is_open() or self.request is None else invitation_of(self.request)
        if invitation is not None and invitation.email.lower() != email.strip().lower():
            raise ValidationError(
                f"This invitation was sent to {invitation.email}. Sign up with that address."
            )
        return str(super().clean_email(email))


def is_open() -> bool:
    """Whether a stranger may make an account now; a rehearsal is open, it has nothing to lose."""
    return settings.REHEARSAL or settings.SIGNUP == "open" or not User.objects.exists()


def invitation_of(request: HttpRequest) -> Invitation | None:
    """The invitation that the visitor comes from and will go back to, while it can be accepted."""
    try:
        match = resolve(request.POST.get("next") or request.GET.get("next") or "")
    except Resolver404:
        return None
    if match.view_name != "core:invitation":
        return None
    found = Invitation.objects.filter(token=match.kwargs["token"]).first()
    return None if why_not(found, None, now=timezone.now()) else found
