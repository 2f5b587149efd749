from django.apps import AppConfig


class ShopsConfig(AppConfig):
    name = "shops"

    def ready(self) -> None:
        """Say how fresh each shop is on every page; name shops and SKUs in the audit trail; write
        the journal down when a job or a request ends."""
        from django.core.signals import request_finished
        from django_q.signals import post_execute_in_worker

        from core.audit_words import tell_subjects
        from core.shell import tell_freshness
        from shops import journal, subjects
        from shops.freshness import freshness

        tell_freshness(freshness)
        tell_subjects("shop", subjects.shops)
        tell_subjects("authorization", subjects.authorizations)
        tell_subjects("sku", subjects.skus)
        for ended in (post_execute_in_worker, request_finished):
            ended.connect(journal.flush, dispatch_uid="journal")
