"""A world per test: rows in PostgreSQL, TikTok over a swapped wire, label providers in memory."""

from tests.shipping.labels.worlds import world as world
