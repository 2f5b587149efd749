"""What every template may use without loading it: links, numbers and times for eyes, badges, icons.

Formatting is plain Python on purpose: Django's localised filters cost half of a list page.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from core.money import Money

register = template.Library()

_NEVER = 2900  # years beyond this stand for "no deadline"

# state or stage -> (words, tone, icon); a tone means one thing on every page
_WORDS: dict[str, tuple[str, str, str]] = {
    # stages of an order
    "ready": ("Ready", "blue", "circle-dot"),
    "hold": ("On hold", "amber", "clock-pause"),
    "fix": ("Needs a fix", "amber", "alert-triangle"),
    "bought": ("Bought", "green", "circle-check"),
    "shipped": ("Shipped", "green", "truck"),
    "closed": ("Not ours to ship", "grey", "minus"),
    "late": ("Late", "red", "alert-circle"),
    # labels, dispatches, batches, items
    "buying": ("Buying", "blue", "loader-2"),
    "unknown": ("Outcome unknown", "red", "help"),
    "refused": ("Refused", "red", "circle-x"),
    "dropped": ("Dropped", "grey", "minus"),
    "voiding": ("Voiding", "blue", "loader-2"),
    "refunding": ("Voided, credit pending", "blue", "clock"),
    "voided": ("Voided", "grey", "ban"),
    "unused": ("Paid, not used", "red", "alert-circle"),
    "due": ("To be told", "blue", "clock"),
    "telling": ("Telling TikTok", "blue", "loader-2"),
    "withdrawn": ("Withdrawn", "grey", "ban"),
    "running": ("Running", "blue", "loader-2"),
    "done": ("Done", "green", "circle-check"),
    "cancelled": ("Stopped", "grey", "ban"),
    "waiting": ("Waiting", "grey", "hourglass"),
    "working": ("Working", "blue", "loader-2"),
    "failed": ("Failed", "red", "circle-x"),
    "parked": ("Needs a person", "amber", "alert-triangle"),
    "left_out": ("Left out", "grey", "minus"),
    # accounts and authorizations
    "active": ("Active", "green", "circle-check"),
    "paused": ("Paused", "amber", "player-pause"),
    "removed": ("Removed", "grey", "minus"),
    "lost": ("Reconnect", "red", "unlink"),
    # lanes
    "own": ("Own label", "grey", "tag"),
    "platform": ("Platform label", "grey", "building-store"),
    "fbt": ("Fulfilled by TikTok", "grey", "building-warehouse"),
    "none": ("Nothing to ship", "grey", "minus"),
}


@register.simple_tag(takes_context=True)
def wurl(context: Mapping[str, Any], name: str, **kwargs: Any) -> str:
    """The address of a page inside the workspace of this request."""
    return reverse(name, kwargs={"workspace": context["request"].workspace.slug, **kwargs})


@register.filter
def money(value: object, currency: str = "USD") -> str:
    """An exact amount with its currency, "$612.40" or "9.99 GBP"; "" for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, Money):
        return str(value)
    try:
        return str(Money.of(value if isinstance(value, Decimal | int) else str(value), currency))
    except (ValueError, InvalidOperation):
        return str(value)


@register.filter
def number(value: object) -> str:
    """A whole number with thousands separated; "" for nothing."""
    return f"{value:,}" if isinstance(value, int) else ("" if value is None else str(value))


@register.filter
def capped(value: int, most: int) -> str:
    """A count that was cut off: "1,000+" above `most`."""
    return f"{most:,}+" if value > most else f"{value:,}"


@register.filter
def counted(value: int, noun: str) -> str:
    """A number with its noun: `{{ n|counted:"order" }}` or `{{ n|counted:"box,boxes" }}`."""
    one, _, many = noun.partition(",")
    return f"{value:,} {one if value == 1 else many or one + 's'}"


@register.filter
def words(text: str) -> list[str]:
    """The words of a text, to loop over."""
    return text.split()


@register.filter
def item(table: Mapping[str, Any], key: str) -> Any:
    """A table's entry by a key that is itself a variable; None when it has none."""
    return table.get(key)


@register.filter
def units(value: int) -> str:
    """ "1 unit", "3 units"."""
    return counted(value, "unit")


@register.filter
def weight(grams: int | None) -> str:
    """Grams as "8.4 oz" or "1 lb 2 oz"; "" when not known."""
    if grams is None:
        return ""
    ounces = round(int(grams) / 28.349523125, 1)
    if ounces < 16:
        return f"{ounces:g} oz"
    pounds, rest = divmod(round(ounces), 16)
    return f"{pounds:,} lb {rest} oz" if rest else f"{pounds:,} lb"


@register.filter
def inches(millimetres: int | None) -> str:
    """Millimetres as inches with at most one decimal, without the unit."""
    return "" if millimetres is None else f"{round(int(millimetres) / 25.4, 1):g}"


@register.filter
def size(box: object) -> str:
    """Length × width × height in inches, "6×4×2 in", of anything with `length_mm`, … ; "" if one is
    unknown."""
    names = ("length_mm", "width_mm", "height_mm")
    if isinstance(box, Mapping):
        sides = [box.get(name) for name in names]
    else:
        sides = [getattr(box, name, None) for name in names]
    if not all(sides):
        return ""
    return "×".join(inches(side) for side in sides) + " in"


@register.filter
def when(at: datetime | None) -> SafeString:
    """A moment relative to now; the absolute time and zone on hover and for screen readers."""
    if at is None:
        return mark_safe("")
    if at.year > _NEVER:
        return mark_safe('<span class="quiet">no deadline</span>')
    exact = absolute(at)
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="visually-hidden"> ({})</span></time>',
        at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        exact,
        relative(at, timezone.now()),
        exact,
    )


@register.filter
def absolute(at: datetime | None) -> str:
    """ "Mon, Nov 23, 2026, 23:59 PST" in the workspace's time zone."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return f"{local:%a, %b} {local.day}, {local:%Y, %H:%M %Z}"


def relative(at: datetime, now: datetime) -> str:
    """ "in 3 h 20 m", "12 s ago", "tomorrow 23:59", "Nov 3, 14:12": what a packer needs at a
    glance."""
    seconds = (at - now).total_seconds()
    away = abs(seconds)
    if away < 12 * 3600:
        words = duration(away)
        return f"in {words}" if seconds > 0 else f"{words} ago"
    local, today = timezone.localtime(at), timezone.localtime(now).date()
    days = (local.date() - today).days
    clock = f"{local:%H:%M}"
    if -1 <= days <= 1:
        return f"{('yesterday', 'today', 'tomorrow')[days + 1]} {clock}"
    if 1 < days < 7:
        return f"{local:%a} {clock}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local:%b} {local.day}{year}, {clock}"


@register.filter
def duration(seconds: float | timedelta | None) -> str:
    """Seconds as "12 s", "20 m", "3 h 20 m" or "4 d 2 h"."""
    if seconds is None:
        return ""
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < 60:
        return f"{whole} s"
    minutes = whole // 60
    if minutes < 60:
        return f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


@register.filter
def tone(state: str) -> str:
    """The colour word (red, amber, green, blue, grey) of a state; grey for words we do not know."""
    return _WORDS.get(str(state), ("", "grey", ""))[1]


@register.filter
def deadline_tone(at: datetime | None) -> str:
    """red: late or within 4 hours; amber: within 12 hours; grey: later."""
    if at is None or at.year > _NEVER:
        return "grey"
    left = at - timezone.now()
    if left < timedelta(hours=4):
        return "red"
    return "amber" if left < timedelta(hours=12) else "grey"


@register.filter
def short_id(value: str) -> str:
    """A long order number shortened in its middle, "5769…231"; the whole one belongs in a title."""
    text = str(value)
    return text if len(text) <= 9 else f"{text[:4]}…{text[-3:]}"


@lru_cache(maxsize=256)
def _icon(name: str, css: str) -> SafeString:
    return format_html(
        '<svg class="icon {}" aria-hidden="true"><use href="{}#{}"></use></svg>',
        css,
        static("icons.svg"),
        name,
    )


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """One icon of static/icons.svg; decoration only, the words beside it say what it means."""
    return _icon(name, css)


@lru_cache(maxsize=1024)
def _badge(text: str, colour: str, symbol: str) -> SafeString:
    drawn = _icon(symbol, "icon--sm") if symbol else ""
    return format_html('<span class="pill pill--{}">{}{}</span>', colour, drawn, text)


@register.simple_tag
def badge(state: str, text: str = "", tone: str = "", icon: str = "") -> SafeString:
    """A state in words, colour and icon: `{% badge order.stage %}`, `{% badge "late" text="2 h
    late" %}`.

    An unknown state is shown as it is, in grey: TikTok invents new ones.
    """
    words, colour, symbol = _WORDS.get(str(state), (str(state).replace("_", " "), "grey", ""))
    return _badge(text or words, tone or colour, icon or symbol)


@register.simple_tag
def dot(tone: str, words: str) -> SafeString:
    """A coloured dot whose meaning is said to everybody: a title, and words for screen readers."""
    return format_html(
        '<span class="dot dot--{}" title="{}"><span class="visually-hidden">{}</span></span>',
        tone,
        words,
        words,
    )


@register.simple_tag(takes_context=True)
def query(context: Mapping[str, Any], **changes: Any) -> SafeString:
    """This page's query string with `changes` (None removes), as "?a=b": `href="{% query tab='hold'
    after=None %}"`."""
    values = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            values.pop(name, None)
        elif isinstance(value, list | tuple):
            values.setlist(name, [str(part) for part in value])
        else:
            values[name] = str(value)
    return conditional_escape(f"?{values.urlencode()}")
