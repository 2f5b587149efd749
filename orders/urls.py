"""Pages of orders, below the workspace."""

from django.urls import path

from orders.views import bulk, combining, detail, listing, packages, parcels, timeline, truth

app_name = "orders"

urlpatterns = [
    path("queue/", listing.queue, name="queue"),
    path("queue/bulk/", bulk.bulk, name="bulk"),
    path("orders/<int:order_id>/", detail.detail, name="detail"),
    path("orders/<int:order_id>/packages/", packages.read, name="packages"),
    path("orders/<int:order_id>/parcels/", parcels.parcels, name="parcels"),
    path("orders/<int:order_id>/tracking/edit/", packages.edit_tracking, name="tracking-edit"),
    path("orders/<int:order_id>/box/leave/", combining.leave, name="box-leave"),
    path("combine/", combining.page, name="combine"),
    path("combine/look/", combining.look, name="combine-look"),
    path("combine/<int:group_id>/join/", combining.join, name="combine-join"),
    path("orders/<int:order_id>/timeline/", timeline.history, name="timeline"),
    path("orders/<int:order_id>/act/", bulk.act, name="action"),
    path("orders/<int:order_id>/address/", detail.fix_address, name="fix-address"),
    path("orders/<int:order_id>/weights/", detail.fix_weights, name="fix-weights"),
    path("orders/<int:order_id>/note/", detail.save_note, name="note"),
    path("reconciliation/", truth.reconciliations, name="reconciliations"),
    path("reconciliation/<int:shop_id>/", truth.reconcile_now, name="reconcile"),
]
