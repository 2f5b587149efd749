"""The home page, and what the workspace is connected to."""

from django.urls import path

from dashboard import connection_views, views

app_name = "dashboard"

urlpatterns = [
    path("", views.plan, name="plan"),
    path("plan/two-weeks/", views.two_weeks, name="two-weeks"),
    path("connections/", connection_views.page, name="connections"),
    path("connections/try/", connection_views.try_now, name="connection-try"),
]
