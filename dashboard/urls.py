"""The home page."""

from django.urls import path

from dashboard import views

app_name = "dashboard"

urlpatterns = [
    path("", views.plan, name="plan"),
    path("plan/two-weeks/", views.two_weeks, name="two-weeks"),
]
