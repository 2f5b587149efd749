"""Where TikTok sends sellers back to: one address for every workspace, set in Partner Center."""

from django.urls import path

from shops import callbacks

app_name = "connect"

urlpatterns = [
    path("connect/tiktok/callback", callbacks.callback, name="callback"),
    path("connect/tiktok/install", callbacks.install, name="install"),
]
