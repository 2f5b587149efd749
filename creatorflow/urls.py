"""Path → view. Everything of a workspace lives below its slug."""

from django.contrib import admin
from django.urls import include, path

workspace = [
    path("", include("dashboard.urls")),
    path("", include("orders.urls")),
    path("", include("shipping.urls")),
    path("", include("shops.urls")),
    path("rules/", include("shops.policy.urls")),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("", include("core.urls")),
    path("", include("shops.callback_urls")),
    path("w/<slug:workspace>/", include(workspace)),
]

handler403 = "core.pages.forbidden"
handler404 = "core.pages.not_found"
handler500 = "core.pages.server_error"
