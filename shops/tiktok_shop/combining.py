"""Several orders in one package, and one order in several: what TikTok offers, doing it, undoing
it.

None of the calls that change something has an idempotency key: after OutcomeUnknown read the
orders.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shops.tiktok_shop.client import TikTokShopClient
from shops.tiktok_shop.errors import unreadable
from shops.tiktok_shop.fulfillment import named
from shops.tiktok_shop.packages import read_errors
from shops.tiktok_shop.paging import all_pages, ask_page, read_list

PAGE = 50


@dataclass(frozen=True, slots=True)
class Group:
    """Orders in one package: offered by TikTok, or combined already."""

    id: str
    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Splitting:
    """Whether an order may travel in several packages, with TikTok's `reason` where it may not; and
    whether it has to, with our sentences for it."""

    order_id: str
    can: bool
    must: bool
    reason: str = ""
    must_because: tuple[str, ...] = ()


def combinable(client: TikTokShopClient) -> Iterator[Group]:
    """Every group of orders that TikTok would put into one package now."""

    def ask(token: str) -> dict[str, Any]:
        query: dict[str, str | int] = {"page_size": PAGE}
        if token:
            query["page_token"] = token
        return client.call("combinable_packages", query=query)

    for page in all_pages(lambda token: ask_page(ask, "combinable_packages", token)):
        yield from _groups(page.items)


def combine(client: TikTokShopClient, group: Group) -> Group:
    """Put the group's orders into one package; answers it. Rejected also where TikTok's refusal
    stands inside an answer of code 0; OutcomeUnknown where it names neither that nor the
    package."""
    asked = {"id": group.id, "order_ids": list(group.order_ids)}
    data = client.call("combine_packages", body={"combinable_packages": [asked]})
    if refusal := next(iter(read_errors(data, {group.id}).values()), None):
        raise refusal
    made = [one for one in _groups(data.get("packages")) if {*one.order_ids} == {*group.order_ids}]
    if not made:
        raise unreadable(safe=False, code="not-combined")
    return made[0]


def uncombine(client: TikTokShopClient, *, package_id: str, order_ids: Sequence[str]) -> None:
    """Take these orders out of the package; the others stay in it."""
    path = {"package_id": package_id}
    client.call("uncombine_packages", path_params=path, body={"order_ids": list(order_ids)})


def splitting(client: TikTokShopClient, order_ids: Sequence[str]) -> dict[str, Splitting]:
    """What TikTok says about splitting each of the orders, by order id."""
    data = client.call("split_attributes", query={"order_ids": ",".join(order_ids)})
    found = {}
    for entry in read_list(data, "split_attributes"):
        order_id = str(entry.get("order_id") or "")
        found[order_id] = Splitting(
            order_id,
            can=entry.get("can_split") is True,
            must=entry.get("must_split") is True,
            reason=str(entry.get("reason") or "")[:300],
            must_because=_must_because(entry.get("must_split_reasons")),
        )
    return found


def _must_because(reasons: object) -> tuple[str, ...]:
    """TikTok's must_split_reasons[]{type, max_count} as sentences, none twice; a type we do not
    know still says that the order has to be split."""
    told = [one for one in reasons if isinstance(one, Mapping)] if isinstance(reasons, list) else []
    return tuple(dict.fromkeys(_limit(one) for one in told))


def _limit(reason: Mapping[str, Any]) -> str:
    kind, most = str(reason.get("type") or ""), str(reason.get("max_count") or "")
    many = f"at most {most} item{'' if most == '1' else 's'}" if most.isdecimal() else "fewer items"
    of = {"CATEGORY_ITEM_LIMITATION": " of one category", "TOTAL_COUNT_LIMITATION": ""}
    if kind not in of:
        return "TikTok does not take these items in one package."
    return f"TikTok takes {many}{of[kind]} in one package."


def split(
    client: TikTokShopClient,
    *,
    order_id: str,
    groups: Sequence[Sequence[str]],
    bundles: Mapping[str, Sequence[str]] | None = None,
) -> tuple[str, ...]:
    """Let the order's lines travel in these groups; `bundles` are the parts of virtual bundles by
    line. Answers the packages' ids in the groups' order, "" where TikTok names none. OutcomeUnknown
    for an answer without packages."""
    body: dict[str, Any] = {
        "splittable_groups": [
            {"id": str(number), "order_line_item_ids": list(lines)}
            for number, lines in enumerate(groups, start=1)
        ]
    }
    if bundles:
        body["splittable_groups_v2"] = [
            {
                "id": str(number),
                "order_line_list": [
                    one.fields() for line in lines for one in named(line, bundles.get(line, ()))
                ],
            }
            for number, lines in enumerate(groups, start=1)
        ]
    data = client.call("split_order", path_params={"order_id": order_id}, body=body)
    entries = data.get("packages")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise unreadable(safe=False)
    made = {
        str(entry.get("splittable_group_id") or ""): str(entry.get("id") or "") for entry in entries
    }
    return tuple(made.get(str(number), "") for number in range(1, len(groups) + 1))


def _groups(entries: object) -> list[Group]:
    found = []
    for entry in entries if isinstance(entries, list) else ():
        ids = entry.get("order_ids") if isinstance(entry, Mapping) else None
        named = str(entry.get("id") or "") if isinstance(entry, Mapping) else ""
        orders = tuple(dict.fromkeys(str(one) for one in ids or () if one))
        if named and len(orders) > 1:
            found.append(Group(named, orders))
    return found
