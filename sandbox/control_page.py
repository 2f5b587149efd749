"""The control page: what the sandbox holds, and plain forms that post to the control API."""

import html
from typing import Any

Json = dict[str, Any]
STYLE = (
    "body{font:15px system-ui;margin:2rem auto;max-width:64rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .7rem;text-align:left;"
    "border-bottom:1px solid #ddd}form{display:inline-block;margin:.2rem 1rem .2rem 0}"
    "input,select,button{font:inherit;padding:.2rem .4rem}.grid{display:flex;gap:2.5rem;"
    "flex-wrap:wrap}"
)


def _table(title: str, rows: dict[str, Any]) -> str:
    body = "".join(
        f"<tr><td>{html.escape(str(name))}</td><td>{html.escape(str(value))}</td></tr>"
        for name, value in rows.items()
    )
    return f"<section><h2>{html.escape(title)}</h2><table>{body}</table></section>"


def _form(action: str, button: str, *fields: tuple[str, str]) -> str:
    """A form of text fields (name, value); fields named with a leading "." are hidden."""
    inputs = "".join(
        f'<input type="hidden" name="{name[1:]}" value="{html.escape(value)}">'
        if name.startswith(".")
        else f'<label>{name} <input name="{name}" value="{html.escape(value)}" size="9"></label> '
        for name, value in fields
    )
    return (
        f'<form method="post" action="/_control/{action}">{inputs}'
        f"<button>{html.escape(button)}</button></form>"
    )


FORMS = "".join(
    [
        _form("travel", "Travel an hour", (".seconds", "3600")),
        _form("travel", "Travel a day", (".seconds", "86400")),
        _form("orders", "New orders", ("count", "10")),
        _form(
            "faults",
            "Add fault",
            ("provider", "easypost"),
            ("kind", "status"),
            ("path", ""),
            ("status", "500"),
            ("times", "1"),
        ),
        _form("parcels", "Next scan of parcel", ("number", ""), (".do", "advance")),
        _form(
            "carriers",
            "Carriers' habits",
            ("late", "true"),
            ("never", "0.03"),
            ("lost", "0.01"),
            ("returned", "0.02"),
        ),
        _form("latency", "Set latency", ("rate", "0"), ("buy", "0")),
        _form("tiktok", "Expire access tokens", (".expire_tokens", "true")),
        _form("tiktok", "Deauthorize", (".deauthorize", "true")),
        _form("reset", "Reset world", ("orders", "500"), ("seed", "1")),
    ]
)


def page(state: Json, orders: list[Json], faults: list[Json]) -> str:
    """The whole page as HTML."""
    rows = "".join(
        f"<tr><td>{order['id']}</td><td>{order['status']}</td><td>{order['shipping_type']}</td>"
        f"<td>{len(order['lines'])}</td><td>"
        + "".join(
            _form(f"orders/{order['id']}/{action}", action, (".page", "1"))
            for action in ("cancel", "request-cancel", "hold", "release")
        )
        + "</td></tr>"
        for order in orders
    )
    wallets = {name: f"{w['net']} ({w['charges']} charges)" for name, w in state["wallets"].items()}
    standing = {
        fault["id"]: f"{fault['kind']} {fault['provider']} {fault['path']}" for fault in faults
    }
    tables = (
        _table("Clock", {"now": state["now"], "travelled": f"{state['travelled_seconds']:g} s"})
        + _table("Orders", state["orders_by_status"])
        + _table("Wallets", wallets)
        + _table("Shipped here", state["shipped"])
        + _table("Webhooks", state["webhooks"])
        + _table("Faults", standing)
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sandbox</title>'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style></head><body><h1>Sandbox</h1>'
        "<p>TikTok Shop, EasyPost and Shippo, simulated on this machine.</p>"
        f'{FORMS}<div class="grid">{tables}</div><h2>Last orders</h2><table><tr><th>order</th>'
        f"<th>status</th><th>lane</th><th>units</th><th></th></tr>{rows}</table></body></html>"
    )
