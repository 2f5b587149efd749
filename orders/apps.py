from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"

    def ready(self) -> None:
        """Name orders in the audit trail."""
        from core.audit_words import tell_subjects
        from orders.subjects import orders

        tell_subjects("order", orders)
