from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "dashboard"

    def ready(self) -> None:
        """Say on every page what does not answer."""
        from core.shell import tell_freshness
        from dashboard.connections import trouble

        tell_freshness(trouble)
