"""`python -m bench NAME [--json FILE]`: run one measurement and write its figure."""

import argparse
import importlib
import json
import sys
from pathlib import Path

# name: module with run() -> {"figure", "unit", "input", "limit", "ratio", ...}
BENCHES = {
    "cancel_race": "bench.cancel_race",
    "crash": "bench.crash",
    "deadlines": "bench.deadlines",
    "labels": "bench.labels",
    "labels_floor": "bench.labels_floor",
    "merge": "bench.merge",
    "missed": "bench.missed",
    "queue_page": "bench.queue_page",
    "rules_dry_run": "bench.rules_dry_run",
    "sync": "bench.sync",
    "webhook_latency": "bench.webhook_latency",
    "webhooks": "bench.webhooks",
}


def main(arguments: list[str] | None = None) -> int:
    """0 when the figure keeps its limit, 1 when it does not."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("name", choices=sorted(BENCHES))
    parser.add_argument("--json", type=Path, metavar="FILE")
    options, rest = parser.parse_known_args(arguments)
    module = importlib.import_module(BENCHES[options.name])
    more = argparse.ArgumentParser(prog=f"bench {options.name}", description=module.__doc__)
    if hasattr(module, "arguments"):
        module.arguments(more)
    result = module.run(**vars(more.parse_args(rest)))
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return 0 if result.get("kept", True) else 1


if __name__ == "__main__":
    sys.exit(main())
