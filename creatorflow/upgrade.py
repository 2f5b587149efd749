"""What `manage.py upgrade_check` asks, one after the other."""

# Dotted functions that yield core.upgrades.Finding
CHECKS: tuple[str, ...] = (
    "core.upgrades.migrations",
    "core.upgrades.vault_keys",
    "core.upgrades.workers",
    "core.upgrades.disk_space",
    "shipping.upgrades.purchases",
    "shipping.upgrades.batches",
)
