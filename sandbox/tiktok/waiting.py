"""Packages that wait to be shipped (TO_FULFILL): made on payment outside the United States, and
everywhere by combining or splitting orders."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.tiktok.store import Store

Json = dict[str, Any]
WAITING = "TO_FULFILL"
# Markets whose orders have a package before it is shipped
PACKAGE_FIRST = frozenset({"TH", "VN", "ID", "MY", "PH", "SG", "BR", "MX"})


def package_first(shop: Json) -> bool:
    """Whether the shop's orders are shipped by their packages' ids."""
    return shop["region"] in PACKAGE_FIRST


def make(store: "Store", orders: list[Json], lines: list[str], tag: str = "DEFAULT") -> Json:
    """A waiting package of these orders' lines, which leave the ones they were in."""
    for order in orders:
        leave(store, order, lines)
    now = store.world.unix()
    package: Json = {
        "id": store.world.new_number("1153", 19),
        "shop": orders[0]["shop"],
        "orders": [order["id"] for order in orders],
        "lines": lines,
        "status": WAITING,
        "tag": tag,
        "shipping_type": orders[0]["shipping_type"],
        "provider_id": "",
        "provider_name": "",
        "tracking": "",
        "created": now,
        "updated": now,
        "ready_at": now,
        "edits": 0,
    }
    store.packages[package["id"]] = package
    for order in orders:
        order["packages"].append(package["id"])
        store.changed(order)
    return package


def leave(store: "Store", order: Json, lines: list[str]) -> None:
    """Take an order's lines out of its waiting packages; empty ones are gone."""
    gone = set(lines) & {line["id"] for line in order["lines"]}
    for number in list(order["packages"]):
        package = store.packages[number]
        if package["status"] != WAITING or not gone & set(package["lines"]):
            continue
        package["lines"] = [line for line in package["lines"] if line not in gone]
        package["updated"] = store.world.unix()
        if not {line["id"] for line in order["lines"]} & set(package["lines"]):
            order["packages"].remove(number)
            package["orders"].remove(order["id"])
        if not package["lines"]:
            del store.packages[number]


def of(store: "Store", order: Json) -> list[Json]:
    """The order's waiting packages."""
    found = [store.packages[number] for number in order["packages"]]
    return [package for package in found if package["status"] == WAITING]


def combined(store: "Store", order: Json) -> Json | None:
    """The waiting package that the order shares with others."""
    shared = [package for package in of(store, order) if len(package["orders"]) > 1]
    return shared[0] if shared else None


def wrap_all(store: "Store", region: str) -> None:
    """Every shop is in `region` from now on; where packages come first, paid orders have theirs."""
    for shop in store.data["shops"].values():
        shop["region"] = region
    if region not in PACKAGE_FIRST:
        return
    for order in store.orders.values():
        if order["status"] == "AWAITING_SHIPMENT" and not order["packages"]:
            make(store, [order], [line["id"] for line in order["lines"]])
