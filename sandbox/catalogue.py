# ruff: noqa: E501 - the table reads best with one product a line
"""What the simulated shop sells: about 30 products with 60 SKUs, weights and sizes as a creator would enter them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Sku(NamedTuple):
    """One variant; `weight` only where the variant's own differs from the product's."""

    name: str
    seller_sku: str
    price: Decimal
    weight: str
    attribute: str


@dataclass(frozen=True)
class Product:
    """One listing; an empty `weight` or `size` means that the seller never entered it."""

    title: str
    brand: str
    category: str
    weight: str
    weight_unit: str
    size: tuple[str, str, str] | None
    popularity: int
    dangerous: bool
    skus: tuple[Sku, ...]


# title | brand | category | weight unit | length width height (inch) | popularity | sku;sku;...
# a sku is name,seller_sku,price[,own weight]; a "!" before the category marks dangerous goods
TABLE = """
Dewy Glow Vitamin C Serum 30 ml|Glow & Gather|Beauty|0.11 KILOGRAM|5 2 2|40|Original,GG-SER-VC30,18.90;Two-Pack,GG-SER-VC30-2,32.00,0.21
Overnight Lip Mask|Glow & Gather|Beauty|0.06 KILOGRAM|3 3 2|36|Berry,GG-LIP-BER,12.50;Vanilla,GG-LIP-VAN,12.50;Unscented,GG-LIP-UNS,12.00
Cloud Blush Stick|Glow & Gather|Beauty|0.05 KILOGRAM|4 2 1|25|Peach,GG-BLU-PEA,14.00;Rose,GG-BLU-ROS,14.00;Plum,GG-BLU-PLU,14.00
Rosemary Hair Oil 60 ml|Glow & Gather|Beauty|0.14 KILOGRAM|6 2 2|22|60 ml,GG-OIL-ROS60,15.75
Heatless Curling Set|Curl Kin|Beauty|0.30 POUND|10 4 2|18|Blush Satin,CK-CURL-BL,16.99;Ivory Satin,CK-CURL-IV,16.99
Jade Roller and Gua Sha Kit|Glow & Gather|Beauty|0.62 POUND|8 5 2|12|Green Jade,GG-GUA-GRN,19.90;Rose Quartz,GG-GUA-ROS,21.90
Travel Perfume Atomizer|Misty|!Beauty|0.12 POUND|5 2 1|9|Silver,MI-ATO-SIL,9.50;Gold,MI-ATO-GOL,9.50
Nail Lamp and Gel Starter Kit|Polish Party|!Beauty|1.45 POUND|9 6 4|7|Pink,PP-GEL-PNK,34.00;White,PP-GEL-WHT,34.00
Silicone Air Fryer Liners, 2 pieces|Pantry Pals|Kitchen|0.55 POUND|9 9 3|20|Sage,PA-AFL-SAG,13.99;Charcoal,PA-AFL-CHA,13.99
Mini Waffle Maker|Pantry Pals|Kitchen|1.90 POUND|6 6 5|14|Cream,PA-WAF-CRE,24.99;Sky Blue,PA-WAF-SKY,24.99
Glass Bottle Oil Sprayer|Pantry Pals|Kitchen|0.85 POUND|8 4 4|16|Clear,PA-SPR-CLR,11.49;Black,PA-SPR-BLK,11.49
Cast Iron Skillet 10 inch|Hearthline|Kitchen|5.60 POUND|17 11 3|4|10 inch,HL-CI-10,39.00
Bamboo Cutting Board Set|Hearthline|Kitchen|4.20 POUND|16 12 2|5|Three Pieces,HL-BAM-3,32.50
Vegetable Chopper Pro|Pantry Pals|Kitchen|2.10 POUND|11 5 5|13|White,PA-CHOP-W,27.99;Grey,PA-CHOP-G,27.99
Electric Milk Frother|Pantry Pals|Kitchen|0.48 POUND|9 3 2|17|Black,PA-FRO-BLK,12.99;Mint,PA-FRO-MNT,12.99
Reusable Ice Cube Tray|Pantry Pals|Kitchen|0.70 POUND|11 5 4|8|Two Trays,PA-ICE-2,17.25
Sunset Projection Lamp|Lumen Loop|Gadgets|0.90 POUND|6 5 5|15|Sunset,LL-SUN-SET,19.99;Rainbow,LL-SUN-RAI,19.99
Magnetic Phone Tripod 62 inch|Lumen Loop|Gadgets|2.35 POUND|18 4 4|11|Black,LL-TRI-BLK,36.90;White,LL-TRI-WHT,36.90
Clip-On Book Light|Lumen Loop|Gadgets|0.22 POUND|6 3 2|13|Amber,LL-BOOK-AMB,13.50
Power Bank 10,000 mAh|Lumen Loop|!Gadgets|0.55 POUND|6 3 1|10|Black,LL-PB-BLK,25.99;Lilac,LL-PB-LIL,25.99
Wireless Lavalier Microphone|Lumen Loop|Gadgets|0.26 POUND|5 4 2|14|USB-C,LL-LAV-C,29.99;Lightning,LL-LAV-L,29.99
Desk Cable Organizer|Tidy Kin|Gadgets||4 3 1|6|Five Slots,TK-CAB-5,8.99
Foldable Laundry Basket|Tidy Kin|Home|2.60 POUND|18 14 3|3|Grey,TK-LAU-GRY,22.00
Weighted Sleep Mask|Quiet Hours|Home|0.50 POUND|9 4 2|9|Lavender,QH-MASK-LAV,17.99;Navy,QH-MASK-NAV,17.99
Scented Soy Candle|Quiet Hours|Home|1.35 POUND|4 4 5|8|Fig Leaf,QH-CAN-FIG,21.00;Sea Salt,QH-CAN-SEA,21.00
Oversized Hoodie Blanket|Quiet Hours|Apparel|3.40 POUND|15 12 6|6|Cream,QH-HOOD-CRE,44.90;Olive,QH-HOOD-OLI,44.90
Ribbed Crop Tank|Studio Thread|Apparel|0.28 POUND|10 8 1|18|Black S,ST-TANK-BS,16.00;Black M,ST-TANK-BM,16.00;White M,ST-TANK-WM,16.00
High-Waist Leggings|Studio Thread|Apparel|0.55 POUND|12 9 1|16|Navy S,ST-LEG-NS,28.00;Navy M,ST-LEG-NM,28.00;Navy L,ST-LEG-NL,28.00
Quilted Crossbody Bag|Studio Thread|Apparel|0.95 POUND|11 8 3|9|Black,ST-BAG-BLK,31.50;Tan,ST-BAG-TAN,31.50
Ceramic Hoop Earrings|Studio Thread|Apparel|||7|Pearl,ST-EAR-PRL,11.00;Onyx,ST-EAR-ONX,11.00
Dog Snuffle Mat|Paw Parade|Pets|1.25 POUND|13 10 3|6|Green,PW-SNU-GRN,23.40
Cat Window Perch|Paw Parade|Pets||20 13 3|3|Grey,PW-PER-GRY,35.00
"""


def _product(row: str) -> Product:
    title, brand, category, weight, size, popularity, skus = row.split("|")
    value, _, unit = weight.partition(" ")
    length, width, height = size.split() if size else ("", "", "")
    return Product(
        title=title,
        brand=brand,
        category=category.lstrip("!"),
        weight=value,
        weight_unit=unit or "POUND",
        size=(length, width, height) if size else None,
        popularity=int(popularity),
        dangerous=category.startswith("!"),
        skus=tuple(_sku(item, category) for item in skus.split(";")),
    )


def _sku(item: str, category: str) -> Sku:
    name, seller_sku, price, *own = item.split(",")
    attribute = "Size" if category == "Apparel" and name[-2:-1] == " " else "Style"
    return Sku(name, seller_sku, Decimal(price), own[0] if own else "", attribute)


PRODUCTS: tuple[Product, ...] = tuple(_product(row) for row in TABLE.strip().splitlines())
