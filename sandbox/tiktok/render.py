"""Order records as TikTok shows them: field names of Get Order List 202309, with its masks."""

from typing import Any

from sandbox.people import STATES

Json = dict[str, Any]
HIDDEN = frozenset({"UNPAID", "ON_HOLD"})
MONTH = 30 * 86400
LINE_STATUS = {"ON_HOLD": "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING": "AWAITING_SHIPMENT"}
LINE_CONSTANTS: Json = {
    "sku_type": "NORMAL",
    "currency": "USD",
    "is_gift": False,
    "needs_prescription": False,
    "gift_retail_price": "0.00",
    "small_order_fee": "0.00",
    "retail_delivery_fee": "0.00",
    "buyer_service_fee": "0.00",
}
# What a part of a virtual bundle tells as its line does.
BUNDLED = (
    *("sku_id", "product_id", "product_name", "sku_name", "seller_sku", "sku_image", "currency"),
    *("sale_price", "original_price", "seller_discount", "platform_discount", "display_status"),
    *("cancel_reason", "cancel_user", "is_dangerous_good", "item_tax", "retail_delivery_fee"),
    *("package_id", "package_status", "tracking_number", "shipping_provider_id"),
    *("shipping_provider_name", "rts_time"),
)
ORDER_CONSTANTS: Json = {
    "order_type": "NORMAL",
    "commerce_platform": "TIKTOK_SHOP",
    "fulfillment_priority_level": 600,
    "delivery_type": "HOME_DELIVERY",
    "payment_method_name": "Credit/Debit card",
    "is_cod": False,
    "is_replacement_order": False,
    "is_exchange_order": False,
    "is_subscription_order": False,
    "need_upload_invoice": "UNKNOWN",
    "order_rights": [],
}
PACKAGE_LINE_STATUS = {
    "TO_FULFILL": "AWAITING_SHIPMENT",
    "PROCESSING": "AWAITING_COLLECTION",
    "FULFILLING": "IN_TRANSIT",
    "COMPLETED": "DELIVERED",
    "CANCELLED": "CANCELLED",
}


def money(cents: int) -> str:
    """Cents as the decimal string TikTok sends."""
    return f"{cents // 100}.{cents % 100:02d}"


def mask_phone(phone: str) -> str:
    """`(+1)213-555-0123` as `(+1)213-***-0123`."""
    return f"{phone[:7]}-***-{phone[-4:]}"


def mask_words(text: str) -> str:
    """Each word keeps its first letter: `12 Fern Ave` becomes `1*** F*** A***`."""
    return " ".join(f"{word[0]}***" for word in text.split())


def mask_level(order: Json, now: int) -> str:
    """What is hidden: "none", "contact" (phone and detail), "all" (but L0-L2), or "absent"."""
    status = order["status"]
    if status in HIDDEN:
        return "absent"
    if order["fulfillment"] == "FULFILLMENT_BY_TIKTOK" or status == "CANCELLED":
        return "all"
    if status == "COMPLETED" and now - order.get("completed", now) >= MONTH:
        return "all"
    return "contact" if order["shipping_type"] == "TIKTOK" else "none"


def _district(level: str, kind: str, name: str, iso: str = "") -> Json:
    return {
        "address_level": level,
        "address_level_name": kind,
        "address_name": name,
        "iso_code": iso,
    }


def recipient(order: Json, level: str) -> Json:
    """The recipient_address object under a mask level other than "absent"."""
    buyer, place = order["buyer"], order["address"]
    hide = mask_words if level == "all" else str
    lines = str if level == "none" else mask_words
    line1, line2 = lines(place["line1"]), lines(place["line2"])
    city, state = hide(place["city"]), STATES[place["state"]]
    postal = "***" if level == "all" else place["postal"]
    street = f"{line1}, {line2}" if line2 else line1
    first, last = hide(buyer["first"]), hide(buyer["last"])
    return {
        "full_address": f"{street}, {city}, {state} {postal}, United States",
        "phone_number": buyer["phone"] if level == "none" else mask_phone(buyer["phone"]),
        "name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "first_name_local_script": "",
        "last_name_local_script": "",
        "address_detail": street,
        "address_line1": line1,
        "address_line2": line2,
        "address_line3": "",
        "address_line4": "",
        "district_info": [
            _district("L0", "Country", "United States", "US"),
            _district("L1", "State", state, place["state"]),
            _district("L2", "County", place["county"]),
            _district("L3", "City", city),
        ],
        "delivery_preferences": {"drop_off_location": order.get("drop_off", "")},
        "postal_code": postal,
        "region_code": "US",
        "post_town": "",
    }


def payment(order: Json) -> Json:
    """The payment object; the amounts add up as the documentation says."""
    lines = order["lines"]
    original = sum(line["price"] for line in lines)
    seller = sum(line["seller_discount"] for line in lines)
    platform = sum(line["platform_discount"] for line in lines)
    goods = original - seller - platform
    shipping, tax = order["shipping_fee"], order["tax"]
    free = "0.00"
    return {
        "currency": "USD",
        "sub_total": money(goods),
        "shipping_fee": money(shipping),
        "seller_discount": money(seller),
        "platform_discount": money(platform),
        "payment_platform_discount": free,
        "payment_discount_service_fee": free,
        "total_amount": money(goods + shipping + tax),
        "original_total_product_price": money(original),
        "original_shipping_fee": "4.99",
        "shipping_fee_seller_discount": free,
        "shipping_fee_platform_discount": money(499 - shipping),
        "shipping_fee_cofunded_discount": free,
        "tax": money(tax),
        "product_tax": money(tax),
        "shipping_fee_tax": free,
        "small_order_fee": free,
        "retail_delivery_fee": free,
        "buyer_service_fee": free,
        "handling_fee": free,
        "shipping_insurance_fee": free,
        "item_insurance_fee": free,
        "item_insurance_tax": free,
    }


def line_item(order: Json, line: Json, product: Json, package: Json | None) -> Json:
    """One unit of one SKU; TikTok orders have no quantity."""
    sku = product["skus"][line["sku"]]
    status = LINE_STATUS.get(order["status"], order["status"])
    if package is not None and order["status"] not in ("COMPLETED", "CANCELLED"):
        status = PACKAGE_LINE_STATUS[package["status"]]
    item: Json = LINE_CONSTANTS | {
        "id": line["id"],
        "sku_id": sku["id"],
        "product_id": product["id"],
        "product_name": product["title"],
        "sku_name": sku["name"],
        "seller_sku": sku["seller_sku"],
        "sku_image": f"https://images.example/{product['id']}/{line['sku']}.jpeg",
        "original_price": money(line["price"]),
        "sale_price": money(line["price"] - line["seller_discount"] - line["platform_discount"]),
        "seller_discount": money(line["seller_discount"]),
        "platform_discount": money(line["platform_discount"]),
        "display_status": status,
        "is_dangerous_good": product["dangerous"],
        "item_tax": [
            {"tax_type": "SALES_TAX", "tax_amount": money(line["tax"]), "tax_rate": "0.07"}
        ],
    }
    if cancel := order.get("cancel"):
        item |= {"cancel_reason": cancel["reason"], "cancel_user": cancel["who"]}
    item |= _travels(package)
    if parts := line.get("parts"):
        item["sub_item_info"] = [
            {name: item[name] for name in BUNDLED if name in item} | {"id": part} for part in parts
        ]
    return item


def _travels(package: Json | None) -> Json:
    if package is None:
        return {"package_status": "TO_FULFILL"}
    return {
        "package_id": package["id"],
        "package_status": package["status"],
        "tracking_number": package["tracking"],
        "shipping_provider_id": package["provider_id"],
        "shipping_provider_name": package["provider_name"],
        "rts_time": package["created"],
    }


def order_document(
    order: Json, products: dict[str, Json], packages: dict[str, Json], now: int
) -> Json:
    """The whole order object as it stands now."""
    own = [packages[number] for number in order["packages"]]
    by_line = {line: package for package in own for line in package["lines"]}
    document: Json = ORDER_CONSTANTS | {
        "id": order["id"],
        "status": order["status"],
        "create_time": order["created"],
        "update_time": order["updated"],
        "user_id": order["buyer"]["user_id"],
        "buyer_email": order["buyer"]["email"],
        "buyer_nickname": order["buyer"]["nickname"],
        "buyer_message": order["message"],
        "seller_note": order["note"],
        "fulfillment_type": order["fulfillment"],
        "shipping_type": order["shipping_type"],
        "delivery_option_id": order["option_id"],
        "delivery_option_name": order["option_name"],
        "warehouse_id": order["warehouse_id"],
        "payment": payment(order),
        "packages": [{"id": package["id"]} for package in own],
        "line_items": [
            line_item(order, line, products[line["product"]], by_line.get(line["id"]))
            for line in order["lines"]
        ],
        "is_sample_order": order["sample"],
        "is_on_hold_order": order["status"] == "ON_HOLD",
        "is_buyer_request_cancel": bool(order.get("cancel_asked")),
        "has_updated_recipient_address": bool(order.get("address_changed")),
    }
    level = mask_level(order, now)
    if level != "absent":
        document["recipient_address"] = recipient(order, level)
    return document | _times(order) | _shipment(order, own)


def _times(order: Json) -> Json:
    """The moments that have come, and the deadlines that run once an order is paid."""
    known = {
        "paid_time": order.get("paid"),
        "rts_time": order.get("rts_time"),
        "collection_time": order.get("collected"),
        "delivery_time": order.get("delivered"),
        "request_cancel_time": order.get("cancel_asked"),
    }
    if cancel := order.get("cancel"):
        known |= {"cancel_time": cancel["time"]}
    if rts := order.get("rts_sla"):
        known |= {
            "rts_sla_time": rts,
            "shipping_due_time": rts,
            "recommended_shipping_time": rts - 12 * 3600,
            "tts_sla_time": rts + 86400,
            "collection_due_time": rts + 86400,
            "delivery_sla_time": rts + 7 * 86400,
            "delivery_due_time": rts + 7 * 86400,
            "cancel_order_sla_time": rts + 4 * 86400,
        }
    return {name: value for name, value in known.items() if value}


def _shipment(order: Json, packages: list[Json]) -> Json:
    known: Json = {}
    if packages:
        last = packages[-1]
        known = {
            "shipping_provider": last["provider_name"],
            "shipping_provider_id": last["provider_id"],
            "tracking_number": last["tracking"],
        }
    if cancel := order.get("cancel"):
        known |= {"cancel_reason": cancel["reason"], "cancellation_initiator": cancel["who"]}
    if order.get("group"):
        known["auto_combine_group_id"] = order["group"]
    together = {line for package in packages[:1] for line in package["lines"]}
    if packages and not {line["id"] for line in order["lines"]} <= together:
        known["split_or_combine_tag"] = "SPLIT"
    elif packages and len(packages[0]["orders"]) > 1:
        known["split_or_combine_tag"] = "COMBINED"
    return known
