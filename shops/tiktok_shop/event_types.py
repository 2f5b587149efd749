"""What TikTok can tell by webhook: every documented type by its number, and what it is to us.

Source: the webhook pages of TikTok Shop Partner Center, and for the types without an `event_type`
the list in the app's settings there. Numbers are not promised to last: 68 and 71 tell the same.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventType:
    """`event_type` is the name that a shop's subscription takes; empty where only the app's
    settings in Partner Center subscribe. `use` says what it moves here, "" for kept only."""

    number: int
    name: str
    use: str = ""
    event_type: str = ""


TYPES: dict[int, EventType] = {
    one.number: one
    for one in (
        EventType(1, "Order status", "order", "ORDER_STATUS_CHANGE"),
        EventType(2, "Reverse order status (old)", "order", "REVERSE_STATUS_UPDATE"),
        EventType(3, "Recipient's address", "order", "RECIPIENT_ADDRESS_UPDATE"),
        EventType(4, "Packages of an order", "order", "PACKAGE_UPDATE"),
        EventType(5, "Product status", "product", "PRODUCT_STATUS_CHANGE"),
        EventType(6, "Seller removed the app", "access", "SELLER_DEAUTHORIZATION"),
        EventType(7, "Authorization ends soon", "access", "UPCOMING_AUTHORIZATION_EXPIRATION"),
        EventType(11, "Cancellation status", "order", "CANCELLATION_STATUS_CHANGE"),
        EventType(12, "Return status", "return", "RETURN_STATUS_CHANGE"),
        EventType(13, "New conversation", "", "NEW_CONVERSATION"),
        EventType(14, "New message", "", "NEW_MESSAGE"),
        EventType(15, "Product information", "product", "PRODUCT_INFORMATION_CHANGE"),
        EventType(16, "New product", "product", "PRODUCT_CREATION"),
        EventType(17, "Content with a product was posted"),
        EventType(18, "Product category", "product", "PRODUCT_CATEGORY_CHANGE"),
        EventType(19, "Size chart"),
        EventType(20, "Creator removed the app"),
        EventType(21, "Inbound order to TikTok's warehouse"),
        EventType(22, "Joined Fulfilled by TikTok"),
        EventType(23, "Goods matched to a product"),
        EventType(24, "Stock in TikTok's warehouse", "stock"),
        EventType(25, "Product matched to an opportunity"),
        EventType(27, "Stock status", "stock"),
        EventType(33, "New message from a creator", "", "NEW_MESSAGE_LISTENER"),
        EventType(35, "Mirror on Tokopedia"),
        EventType(36, "Invoice status", "order", "INVOICE_STATUS_CHANGE"),
        EventType(37, "Product review", "product", "PRODUCT_AUDIT_STATUS_CHANGE"),
        EventType(38, "Strikethrough price ended"),
        EventType(39, "Promotion status"),
        EventType(42, "Combined listing"),
        EventType(46, "Image translation finished"),
        EventType(50, "SKU status", "product"),
        EventType(51, "Listing copied to another market"),
        EventType(52, "Way of listing in several markets"),
        EventType(55, "Video check finished"),
        EventType(56, "Sample request"),
        EventType(58, "Order of another channel, shipped by TikTok"),
        EventType(59, "Shoppable video checks finished"),
        EventType(62, "Package size suggested", "product"),
        EventType(63, "Products of a promotion"),
        EventType(64, "After-sales request", "return"),
        EventType(65, "Return merchandise status", "return"),
        EventType(66, "Appeal decided"),
        EventType(67, "Refund paid", "return"),
        EventType(68, "Stock moved", "stock"),
        EventType(71, "Stock moved in the shop", "stock"),
    )
}

# Names in use among sellers' tools that TikTok's platform does not send -> the types that do tell it
COMMON_NAMES: dict[str, tuple[int, ...]] = {
    "ORDER_STATUS_CHANGE": (1,),
    "ORDER_PAYMENT_CONFIRM": (1,),  # a payment moves the order out of UNPAID
    "ORDER_REFUND": (67, 12, 11),
    "PRODUCT_CHANGE": (15, 16, 18),
    "PRODUCT_STATUS_CHANGE": (5, 37),
    "REVERSE_ORDER_STATUS_CHANGE": (11, 12),  # which took the place of type 2
}
