"""Support staff may look at what was bought and why; keys and addresses stay out of sight."""

from django.contrib import admin

from core.admin import LookOnly
from shipping.models import Label, LabelAccount, LedgerEntry, ParcelPreset, PrintFile, ShipFrom


@admin.register(LabelAccount)
class LabelAccountAdmin(LookOnly):
    list_display = (
        "workspace",
        "provider",
        "name",
        "state",
        "mode",
        "checked_at",
        "paused_because",
    )
    list_filter = ("provider", "state", "mode")
    list_select_related = ("workspace",)
    exclude = ("key_sealed",)


@admin.register(Label)
class LabelAdmin(LookOnly):
    list_display = (
        "id", "workspace", "order_id", "part", "state", "provider", "service_name", "cost", "currency",
        "settled_at", "reason",
    )  # fmt: skip
    list_filter = ("state", "provider")
    list_select_related = ("workspace",)
    search_fields = ("=order__tiktok_id", "=tracking_number", "=provider_label_id", "=key")
    exclude = ("spec", "label_url")  # addresses, and a link that needs no sign-in
    raw_id_fields = ("order", "account", "quote_set", "batch", "print_file")
    ordering = ("-id",)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(LookOnly):
    list_display = (
        "at",
        "workspace",
        "label_id",
        "kind",
        "amount",
        "currency",
        "provider",
        "reference",
    )
    list_filter = ("kind", "provider")
    list_select_related = ("workspace",)
    search_fields = ("=reference",)
    raw_id_fields = ("label",)
    ordering = ("-at",)


@admin.register(PrintFile)
class PrintFileAdmin(LookOnly):
    list_display = (
        "created_at",
        "workspace",
        "batch_id",
        "number",
        "kind",
        "label_count",
        "printed_at",
    )
    list_select_related = ("workspace",)
    exclude = ("file_key",)
    ordering = ("-created_at",)


@admin.register(ShipFrom)
class ShipFromAdmin(LookOnly):
    list_display = ("workspace", "label", "city", "state", "country", "is_default")
    list_select_related = ("workspace",)


@admin.register(ParcelPreset)
class ParcelPresetAdmin(LookOnly):
    list_display = (
        "workspace", "name", "length_mm", "width_mm", "height_mm", "weight_g", "is_default",
    )  # fmt: skip
    list_select_related = ("workspace",)
