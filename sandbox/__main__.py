"""`python -m sandbox`: TikTok Shop, EasyPost and Shippo on one loopback port."""

import argparse
import asyncio
from pathlib import Path

from sandbox.server import Options, serve


def _latency(text: str) -> dict[str, float]:
    """`rate=0.3,buy=0.7` as seconds per class of call."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {name.strip(): float(value) for name, _, value in pairs}


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port and prints it")
    parser.add_argument("--orders", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shops", type=int, choices=(1, 2), default=1)
    parser.add_argument("--state", type=Path, help="file that keeps the world between starts")
    parser.add_argument("--durable", action="store_true", help="answer only what --state holds")
    parser.add_argument("--ready-file", type=Path, help="gets {url, pid} once it listens")
    parser.add_argument("--thanked", type=Path, help="gets the SHA-256 of each webhook's body")
    parser.add_argument("--latency", type=_latency, default={}, metavar="rate=0.3,buy=0.7")
    parser.add_argument("--webhook-url", help="address of TikTok's webhooks")
    parser.add_argument("--redirect-url", help="where the authorize page sends people back to")
    parser.add_argument("--tiktok-rate", type=float, help="calls per second, shop and path; 0 off")
    parser.add_argument(
        "--document-delay", type=float, help="seconds until TikTok's label is there"
    )
    given = parser.parse_args()
    settings = {
        "webhook_url": given.webhook_url,
        "redirect_url": given.redirect_url,
        "rate_limit": given.tiktok_rate,
        "document_delay": given.document_delay,
    }
    return Options(
        port=given.port,
        orders=given.orders,
        seed=given.seed,
        shops=given.shops,
        state=given.state,
        durable=given.durable,
        ready_file=given.ready_file,
        thanked=given.thanked,
        latency=given.latency,
        settings={name: value for name, value in settings.items() if value is not None},
    )


def main() -> None:
    """Run until Ctrl-C or SIGTERM."""
    asyncio.run(
        serve(_options(), started=lambda url: print(f"sandbox listening on {url}", flush=True))
    )


if __name__ == "__main__":
    main()
