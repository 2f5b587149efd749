"""python -m creatorflow.embedded_postgres COMMAND …: run a command with the database at hand."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from creatorflow.embedded_postgres import start_unless_configured
from creatorflow.embedded_postgres.places import CHECKOUT
from creatorflow.env import load_file


def main(arguments: list[str]) -> int:
    """Run a command with a database: the embedded one unless DATABASE_URL is set; its exit code."""
    if not arguments:
        print(
            "usage: python -m creatorflow.embedded_postgres COMMAND [ARGUMENT ...]", file=sys.stderr
        )
        return 2
    load_file(Path(os.environ.get("CREATORFLOW_ENV_FILE", CHECKOUT / ".env")))
    server = start_unless_configured()
    try:
        child = subprocess.Popen(arguments)
        # Ctrl-C reaches the child by itself; a service manager's signal is passed on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: child.send_signal(number))
        code = child.wait()
        return code if code >= 0 else 128 - code  # as a shell says it
    finally:
        if server:
            server.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
