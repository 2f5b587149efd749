"""`./dev demo`: everything on 127.0.0.1, third parties simulated; --headless does the main job."""

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creatorflow.demo.processes import DidNotStart
from creatorflow.demo.start import EMAIL, PASSWORD, Started, alone_in, home, started
from creatorflow.embedded_postgres import EmbeddedPostgresError, forget, temporary_folder


def main() -> int:
    """Run the demo; 0 when all went well."""
    given = _arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` would ignore it
    for name in ("SIGTERM", "SIGHUP"):  # the latter: the terminal was closed; Windows has none
        if number := getattr(signal, name, None):
            signal.signal(number, lambda *_: sys.exit(143))
    try:
        with _folder(given) as folder:
            return _headless(folder, given) if given.headless else _with_pages(folder, given)
    except (DidNotStart, EmbeddedPostgresError) as problem:
        print(f"\nThe demo cannot run: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        if given.headless:
            return 130
        print("\nStopped. `./dev demo` continues where this ended.", file=sys.stderr)
        return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--headless", action="store_true", help="the main job without a browser")
    parser.add_argument("--orders", type=int, default=500, help="in the simulated shop")
    parser.add_argument("--seed", type=int, default=1, help="of everything that is made up")
    parser.add_argument("--json", type=Path, help="where --headless writes its figures")
    parser.add_argument("--port", type=int, default=8000, help="of the web server, if it is free")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier starts left")
    given = parser.parse_args()
    if not 1 <= given.orders <= 20_000:
        parser.error("--orders is a number from 1 to 20000")
    return given


@contextmanager
def _folder(given: argparse.Namespace) -> Iterator[Path]:
    """The demo's folder: kept between starts, or (headless) a fresh one that is removed."""
    if given.headless:
        with temporary_folder() as folder:
            yield folder
        return
    folder = home()
    with alone_in(folder):
        if given.fresh:
            forget(folder / "postgres")
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        yield folder


def _with_pages(folder: Path, given: argparse.Namespace) -> int:
    with started(folder, given, pages=True) as all_of_it:
        from creatorflow.demo import job

        watch = job.Watch(all_of_it.demo, all_of_it.processes)
        job.read_orders(watch)
        _say_where(all_of_it, folder)
        job.prepare_quotes(watch)
        while not (name := all_of_it.processes.ended()):
            time.sleep(0.5)
        raise DidNotStart(f"{name} ended; see {folder}/{name}.log")


def _say_where(all_of_it: Started, folder: Path) -> None:
    print(f"""
  CreatorFlow     {all_of_it.web}
  sign in with    {EMAIL}
  password        {PASSWORD}
  third parties   {all_of_it.sandbox}/_control/   (simulated: no money moves)
  logs, e-mails   {folder}

  Ctrl-C stops all of it; ./dev demo goes on from there, --fresh begins anew.
""")
    sys.stdout.flush()


def _headless(folder: Path, given: argparse.Namespace) -> int:
    begun = time.monotonic()
    with started(folder, given, pages=False) as all_of_it:
        from creatorflow.demo import job

        watch = job.Watch(all_of_it.demo, all_of_it.processes)
        try:
            job.read_orders(watch)
            job.prepare_quotes(watch)
            eligible = job.ready_orders(watch.demo).count()
            made = job.buy_all(watch)
            pages = job.print_files(watch, made)
            job.tell_tiktok(watch)
        except job.GotStuck as problem:
            print(f"The job did not end: {problem}", file=sys.stderr)
            return 1
        seconds = time.monotonic() - begun
        result = job.outcome(
            watch.demo, all_of_it.sandbox, eligible=eligible, pages=pages, seconds=seconds
        )
    text = json.dumps(result, indent=2)
    if given.json:
        given.json.write_text(text + "\n")
    print(text)
    return 0 if ties_out(result) else 1


def ties_out(result: dict[str, Any]) -> bool:
    """Whether ledger and wallets agree to the cent, and nothing was paid twice or is unknown."""
    if result["spend"] != result["sandbox_charged"] or result["duplicate_purchases"]:
        print("Our ledger and the sandbox's wallet do not agree.", file=sys.stderr)
        return False
    if result["labels_unknown"]:
        print("Of some purchases nobody knows whether they were paid.", file=sys.stderr)
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
