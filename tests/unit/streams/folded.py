"""Fold events as short as the oracle's tests say them, and read the rows back."""

from schemas.rules import FoldRules
from tests.properties.folding import Folding, view
from tests.properties.worlds import Event, Message, encode, message

RULES = FoldRules()


def folding(events: list[Event], rules: FoldRules = RULES) -> Folding:
    """Fold events, one a message, in this order."""
    found = Folding(rules)
    for event in events:
        found.take(message([event]))
    return found


def rows(table: str, events: list[Event], rules: FoldRules = RULES) -> dict:
    return view(folding(events, rules).finish())[table]


def row(table: str, events: list[Event], rules: FoldRules = RULES) -> dict:
    """The only row of a table."""
    (only,) = rows(table, events, rules).values()
    return only


def total(table: str, counter: str, events: list[Event], rules: FoldRules = RULES) -> int:
    return sum(found[counter] for found in rows(table, events, rules).values())


__all__ = [
    "RULES",
    "Event",
    "Folding",
    "Message",
    "encode",
    "folding",
    "message",
    "row",
    "rows",
    "total",
    "view",
]
