"""Let somebody in again who lost the authenticator app and the recovery codes.

Whoever may run this already holds the server. Make sure who is asking: a call, not an e-mail.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import second_step
from core.models import User


class Command(BaseCommand):
    help = "Take the second step of signing in away from one person."

    def add_arguments(self, parser: CommandParser) -> None:
        """The person, by e-mail address."""
        parser.add_argument("email")

    def handle(self, *args: Any, **options: Any) -> None:
        """Says what was done; exits 1 when nobody has that address."""
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        if not second_step.forget(user):
            self.stdout.write(f"{user.email} had no second step.")
            return
        self.stdout.write(f"{user.email} signs in with the password alone from now on.")
