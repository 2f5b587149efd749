"""Clock → job: the one table of scheduled work (`manage.py apply_schedules` writes it into the queue)."""

# name: (dotted job, minutes between runs)
SCHEDULES: dict[str, tuple[str, int]] = {
    "sync-due-shops": ("orders.sync.sync_due_shops", 1),
    "reconcile-orders": ("orders.reconciliation.reconcile_due", 5),
    "check-webhooks": ("shops.subscriptions.check_due", 60),
    "refresh-tokens": ("shops.tokens.refresh_due", 5),
    "tell-endings": ("shops.endings.tell_endings", 60),
    "webhook-inbox": ("core.inbox.process_due", 1),
    "forget-webhooks": ("core.dead_letters.forget_old", 1440),
    "read-products": ("shops.catalog.reading.read_due_skus", 1),
    "prepare-quotes": ("shipping.quoting.quote_due", 1),
    "resume-batches": ("shipping.batches.resume_stalled", 1),
    "reconcile-labels": ("shipping.labels.reconcile.reconcile_due", 1),
    "follow-refunds": ("shipping.labels.void.voids_due", 5),
    "probe-accounts": ("shipping.probes.probe_due", 1),
    "fetch-documents": ("shipping.labels.documents.fetch_due", 1),
    "hand-over-numbers": ("shipping.labels.telling.tell_due", 1),
    "track-parcels": ("shipping.tracking.poll.poll_due", 5),
    "tell-tiktok": ("orders.dispatch.dispatch_due", 1),
    "release-holds": ("orders.actions.release_due", 1),
    "clear-sessions": ("core.sessions.clear_ended", 1440),
    "erase-buyers": ("shipping.privacy.erase_due", 1440),
    "tidy-journal": ("shops.journal.tidy", 1440),
}
