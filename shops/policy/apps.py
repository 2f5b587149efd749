from django.apps import AppConfig


class PolicyConfig(AppConfig):
    name = "shops.policy"
    label = "policy"
