"""Support staff may look, and correct people's accounts; nothing here spends money or shows a
secret."""

from typing import ClassVar

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from core.models import (
    AuditEntry,
    Batch,
    BatchItem,
    Invitation,
    Membership,
    Notification,
    RateLimit,
    User,
    Workspace,
)

# The same page, rate limits and checks as everybody's sign-in.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = "CreatorFlow support"
admin.site.site_title = "CreatorFlow support"


class LookOnly(admin.ModelAdmin):
    """Rows that are read, never written, by hand."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """People: staff may close an account; passwords are set by their owners only."""

    list_display = ("email", "is_active", "is_staff", "last_login", "date_joined")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email",)
    ordering = ("email",)
    fields = (
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "last_login",
        "date_joined",
    )
    readonly_fields = ("email", "last_login", "date_joined")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes somebody staff."""
        own = tuple(self.readonly_fields)
        return own if request.user.is_superuser else (*own, "is_staff")


@admin.register(Workspace)
class WorkspaceAdmin(LookOnly):
    list_display = ("name", "slug", "time_zone", "created_at")
    search_fields = ("name", "slug")
    ordering = ("-created_at",)


@admin.register(Membership)
class MembershipAdmin(LookOnly):
    list_display = ("workspace", "user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("workspace", "user")
    search_fields = ("workspace__slug", "user__email")


@admin.register(Invitation)
class InvitationAdmin(LookOnly):
    list_display = ("workspace", "email", "role", "created_at", "expires_at", "accepted_at")
    list_select_related = ("workspace",)
    exclude = ("token",)  # whoever reads it could join


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnly):
    list_display = ("at", "workspace", "actor", "action", "subject", "summary")
    list_select_related = ("workspace", "actor")
    search_fields = ("subject", "action", "workspace__slug")
    ordering = ("-at",)


@admin.register(Notification)
class NotificationAdmin(LookOnly):
    list_display = ("created_at", "workspace", "level", "text", "seen_at")
    list_select_related = ("workspace",)
    ordering = ("-created_at",)


class ItemInline(admin.TabularInline):
    """The items that did not go well: a batch may hold a thousand."""

    model = BatchItem
    fields = ("position", "subject_id", "state", "reason", "attempts", "settled_at")
    readonly_fields = fields
    extra = 0
    can_delete = False
    ordering: ClassVar[tuple[str, ...]] = ("position",)

    def get_queryset(self, request: HttpRequest):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).filter(state__in=("failed", "unknown", "left_out"))

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Batch)
class BatchAdmin(LookOnly):
    list_display = ("public_id", "workspace", "kind", "state", "created_at", "finished_at")
    list_filter = ("state", "kind")
    list_select_related = ("workspace",)
    inlines = (ItemInline,)
    ordering = ("-created_at",)


@admin.register(RateLimit)
class RateLimitAdmin(LookOnly):
    list_display = ("key", "next_at")
