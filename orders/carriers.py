"""Which of TikTok's carriers is meant by one of our carrier names."""

import re
from collections.abc import Iterable, Mapping

# Our name, in letters only -> other ways TikTok writes the same carrier.
_ALSO = {
    "usps": ("unitedstatespostalservice",),
    "ups": ("unitedparcelservice",),
    "fedex": ("federalexpress",),
    "dhlexpress": ("dhl", "dhlus"),
    "dhlecommerce": ("dhlecommerceus", "dhlecommercesolutions", "dhlglobalmail"),
    "amazonshipping": ("amazon", "amazonlogistics"),
    "glsus": ("gls", "glsusa"),
    "lso": ("lonestarovernight",),
    "gofo": ("gofoexpress",),
    "jitsu": ("axlehire",),
    "apc": ("apcpostallogistics",),
    "asendia": ("asendiausa", "asendiaus"),
    "evri": ("hermes", "hermesuk"),
}


def provider_for(carrier: str, providers: Iterable[Mapping[str, str]]) -> str:
    """TikTok's id for `carrier` (such as "dhl_ecommerce") among `providers` ({"id", "name"});
    ""."""
    wanted = _letters(carrier)
    names = (wanted, *_ALSO.get(wanted, ()))
    listed = {_letters(provider["name"]): provider["id"] for provider in providers}
    return next((listed[name] for name in names if name in listed), "")


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
