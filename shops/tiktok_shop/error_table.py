"""TikTok's error codes in a seller's words, and what each leaves us free to do next."""

from enum import Enum, auto


class Kind(Enum):
    """What a code says about the call that got it."""

    REFUSED = auto()  # understood, and no
    LATER = auto()  # certainly not carried out; asking again later may work
    PENDING = auto()  # what we ask for is still being made; the caller decides when to look again
    TROUBLE = auto()  # broke on TikTok's side: nothing is known about a call that changes something
    LIMITED = auto()  # too many calls
    CREDENTIALS = auto()  # sign-in, permission or app secret not accepted


TABLE: dict[str, tuple[Kind, str]] = {}


def _add(kind: Kind, words: str, *codes: int) -> None:
    TABLE.update({str(code): (kind, words) for code in codes})


# Gateway and sign-in
_add(Kind.LIMITED, "TikTok asks us to slow down.", 36009002)
_add(Kind.TROUBLE, "TikTok had an internal problem.", 36009003, 10006402)
_add(Kind.TROUBLE, "TikTok did not finish in time.", 36009007, 11001027)
_add(Kind.REFUSED, "TikTok did not understand the request.", 36009004, 36009022, 36009023)
_add(
    Kind.REFUSED,
    "TikTok no longer offers this call. Update CreatorFlow.",
    *(36009009, 36009010, 36009014),
)
_add(Kind.REFUSED, "The file is too large for TikTok.", 36009021)
_add(
    Kind.REFUSED,
    "This server's address is not on the app's allow-list in TikTok's Partner Center.",
    36009033,
)
_add(
    Kind.CREDENTIALS,
    "The sign-in does not belong to this shop. Reconnect the shop.",
    101000,
)
_add(Kind.CREDENTIALS, "The seller removed CreatorFlow. Reconnect the shop.", 105001)
_add(Kind.CREDENTIALS, "The sign-in to TikTok has expired. Reconnect the shop.", 105002, 36004001)
_add(
    Kind.CREDENTIALS,
    "TikTok does not allow this app in the shop's region. Ask your administrator.",
    105004,
)
_add(Kind.CREDENTIALS, "A permission is missing. Reconnect the shop to grant it.", 105005)
_add(
    Kind.CREDENTIALS,
    "TikTok does not accept the app key and secret set for CreatorFlow. Ask your administrator.",
    106001,
)
_add(Kind.REFUSED, "TikTok wants to know which shop is meant. Reconnect the shop.", 106013)
_add(
    Kind.REFUSED,
    "The code from TikTok was already used or is older than 30 minutes. Connect the shop again.",
    36004004,
)

# Orders
_add(Kind.TROUBLE, "TikTok could not read the orders.", 10002014, 10002015)
_add(Kind.TROUBLE, "TikTok could not read the orders.", 10037002, 10037003, 10037004)
_add(Kind.REFUSED, "The order or package belongs to another shop.", 21008111, 21011028)
_add(Kind.REFUSED, "The order is still on hold: the buyer may cancel for about an hour.", 21011044)
_add(
    Kind.REFUSED,
    "The buyer has an open cancellation or return. Decide it first.",
    *(21011007, 21008044, 21021010),
)
_add(Kind.REFUSED, "The order is cancelled.", 21011041, 21011042)
_add(Kind.REFUSED, "The return is completed, or the order is cancelled.", 25001010)
_add(Kind.REFUSED, "This reason does not fit the state of the order.", 25001021)
_add(Kind.REFUSED, "Upload the invoice for every order first.", 21004019)
_add(Kind.REFUSED, "TikTok has not accepted the invoice yet.", 21004020)

# Shipping an order
_add(
    Kind.REFUSED,
    "This order is already shipped.",
    *(21011006, 21011020, 21008099, 21011040, 21042056),
)
_add(Kind.REFUSED, "These orders can no longer travel in one package.", 21011031, 21011005)
_add(Kind.REFUSED, "TikTok wants another time for the courier.", 21004017, 21011053)
_add(Kind.REFUSED, "TikTok has no time for a courier here.", 21011054)
_add(Kind.REFUSED, "This order is not waiting for shipment.", 21042057, 21032001, 21011003)
_add(Kind.REFUSED, "TikTok ships this order for you.", 21008025)
_add(Kind.REFUSED, "This way of shipping is not used in the shop's region.", 21008106, 21004010)
_add(Kind.REFUSED, "TikTok's rules do not allow shipping this order now.", 21011012, 21011013)
_add(
    Kind.REFUSED,
    "Several packages are possible: choose which order lines to ship.",
    21011048,
)
_add(
    Kind.REFUSED,
    "The order is combined with others: ship them together, or take them apart first.",
    21011033,
)
_add(
    Kind.REFUSED,
    "The order is combined with others and travels whole: take them apart to ship a part of it.",
    21011046,
)
_add(Kind.REFUSED, "This order cannot be split.", 21011035)
_add(Kind.REFUSED, "TikTok could not split the order into these packages.", 21022028)
_add(Kind.REFUSED, "Units of one SKU cannot go into different packages here.", 21011036)
_add(
    Kind.REFUSED,
    "Phones and tablets cannot travel with other items: split the order first.",
    11006013,
)
_add(
    Kind.REFUSED,
    "Each phone or tablet needs a package of its own: split the order first.",
    11006014,
)
_add(Kind.REFUSED, "An order line does not belong to this order.", 21011029)
_add(Kind.REFUSED, "TikTok does not know this package.", 21011001)
_add(Kind.REFUSED, "TikTok does not know the warehouse.", 11005004, 11034009)
_add(Kind.REFUSED, "A value we sent is not valid for TikTok.", 11001002, 11050001, 21001001)
_add(
    Kind.TROUBLE,
    "TikTok had a problem while shipping the order.",
    *(11001031, 11005010, 11006005, 11006026, 21001008, 21001011, 21001029),
    *(21001043, 21001055, 21008300, 21022029, 21022030, 21034006),
)

# Tracking numbers
_add(Kind.REFUSED, "This tracking number is already used for another order.", 21011025, 21034012)
_add(
    Kind.REFUSED,
    "The tracking number and the carrier do not fit together.",
    *(21011022, 11028006, 21004015, 21004016),
)
_add(Kind.REFUSED, "The tracking number has characters no carrier uses.", 21004012)
_add(
    Kind.REFUSED,
    "This tracking number stands on too many orders (at most 20, for one recipient).",
    21011026,
)
_add(Kind.REFUSED, "The tracking number may be changed for 72 hours, which are over.", 21011050)
_add(Kind.REFUSED, "The tracking number was already changed; once is all.", 21011051, 21011052)
_add(Kind.REFUSED, "TikTok's rules do not allow changing the tracking number.", 21011049)
_add(
    Kind.REFUSED,
    "Tracking can be changed only on packages you ship with your own label.",
    21011004,
)
_add(Kind.REFUSED, "The package is already delivered.", 21011030)
_add(Kind.REFUSED, "The package is not shipped yet.", 21011043)
_add(Kind.REFUSED, "This is not a blind-box order.", 10007002)
_add(
    Kind.REFUSED,
    "No carrier can be chosen for this delivery option.",
    *(21008116, 21008117),
)

# TikTok's own labels
_add(
    Kind.REFUSED,
    "TikTok has no shipping service for this weight, size or address.",
    *(21011037, 11021009),
)
_add(Kind.REFUSED, "The package is too large for TikTok's shipping services.", 11021014)
_add(Kind.REFUSED, "TikTok says the address is not valid.", 11021012)
_add(
    Kind.REFUSED,
    "This shipping service cannot be used now. Get new rates.",
    *(11003011, 21004008),
)
_add(Kind.REFUSED, "A label is already bought for this order.", 21022025, 21030006, 21008042)
_add(Kind.REFUSED, "A label is being bought for this order right now.", 21030005)
_add(Kind.LATER, "TikTok could not buy the label. Try again in a few minutes.", 21022026)

# Documents
_add(Kind.PENDING, "TikTok is still making the label.", 11034037)
_add(
    Kind.TROUBLE,
    "TikTok could not make the document.",
    *(11006010, 11034023, 11034025, 21023022, 21023034),
)
_add(
    Kind.REFUSED,
    "TikTok has no label for orders you ship with your own label.",
    *(11034002, 21008017),
)
_add(Kind.REFUSED, "TikTok ships this package: there is nothing to print.", 21008043)
_add(Kind.REFUSED, "Buy the label before asking for the document.", 21023035, 21042104)
_add(Kind.REFUSED, "The package is already on its way: TikTok prints no more.", 21023046, 21042102)
_add(Kind.REFUSED, "The package is cancelled.", 21023059)
_add(Kind.REFUSED, "TikTok has no shipping data for this order. Check its state.", 21008109)

# Cancellations and returns
_add(Kind.REFUSED, "TikTok did not understand what was asked about the cancellation.", 25001001)
_add(
    Kind.REFUSED,
    "This can no longer be decided: the request was answered, withdrawn or is over.",
    *(25001003, 25011011, 25011012, 25020003, 25020009),
)
_add(Kind.REFUSED, "The request was approved already and cannot be refused.", 25020010)
_add(Kind.REFUSED, "A return is under way, or the order is cancelled already.", 25001011)
_add(Kind.REFUSED, "The order is completed or cancelled already.", 25001051)
_add(
    Kind.REFUSED,
    "TikTok does not take this reason. Choose another one.",
    *(25001014, 25001015, 25001016, 25001020, 25001057),
)
_add(Kind.LATER, "TikTok is busy with this order. Try again in a moment.", 25001028)
_add(Kind.REFUSED, "The order is on its way: its shipment can no longer be stopped.", 25001045)
_add(Kind.REFUSED, "TikTok's risk control stopped this request.", 25001046)
_add(Kind.REFUSED, "Single lines cannot be cancelled with this request.", 25005010, 25005011)
_add(Kind.REFUSED, "TikTok does not know this order or request.", 25007006)
_add(Kind.REFUSED, "This decision does not fit the kind of request.", 25020004)
_add(Kind.REFUSED, "TikTok does not let this shop decide about the order.", 25020005)
_add(Kind.TROUBLE, "TikTok had a problem with the cancellation.", 25001058, 25007002, 25020008)

# Products
_add(Kind.REFUSED, "TikTok does not know this product.", 12019150, 12052032, 12052260)
_add(Kind.REFUSED, "The product belongs to another shop.", 12052048)
_add(Kind.REFUSED, "TikTok does not know this seller.", 12052704)
_add(Kind.REFUSED, "TikTok has made this seller inactive.", 12052700)
_add(Kind.REFUSED, "No version of this product is under review.", 12052547)
_add(Kind.REFUSED, "The product's state does not allow this.", 12052901)
_add(Kind.REFUSED, "At most 10 SKUs can be searched at once.", 12019027, 12019087)
_add(Kind.REFUSED, "TikTok refused this page of the list.", 12019108, 12019109)
_add(Kind.REFUSED, "TikTok refused the time window.", 12019118, 12019119)
_add(Kind.REFUSED, "TikTok lists at most 10,000 products. Narrow the search.", 12052180)
_add(Kind.REFUSED, "A value we sent is not valid for TikTok.", 12052910)
