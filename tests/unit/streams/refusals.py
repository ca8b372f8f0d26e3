"""Why a line is refused, and lines one field of which is written in an odd way."""

import json

from schemas.reasons import Reason
from streams.fold import Reject
from tests.properties.folding import Folding
from tests.properties.worlds import Message
from tests.unit.oracle.events import NOON, start
from tests.unit.streams.folded import RULES, encode

START = encode(start())


def reason(line: bytes) -> Reason:
    """Why a line goes to quarantine, alone or between two lines that count."""
    (rejected,) = Folding(RULES).take(Message(NOON, line))
    among = Folding(RULES)
    assert among.take(Message(NOON, b"\n".join([START, line, encode(start("p2"))]))) == [
        Reject(1, rejected.reason)
    ]
    assert (among.partition.tally.applied, among.partition.tally.quarantined) == (2, 1)
    return rejected.reason


def with_field(text: bytes, name: str = "viewer_id") -> bytes:
    """A start one of whose fields is written like this."""
    value = json.dumps(json.loads(START)[name]).encode()
    key = f'"{name}": '.encode()
    assert START.count(key + value) == 1
    return START.replace(key + value, key + text)
