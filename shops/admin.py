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
    list_display = ("at", "workspace", "provider", "method", "path", "status", "milliseconds")
    list_filter = ("provider", "status")
