"""What the dated rules say about giving a label back: until when it can be asked, and when its money
is to come."""

from datetime import date, datetime, timedelta

from shops.policy.book import Book, NoRule, Rule


def rule_for(book: Book, name: str, *, provider: str, carrier: str, on: date) -> Rule | None:
    """The rule `name` (void_window, credit_days) of the carrier at the provider, else the
    provider's; None where the market has none."""
    for key in (f"{name}.{provider}.{carrier}", f"{name}.{provider}"):
        try:
            return book.rule(key, on=on)
        except NoRule:
            continue
    return None


def after(moment: datetime | None, rule: Rule | None) -> datetime | None:
    """So many days later as the rule says; None where either is not known."""
    if moment is None or rule is None:
        return None
    return moment + timedelta(seconds=int(rule.number * 86_400))
