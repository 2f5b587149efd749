"""A client of the webhook benches, in a process of its own: signed deliveries over kept-open
connections, written before the clock starts, so that it costs little while the server is timed.

`python -m bench.webhook_client PLAN.json` prints what was answered as JSON.
"""

import asyncio
import hashlib
import hmac
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BODY_BYTES = 2_353
APP_KEY, APP_SECRET = "bench-key", "bench-secret"


@dataclass(slots=True)
class Answers:
    """Milliseconds of each answer by its status, and the ids that were thanked for."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    stored: list[str] = field(default_factory=list)
    repeated: int = 0


def event(number: str, order: str, shop: str) -> bytes:
    """TikTok's order status event, made as long as BODY_BYTES by what a seller never sees."""
    envelope: dict[str, Any] = {
        "type": 1,
        "tts_notification_id": number,
        "shop_id": shop,
        "timestamp": int(time.time()),
        "data": {
            "order_id": order,
            "order_status": "AWAITING_SHIPMENT",
            "is_on_hold_order": False,
            "update_time": int(time.time()),
            "trace": "",
        },
    }
    missing = BODY_BYTES - len(json.dumps(envelope))
    envelope["data"]["trace"] = random.Random(number).randbytes(missing).hex()[:missing]
    return json.dumps(envelope).encode()


def request(body: bytes, *, forged: bool = False) -> bytes:
    """The whole HTTP request with TikTok's signature, or with one that is off by a digit."""
    signature = hmac.new(APP_SECRET.encode(), APP_KEY.encode() + body, hashlib.sha256).hexdigest()
    if forged:
        signature = f"{int(signature[0], 16) ^ 1:x}{signature[1:]}"
    head = (
        "POST /hooks/tiktok HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: {signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def prepared(plan: dict[str, Any]) -> list[tuple[str, bytes]]:
    """(id, request) in the order of sending; "" for a forged one. A repeated one follows its first
    closely, as a provider's impatience has it."""
    chance = random.Random(plan["seed"])
    made: list[tuple[str, bytes]] = []
    for n in range(plan["events"]):
        number = f"{plan['round']}{n:017}"
        body = event(number, f"5769{n:014}", plan["shop"])
        made.append((number, request(body)))
        draw = chance.random()
        if draw < plan["forged"]:
            made.append(("", request(event(f"9{number}", "0", plan["shop"]), forged=True)))
        elif draw < plan["forged"] + plan["repeated"]:
            made.append(made[max(0, len(made) - chance.randint(1, 40))])
    return made


async def _connection(plan: dict[str, Any], work: Any, answers: Answers, until: float) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plan["port"])
    for number, content in work:
        started = time.perf_counter()
        if started > until:
            break
        writer.write(content)
        head = await reader.readuntil(b"\r\n\r\n")
        answers.milliseconds.append((time.perf_counter() - started) * 1000)
        status = head[9:12].decode()
        answers.statuses[status] = answers.statuses.get(status, 0) + 1
        if status == "200":
            answers.stored.append(number)
    writer.close()


async def _run(plan: dict[str, Any]) -> dict[str, Any]:
    work = iter(prepared(plan))
    answers = Answers()
    started = time.perf_counter()
    until = started + plan["seconds"]
    some = [_connection(plan, work, answers, until) for _ in range(plan["connections"])]
    used = time.process_time()
    await asyncio.gather(*some)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "cpu_seconds": time.process_time() - used,
        "milliseconds": answers.milliseconds,
        "statuses": answers.statuses,
        "thanked": answers.stored,
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.loads(Path(sys.argv[1]).read_text())))))
