"""Buyers who want their order called off, and what the seller answers."""
