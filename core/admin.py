"""Support staff may look, and correct people's accounts; nothing here spends money or shows a
secret."""

from typing import ClassVar

from allauth.account.decorators import secure_admin_login
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from core import dead_letters
from core.models import (
    AuditEntry,
    Batch,
    BatchItem,
    Circuit,
    Heartbeat,
    Invitation,
    Membership,
    Notification,
    RateLimit,
    User,
    WebhookEvent,
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


admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(LookOnly):
    """Who has a second step; its secret is nobody's to see."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    fields = ("user", "type", "created_at", "last_used_at")


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


@admin.register(Circuit)
class CircuitAdmin(LookOnly):
    list_display = ("key", "state", "failures", "failing_since", "retry_at", "last_error")
    list_filter = ("state",)


@admin.register(Heartbeat)
class HeartbeatAdmin(LookOnly):
    list_display = ("process", "version", "build", "started_at", "seen_at")
    ordering = ("-seen_at",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(LookOnly):
    """Events of every owner, also of those that no workspace knows. What they say is shown to the
    workspace's people only."""

    list_display = ("received_at", "provider", "event", "owner", "workspace", "state", "reason")
    list_filter = ("state", "provider")
    list_select_related = ("workspace",)
    search_fields = ("=dedupe", "=owner", "=subject")
    exclude = ("body",)
    ordering = ("-pk",)
    actions = ("handle_again",)

    def get_queryset(self, request: HttpRequest):  # type: ignore[no-untyped-def]
        return super().get_queryset(request).defer("body")

    @admin.action(description="Handle again")
    def handle_again(self, request: HttpRequest, queryset: "QuerySet[WebhookEvent]") -> None:
        """Only for staff that may change events: it makes calls in the seller's name."""
        assert isinstance(request.user, User)  # noqa: S101 - nobody else gets here
        again = WebhookEvent.objects.filter(pk__in=list(queryset.values_list("pk", flat=True)))
        count = dead_letters.replay(again, by=request.user, now=timezone.now())
        self.message_user(request, f"{count} of {queryset.count()} are being handled again.")
