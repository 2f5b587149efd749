"""Shops for support: to look at, never to edit; secrets are not shown."""

from django.contrib import admin
from django.http import HttpRequest

from shops.models import ApiCall, Authorization, Shop


class ReadOnly(admin.ModelAdmin):
    """A list and its rows, without any way to change them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody changes by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody deletes by hand."""
        return False


@admin.register(Authorization)
class AuthorizationAdmin(ReadOnly):
    list_display = ("seller_name", "workspace", "state", "access_expires_at", "refreshed_at")
    list_filter = ("state", "region")
    exclude = ("access_token_sealed", "refresh_token_sealed")


@admin.register(Shop)
class ShopAdmin(ReadOnly):
    list_display = ("name", "workspace", "region", "connected_at", "disconnected_at")
    search_fields = ("name", "tiktok_id", "code")
    exclude = ("cipher",)


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnly):
    list_display = ("at", "workspace", "provider", "method", "path", "status", "milliseconds")
    list_filter = ("provider", "status")
