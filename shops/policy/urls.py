"""The rules in force, below the workspace."""

from django.urls import path

from shops.policy import views

app_name = "policy"

urlpatterns = [
    path("", views.rules, name="rules"),
    path("change/", views.override, name="override"),
    path("<int:override_id>/withdraw/", views.withdraw, name="withdraw"),
]
