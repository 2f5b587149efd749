"""The half of core's pages that lives inside a workspace (namespace core)."""

from django.urls import path

from core.views import records, team

urlpatterns = [
    path("team/", team.team, name="team"),
    path("team/invite/", team.invite, name="team-invite"),
    path("team/<int:membership_id>/role/", team.change_role, name="team-role"),
    path("team/<int:membership_id>/remove/", team.remove, name="team-remove"),
    path("team/invitations/<int:invitation_id>/revoke/", team.revoke, name="team-revoke"),
    path("team/leave/", team.leave, name="team-leave"),
    path("team/workspace/", team.change_workspace, name="workspace"),
    path("notifications/", records.notifications, name="notifications"),
    path("notifications/seen/", records.mark_seen, name="notifications-seen"),
    path("audit/", records.audit_trail, name="audit"),
]
