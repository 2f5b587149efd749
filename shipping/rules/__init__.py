"""Automation rules: what orders that look like this are to be given, decided before they are quoted."""
