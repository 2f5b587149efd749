"""The half of core's pages that lives inside a workspace (namespace core)."""

from django.urls import path

from core.views import freshness, inbox, records, team

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
    path("freshness/", freshness.dots, name="freshness"),
    path("freshness/behind/", freshness.behind, name="behind"),
    path("webhooks/", inbox.inbox, name="inbox"),
    path("webhooks/again/", inbox.replay, name="inbox-replay"),
    path("webhooks/dismiss/", inbox.dismiss, name="inbox-dismiss"),
    path("webhooks/<int:event_id>/", inbox.event, name="inbox-event"),
    path("audit/", records.audit_trail, name="audit"),
]
