"""Invented buyers at believable American addresses: real cities, made-up streets."""

import random
from typing import Any


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# city|county|state|ZIP
CITIES = [
    tuple(row.split("|"))
    for row in """
Los Angeles|Los Angeles|CA|90026
San Diego|San Diego|CA|92103
San Francisco|San Francisco|CA|94110
Fresno|Fresno|CA|93704
Sacramento|Sacramento|CA|95816
Portland|Multnomah|OR|97211
Eugene|Lane|OR|97401
Seattle|King|WA|98103
Spokane|Spokane|WA|99203
Boise|Ada|ID|83702
Las Vegas|Clark|NV|89117
Reno|Washoe|NV|89509
Phoenix|Maricopa|AZ|85016
Tucson|Pima|AZ|85719
Salt Lake City|Salt Lake|UT|84105
Denver|Denver|CO|80211
Colorado Springs|El Paso|CO|80907
Albuquerque|Bernalillo|NM|87106
Santa Fe|Santa Fe|NM|87505
Cheyenne|Laramie|WY|82001
Billings|Yellowstone|MT|59102
Fargo|Cass|ND|58103
Sioux Falls|Minnehaha|SD|57105
Omaha|Douglas|NE|68132
Lincoln|Lancaster|NE|68502
Wichita|Sedgwick|KS|67208
Kansas City|Jackson|MO|64111
Tulsa|Tulsa|OK|74114
Oklahoma City|Oklahoma|OK|73118
Dallas|Dallas|TX|75206
Austin|Travis|TX|78704
Houston|Harris|TX|77006
San Antonio|Bexar|TX|78209
El Paso|El Paso|TX|79912
Lubbock|Lubbock|TX|79410
Minneapolis|Hennepin|MN|55408
Duluth|St. Louis|MN|55804
Des Moines|Polk|IA|50312
Madison|Dane|WI|53711
Milwaukee|Milwaukee|WI|53207
Chicago|Cook|IL|60647
Peoria|Peoria|IL|61614
Indianapolis|Marion|IN|46220
Fort Wayne|Allen|IN|46807
Detroit|Wayne|MI|48202
Grand Rapids|Kent|MI|49506
Columbus|Franklin|OH|43214
Cleveland|Cuyahoga|OH|44109
Cincinnati|Hamilton|OH|45208
Louisville|Jefferson|KY|40205
Lexington|Fayette|KY|40502
Nashville|Davidson|TN|37206
Memphis|Shelby|TN|38104
Knoxville|Knox|TN|37917
Birmingham|Jefferson|AL|35205
Mobile|Mobile|AL|36604
Jackson|Hinds|MS|39211
New Orleans|Orleans|LA|70115
Baton Rouge|East Baton Rouge|LA|70808
Little Rock|Pulaski|AR|72205
Atlanta|DeKalb|GA|30307
Savannah|Chatham|GA|31401
Jacksonville|Duval|FL|32205
Orlando|Orange|FL|32803
Miami|Miami-Dade|FL|33133
Tampa|Hillsborough|FL|33606
Charleston|Charleston|SC|29403
Greenville|Greenville|SC|29607
Charlotte|Mecklenburg|NC|28205
Raleigh|Wake|NC|27608
Asheville|Buncombe|NC|28801
Richmond|Richmond City|VA|23221
Washington|District of Columbia|DC|20009
Baltimore|Baltimore City|MD|21218
Wilmington|New Castle|DE|19806
Philadelphia|Philadelphia|PA|19147
Pittsburgh|Allegheny|PA|15217
Newark|Essex|NJ|07104
Jersey City|Hudson|NJ|07302
Brooklyn|Kings|NY|11215
New York|New York|NY|10025
Buffalo|Erie|NY|14222
Rochester|Monroe|NY|14607
Hartford|Hartford|CT|06105
New Haven|New Haven|CT|06511
Providence|Providence|RI|02906
Worcester|Worcester|MA|01609
Portland|Cumberland|ME|04101
Burlington|Chittenden|VT|05401
Manchester|Hillsborough|NH|03104
Charleston|Kanawha|WV|25314
Honolulu|Honolulu|HI|96816
Anchorage|Anchorage|AK|99503
""".strip().splitlines()
]

STATES = dict(
    item.split(":")
    for item in [
        "AL:Alabama",
        "AK:Alaska",
        "AZ:Arizona",
        "AR:Arkansas",
        "CA:California",
        "CO:Colorado",
        "CT:Connecticut",
        "DC:District of Columbia",
        "DE:Delaware",
        "FL:Florida",
        "GA:Georgia",
        "HI:Hawaii",
        "IA:Iowa",
        "ID:Idaho",
        "IL:Illinois",
        "IN:Indiana",
        "KS:Kansas",
        "KY:Kentucky",
        "LA:Louisiana",
        "MA:Massachusetts",
        "MD:Maryland",
        "ME:Maine",
        "MI:Michigan",
        "MN:Minnesota",
        "MO:Missouri",
        "MS:Mississippi",
        "MT:Montana",
        "NC:North Carolina",
        "ND:North Dakota",
        "NE:Nebraska",
        "NH:New Hampshire",
        "NJ:New Jersey",
        "NM:New Mexico",
        "NV:Nevada",
        "NY:New York",
        "OH:Ohio",
        "OK:Oklahoma",
        "OR:Oregon",
        "PA:Pennsylvania",
        "RI:Rhode Island",
        "SC:South Carolina",
        "SD:South Dakota",
        "TN:Tennessee",
        "TX:Texas",
        "UT:Utah",
        "VA:Virginia",
        "VT:Vermont",
        "WA:Washington",
        "WI:Wisconsin",
        "WV:West Virginia",
        "WY:Wyoming",
    ]
)

FIRST = _words(
    """Ava Mia Zoë Harper Luna Chloé Maya Jasmine Aaliyah Priya Sofía Camila Renée Grace Nora
    Hannah Olivia Leah Imani Keiko Linh Fatima Anya Siobhán Brooke Paige Tessa Delia Wren Marcus
    Diego José Andre Omar Kenji Liam Noah Ethan Caleb Tyler Jamal Björn Mateo Felix Hugo Owen
    Silas Theo Victor"""
)
LAST = _words(
    """Alvarez Nguyen O'Connor Whitfield Peña Castillo Brooks Delgado Huang Ramírez Okafor
    Lindqvist Patel Sørensen Marchetti Holloway Kowalski Dubois Yamamoto Grant Ferreira Boyd
    Núñez Abernathy Sandoval Reyes Thornton McAllister Osei Vargas Whitaker Zimmermann Carver
    Ellison Haddad Müller Tran Bishop Calloway Rosario"""
)
STREETS = _words(
    """Juniper Larkspur Millpond Copperfield Magnolia Quail Harbor Sycamore Bluebonnet Fern
    Hollow Windmill Cobblestone Heron Saddleback Orchard Thistle Foxglove Lantern Sandpiper
    Birchwood Clover Meadowlark Ridgeway Amberleaf"""
)
KINDS = _words("St Ave Dr Ln Ct Rd Blvd Way Pl Ter")
AREA_CODES = _words("201 213 305 312 404 415 503 512 615 702 718 804 919")
UNITS = ("Apt {}", "Unit {}", "# {}", "Suite {}")
EMAIL_ROOT = "chat.seller.tiktok.example"


def make_buyer(dice: random.Random, number: str) -> dict[str, Any]:
    """A person with a phone (555-01xx, which nobody owns) and an anonymised relay address."""
    first, last = dice.choice(FIRST), dice.choice(LAST)
    area = dice.choice(AREA_CODES)
    return {
        "user_id": number,
        "first": first,
        "last": last,
        "phone": f"(+1){area}-555-01{dice.randrange(100):02d}",
        "email": f"v2{dice.randrange(16**10):010x}@{EMAIL_ROOT}",
        "nickname": f"{first.lower()}{dice.choice(['.', '_', ''])}{dice.randrange(1000)}",
    }


def make_address(dice: random.Random) -> dict[str, str]:
    """Street, unit, city, county, state and ZIP that belong together."""
    city, county, state, postal = dice.choice(CITIES)
    street = f"{dice.randrange(10, 9900)} {dice.choice(STREETS)} {dice.choice(KINDS)}"
    unit = dice.choice(UNITS).format(dice.randrange(1, 420)) if dice.random() < 0.28 else ""
    return {
        "line1": street,
        "line2": unit,
        "city": city,
        "county": county,
        "state": state,
        "postal": postal,
    }


def spoil(address: dict[str, str], how: int) -> None:
    """Make an address undeliverable: a ZIP of another state, no street, or no ZIP."""
    if how % 3 == 0:
        address["postal"] = "99950" if address["state"] != "AK" else "10025"
    elif how % 3 == 1:
        address["line1"] = ""
    else:
        address["postal"] = ""
