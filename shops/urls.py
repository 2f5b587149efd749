"""Pages of shops, below the workspace."""

from django.urls import path

from shops import views

app_name = "shops"

urlpatterns = [
    path("shops/", views.shop_list, name="list"),
    path("shops/checks/", views.check_list, name="checks"),
    path("shops/webhooks/", views.webhook_list, name="webhooks"),
    path("shops/<int:shop_id>/webhooks/", views.check_webhooks, name="check-webhooks"),
    path("shops/connect/", views.connect_shop, name="connect"),
    path("shops/<int:shop_id>/sync/", views.sync_now, name="sync"),
    path("shops/<int:shop_id>/disconnect/", views.disconnect_shop, name="disconnect"),
]
