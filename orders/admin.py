"""Orders for support: to look at, never to edit."""

from django.contrib import admin

from core.admin import LookOnly
from orders.models import Dispatch, Order, SyncCursor


@admin.register(Order)
class OrderAdmin(LookOnly):
    list_display = ("tiktok_id", "workspace", "status", "stage", "blocker", "updated_at")
    list_filter = ("stage", "lane")
    search_fields = ("=tiktok_id",)
    show_full_result_count = False
    # Personal data of buyers is the workspace's, not support's.
    exclude = ("recipient", "fixed_recipient", "raw", "search_text", "buyer_message")


@admin.register(SyncCursor)
class SyncCursorAdmin(LookOnly):
    list_display = ("shop", "complete_until", "backfilled_at", "due_at", "failures", "last_error")


@admin.register(Dispatch)
class DispatchAdmin(LookOnly):
    list_display = (
        "order",
        "part",
        "state",
        "tracking_number",
        "carrier",
        "due_at",
        "attempts",
        "code",
    )
    list_filter = ("state",)
