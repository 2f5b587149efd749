"""What people read for a carrier."""

# Slug -> name. Brands that a carrier sells through one account belong to the carrier.
NAMES = {
    "usps": "USPS",
    "ups": "UPS",
    "fedex": "FedEx",
    "dhl_express": "DHL Express",
    "dhl_ecommerce": "DHL eCommerce",
    "ontrac": "OnTrac",
    "lasership": "LaserShip",
    "uniuni": "UniUni",
    "veho": "Veho",
    "speedx": "SpeedX",
    "gofo": "GOFO Express",
    "yunexpress": "YunExpress",
    "amazon_shipping": "Amazon Shipping",
    "jitsu": "Jitsu",
    "better_trucks": "Better Trucks",
    "gls_us": "GLS US",
    "lso": "Lone Star Overnight",
    "sendle": "Sendle",
    "asendia": "Asendia",
    "apc": "APC Postal Logistics",
    "globegistics": "Globegistics",
    "canada_post": "Canada Post",
    "purolator": "Purolator",
    "royal_mail": "Royal Mail",
    "evri": "Evri",
    "dpd": "DPD",
    "dpd_uk": "DPD UK",
    "deutsche_post": "Deutsche Post",
    "australia_post": "Australia Post",
    "tiktok": "TikTok Shipping",
}


def carrier_name(slug: str) -> str:
    """The name of a slug, known or not."""
    return NAMES.get(slug) or slug.replace("_", " ").title()
