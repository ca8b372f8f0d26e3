"""Disjoint copies of a stream: the same lives, lived by other viewers under other ids.

What the oracle says of one copy holds of each, so the rows of all are those of one, times their number.
Every id of the simulator is a letter, a hyphen and 16 hexadecimal digits, or a UUID of version 4. A copy
has a tag of its own in the place of that hyphen and of that 4: lengths stay, and so does the order of ids.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

TAGS = "0123456789abcdef"
_TAGS = [tag.encode() for tag in TAGS]
_PLACES = re.compile(rb'(?<="[a-z])-(?=[0-9a-f]{16}")|(?<="event_id":"[0-9a-f]{8}-[0-9a-f]{4}-)4')


def copies_of(viewer_id: str, line: bytes, count: int) -> list[tuple[str, bytes]]:
    """Return the copies of a line, each with the viewer who keys it; for a count of 1 the line as it is."""
    if count == 1:
        return [(viewer_id, line)]
    pieces = _PLACES.split(line)
    return [(viewer_id.replace("-", TAGS[n]), _TAGS[n].join(pieces)) for n in range(count)]


def bad_copies(bad: Iterable[tuple[str, bytes]], count: int) -> Counter:
    """Return what must be in quarantine: Counter of (reason, SHA-256 of the line), of all copies."""
    return Counter(
        (reason, hashlib.sha256(copy).hexdigest())
        for reason, line in bad
        for _, copy in copies_of("", line, count)
    )


def added(first: dict, second: dict) -> dict:
    """Return the rows of two disjoint sets of events added up, as the views add rows."""
    total = {}
    for table in first.keys() | second.keys():
        rows = total[table] = {key: dict(row) for key, row in first.get(table, {}).items()}
        for key, row in second.get(table, {}).items():
            mine = rows.setdefault(key, {})
            for name, value in row.items():
                mine[name] = _sum(mine.get(name), value)
    return total


def times(rows: dict, count: int) -> dict:
    """Return the rows of so many disjoint copies."""
    return {
        table: {
            key: {name: _times(value, count) for name, value in row.items()} for key, row in of_it.items()
        }
        for table, of_it in rows.items()
    }


def _sum(mine, value):
    if mine is None:
        return value
    if not isinstance(value, dict):
        return mine + value
    return mine | {bin_no: mine.get(bin_no, 0) + n for bin_no, n in value.items()}


def _times(value, count):
    return {b: n * count for b, n in value.items()} if isinstance(value, dict) else value * count
