"""The queues. Who holds a worker for minutes must not keep waiting who needs one for a moment, so each
kind of work has workers of its own: WORKERS processes a queue."""

from enum import StrEnum


class Queue(StrEnum):
    """By the name that the queue's rows carry."""

    # Webhooks, words to TikTok, tokens, and whatever only looks for work: seconds at most.
    NOW = "creatorflow"
    # What somebody pressed and waits for: batches, labels' files, print files.
    BUYING = "creatorflow-buying"
    # What is read from third parties page after page, or computed over many orders.
    READING = "creatorflow-reading"
