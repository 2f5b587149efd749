from django.apps import AppConfig


class ShopsConfig(AppConfig):
    name = "shops"

    def ready(self) -> None:
        """Say how fresh each shop is on every page."""
        from core.shell import tell_freshness
        from shops.freshness import freshness

        tell_freshness(freshness)
