"""Measurements: each prints one figure, with what was fed in and the limit it is held against."""
