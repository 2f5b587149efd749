"""How EasyPost is called, in code and in sentences."""

SLUG = "easypost"
NAME = "EasyPost"
