"""How Shippo is called, in code and in sentences."""

SLUG = "shippo"
NAME = "Shippo"
