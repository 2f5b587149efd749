from django.apps import AppConfig


class ShippingConfig(AppConfig):
    name = "shipping"

    def ready(self) -> None:
        """Name batches, accounts, addresses, boxes, rules and presets in the audit trail."""
        from core.audit_words import tell_subjects
        from shipping import subjects

        tell_subjects("batch", subjects.batches)
        tell_subjects("account", subjects.accounts)
        tell_subjects("ship_from", subjects.addresses)
        tell_subjects("parcel", subjects.boxes)
        tell_subjects("approval", subjects.approvals)
        tell_subjects("spend_limits", subjects.spend_limits)
        tell_subjects("rule", subjects.rules)
        tell_subjects("ruleset", subjects.rule_sets)
        tell_subjects("preset", subjects.presets)
        tell_subjects("savings", subjects.baselines)
