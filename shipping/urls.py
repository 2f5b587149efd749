"""Pages of shipping, below the workspace."""

from django.urls import path

from shipping.views import (
    accounts,
    batch_list,
    batches,
    labels,
    panel,
    printing,
    settings,
    sheet,
    skus,
)

app_name = "shipping"

urlpatterns = [
    path("settings/", settings.page, name="settings"),
    path("settings/addresses/add/", settings.add_address, name="address-add"),
    path("settings/addresses/<int:address_id>/", settings.edit_address, name="address-edit"),
    path(
        "settings/addresses/<int:address_id>/default/",
        settings.default_address,
        name="address-default",
    ),
    path(
        "settings/addresses/<int:address_id>/delete/",
        settings.delete_address,
        name="address-delete",
    ),
    path("settings/boxes/add/", settings.add_preset, name="preset-add"),
    path("settings/boxes/<int:preset_id>/", settings.edit_preset, name="preset-edit"),
    path("settings/boxes/<int:preset_id>/default/", settings.default_preset, name="preset-default"),
    path("settings/boxes/<int:preset_id>/delete/", settings.delete_preset, name="preset-delete"),
    path("settings/accounts/add/", accounts.add, name="account-add"),
    path("settings/accounts/<uuid:account_id>/check/", accounts.check, name="account-check"),
    path("settings/accounts/<uuid:account_id>/key/", accounts.new_key, name="account-key"),
    path("settings/accounts/<uuid:account_id>/remove/", accounts.remove, name="account-remove"),
    path("settings/skus/", skus.skus, name="skus"),
    path("settings/skus/<int:sku_id>/", skus.edit, name="sku-edit"),
    path("sheet/", sheet.sheet, name="sheet"),
    path("buy/", sheet.buy, name="buy"),
    path("batches/", batch_list.listing, name="batches"),
    path("batches/<uuid:batch_id>/", batches.batch, name="batch"),
    path("batches/<uuid:batch_id>/retry/", batches.retry, name="batch-retry"),
    path("batches/<uuid:batch_id>/stop/", batches.stop, name="batch-stop"),
    path("batches/<uuid:batch_id>/pick-list.pdf", printing.batch_picklist, name="batch-picklist"),
    path("batches/<uuid:batch_id>/packing-slips.pdf", printing.batch_slips, name="batch-slips"),
    path("print-files/<int:file_id>/", printing.print_file, name="print-file"),
    path("print/labels/", printing.print_selected, name="print-selected"),
    path("print/pick-list/", printing.picklist, name="picklist"),
    path("print/packing-slips/", printing.slips, name="slips"),
    path("labels/<int:label_id>/print/", printing.label_print, name="label-print"),
    path("labels/<int:label_id>/void/", labels.void, name="label-void"),
    path("labels/<int:label_id>/fetch/", labels.fetch, name="label-fetch"),
    path("labels/<int:label_id>/ask/", labels.ask, name="label-ask"),
    path("labels/<int:label_id>/resolve/", labels.resolve, name="label-resolve"),
    path("orders/<int:order_id>/shipping/", panel.panel, name="order-panel"),
    path("orders/<int:order_id>/parcel/", panel.save_parcel, name="order-parcel"),
    path("orders/<int:order_id>/rates/", panel.requote, name="requote"),
    path("orders/<int:order_id>/rate/", panel.choose, name="choose-rate"),
]
