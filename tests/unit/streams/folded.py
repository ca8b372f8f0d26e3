"""Fold events as short as the oracle's tests say them, and read the rows back."""

from schemas.rules import FoldRules
from tests.oracle.oracle import diff
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
    """The rows of a table; the same, whether things are counted at the end or after every event."""
    found = view(folding(events, rules).finish())
    counted = Folding(rules)
    for event in events:
        counted.take(message([event]))
        counted.count()
    assert diff(found, view(counted.finish())) == []
    return found[table]


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
