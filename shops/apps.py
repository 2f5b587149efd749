from django.apps import AppConfig


class ShopsConfig(AppConfig):
    name = "shops"

    def ready(self) -> None:
        """Say how fresh each shop is on every page; name shops and SKUs in the audit trail."""
        from core.audit_words import tell_subjects
        from core.shell import tell_freshness
        from shops import subjects
        from shops.freshness import freshness

        tell_freshness(freshness)
        tell_subjects("shop", subjects.shops)
        tell_subjects("authorization", subjects.authorizations)
        tell_subjects("sku", subjects.skus)
