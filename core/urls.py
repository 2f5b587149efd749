"""Pages of people and workspaces: before a workspace is chosen, and inside it."""

from django.urls import include, path

from core import pages
from core.views import home, invitations

app_name = "core"

urlpatterns = [
    path("", home.home, name="home"),
    path("favicon.ico", pages.favicon, name="favicon"),
    path("new-workspace/", home.new_workspace, name="new-workspace"),
    path("switch/<slug:slug>/", home.switch, name="switch"),
    path("invitations/<str:token>/", invitations.invitation, name="invitation"),
    path("invitations/<str:token>/accept/", invitations.accept, name="accept-invitation"),
    # One namespace holds both halves, so this half is mounted here, not in creatorflow.urls.
    path("w/<slug:workspace>/", include("core.workspace_urls")),
]
