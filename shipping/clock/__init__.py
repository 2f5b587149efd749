"""The clock: when a carrier is expected to scan, whether that is in time, and what a week has left."""
