"""Seal every stored secret again with the first key of VAULT_KEYS.

Put the new key in front of the old one, restart, run this, then take the old key away. It may be
stopped and run again at any time: rows already sealed with the current key are passed over.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from core import second_step, vault


def sealed_columns() -> list[tuple[type[models.Model], dict[str, str]]]:
    """Every model that declares `SEALED`: column -> whom its text is sealed for, with `{pk}`."""
    return [
        (model, columns)
        for model in apps.get_models()
        if isinstance(columns := getattr(model, "SEALED", None), dict)
    ]


class Command(BaseCommand):
    help = "Seal every stored secret again with the current vault key."

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints one line of counts per model; exits 1 when a secret cannot be read."""
        damaged = 0
        for model, columns in sealed_columns():
            counts = {"sealed again": 0, "current already": 0, "unreadable": 0}
            for pk in model._default_manager.order_by("pk").values_list("pk", flat=True):
                for outcome in _rotate(model, pk, columns):
                    counts[outcome] += 1
            damaged += counts["unreadable"]
            self._tell(model._meta.label, counts)
        counts = {"sealed again": 0, "current already": 0, "unreadable": 0}
        for outcome in second_step.reseal():
            counts[outcome] += 1
        damaged += counts["unreadable"]
        self._tell("mfa.Authenticator", counts)
        if damaged:
            self.stderr.write(
                f"{damaged} secrets cannot be read with any of VAULT_KEYS; they were left alone."
            )
            raise SystemExit(1)

    def _tell(self, label: str, counts: dict[str, int]) -> None:
        words = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        self.stdout.write(f"{label}: {words}")


def _rotate(model: type[models.Model], pk: object, columns: dict[str, str]) -> list[str]:
    """Rotate one row under its lock, so that a token refreshed meanwhile is not overwritten."""
    outcomes = []
    with transaction.atomic():
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        changed = []
        for column, owner in columns.items() if row is not None else ():
            sealed = getattr(row, column)
            if not sealed:
                continue
            if vault.key_id_of(sealed) == vault.current_key_id():
                outcomes.append("current already")
                continue
            who = owner.format(pk=pk)
            try:
                plain = vault.unseal(sealed, owner=who)
            except vault.VaultError:
                outcomes.append("unreadable")
                continue
            setattr(row, column, vault.seal(plain, owner=who))
            changed.append(column)
            outcomes.append("sealed again")
        if row is not None and changed:
            row.save(update_fields=changed)
    return outcomes
