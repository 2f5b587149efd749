"""Shops for support: to look at, never to edit; secrets are not shown."""

from django.contrib import admin

from core.admin import LookOnly
from shops.models import ApiCall, Authorization, Shop


@admin.register(Authorization)
class AuthorizationAdmin(LookOnly):
    list_display = ("seller_name", "workspace", "state", "access_expires_at", "refreshed_at")
    list_filter = ("state", "region")
    exclude = ("access_token_sealed", "refresh_token_sealed")


@admin.register(Shop)
class ShopAdmin(LookOnly):
    list_display = ("name", "workspace", "region", "connected_at", "disconnected_at")
    search_fields = ("name", "tiktok_id", "code")
    exclude = ("cipher",)


@admin.register(ApiCall)
class ApiCallAdmin(LookOnly):
    """Every failure and slow call, and some of the others; `subject` is TikTok's order number."""

    list_display = (
        "at",
        "workspace",
        "provider",
        "method",
        "path",
        "status",
        "milliseconds",
        "error",
        "subject",
        "request_id",
    )
    list_filter = ("provider", "method", "status", ("at", admin.DateFieldListFilter))
    list_select_related = ("workspace",)
    search_fields = ("=subject", "=request_id", "path", "=workspace__slug")
    date_hierarchy = "at"
    ordering = ("-at",)
