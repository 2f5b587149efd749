from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "shops.policy"
    label = "policy"

    def ready(self) -> None:
        """Name the rules in force in the audit trail."""
        from core.audit_words import tell_subjects
        from shops.policy.subjects import rules

        tell_subjects("policy", rules)
