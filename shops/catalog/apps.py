from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "shops.catalog"
    label = "catalog"
