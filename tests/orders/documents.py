"""Order documents as TikTok sends them, written afresh from the documented field names."""

import itertools
from typing import Any

_number = itertools.count(1)
PAID = 1_795_000_000  # 2026-11-18


def address(**changes: Any) -> dict[str, Any]:
    """A recipient in Austin; `state`, `city` and `levels` change the district list."""
    state, iso = changes.pop("state", "Texas"), changes.pop("iso", "TX")
    city = changes.pop("city", "Austin")
    levels = changes.pop(
        "levels",
        [
            ("L0", "United States", "US"),
            ("L1", state, iso),
            ("L2", "Travis", ""),
            ("L3", city, ""),
        ],
    )
    return {
        "full_address": "1 Main St, Austin",
        "name": "José Ortiz",
        "first_name": "José",
        "last_name": "Ortiz",
        "phone_number": "(+1)512-555-0101",
        "address_line1": "1 Main St",
        "address_line2": "Apt 2",
        "address_line3": " ",
        "address_line4": "",
        "postal_code": "78701",
        "region_code": "US",
        "district_info": [
            {"address_level": level, "address_name": name, "iso_code": code}
            for level, name, code in levels
        ],
    } | changes


def line(**changes: Any) -> dict[str, Any]:
    """One unit of a serum."""
    return {
        "id": f"577{next(_number):015}",
        "sku_id": "1729001",
        "product_id": "1728001",
        "seller_sku": "GLOW-30",
        "product_name": "Glow Serum",
        "sku_name": "30 ml",
        "sku_image": "https://images.example/1.jpeg",
        "display_status": "AWAITING_SHIPMENT",
        "currency": "USD",
        "sale_price": "12.00",
        "original_price": "14.00",
        "seller_discount": "2.00",
        "platform_discount": "0",
        "is_gift": False,
    } | changes


def order(**changes: Any) -> dict[str, Any]:
    """A paid order with an own label to be bought; every field may be changed."""
    return {
        "id": f"576{next(_number):015}",
        "status": "AWAITING_SHIPMENT",
        "create_time": PAID - 60,
        "paid_time": PAID,
        "update_time": PAID + 3600,
        "rts_sla_time": PAID + 2 * 86400,
        "tts_sla_time": PAID + 3 * 86400,
        "shipping_type": "SELLER",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "order_type": "NORMAL",
        "delivery_option_id": "7091",
        "delivery_option_name": "Shipped via Seller",
        "warehouse_id": "7068",
        "user_id": "7021",
        "buyer_nickname": "jose_o",
        "is_on_hold_order": False,
        "is_buyer_request_cancel": False,
        "payment": {
            "currency": "USD",
            "total_amount": "27.23",
            "sub_total": "24.00",
            "shipping_fee": "1.50",
            "tax": "1.73",
            "seller_discount": "2.00",
            "platform_discount": "0",
        },
        "recipient_address": address(),
        "line_items": [line(), line()],
        "packages": [],
    } | changes
