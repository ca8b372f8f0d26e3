"""Break a good line in one of the ways in which real lines are broken. Pure but for the random numbers.

Each kind is one reason, so that the truth can say what must become of the line.
"""

import re
from collections.abc import Callable
from random import Random

from schemas.fields import MAX_LINE_BYTES
from schemas.reasons import Reason

NESTED = 100_000
NESTED_WITHIN_LIMIT = 15_000
_TIME = re.compile(r'"occurred_at":(\d+),"sent_at":(\d+),"received_at":(\d+)')
_EVENT_TYPE = re.compile(r'"event_type":"\w+"')
_EVENT_ID = re.compile(r'"event_id":"([^"]+)"')
_VIEWER_ID = re.compile(r'"viewer_id":"([^"]+)"')
_PLATFORM = re.compile(r'"platform":"\w+"')

Break = Callable[[str, Random], bytes]


def _swap(pattern: re.Pattern[str] | str, new: str) -> Break:
    """Return a break that puts other text in the place of the first match."""
    compiled = re.compile(pattern)
    return lambda line, _: compiled.sub(lambda _: new, line, count=1).encode()


def _add(field: str) -> Break:
    """Return a break that adds a field at the end."""
    return lambda line, _: f"{line[:-1]},{field}}}".encode()


def _cut(line: str, random: Random) -> bytes:
    return line[: random.randint(1, len(line) - 1)].encode()


def _invalid_utf8(line: str, _: Random) -> bytes:
    return line.encode().replace(b'"viewer_id":"', b'"viewer_id":"\xff\xc3', 1)


def _array(line: str, _: Random) -> bytes:
    return f"[{line}]".encode()


def _too_large(line: str, random: Random) -> bytes:
    return _add(f'"note":"{"x" * (MAX_LINE_BYTES + random.randint(0, 4_000))}"')(line, random)


def _sent_before_it_occurred(line: str, random: Random) -> bytes:
    def swapped(match: re.Match[str]) -> str:
        before = int(match[1]) - random.randint(1, 90_000_000)
        return f'"occurred_at":{match[1]},"sent_at":{before},"received_at":{match[3]}'

    return _TIME.sub(swapped, line, count=1).encode()


KINDS: dict[str, tuple[Reason, Break]] = {
    "too_long_a_note": (Reason.TOO_LARGE, _too_large),
    "brackets_100000": (Reason.TOO_LARGE, _add(f'"x":{"[" * NESTED}{"]" * NESTED}')),
    "brackets_deep": (
        Reason.NOT_JSON,
        _add(f'"x":{"[" * NESTED_WITHIN_LIMIT}{"]" * NESTED_WITHIN_LIMIT}'),
    ),
    "brackets_open": (Reason.NOT_JSON, lambda _, __: b"[" * (2 * NESTED_WITHIN_LIMIT)),
    "cut": (Reason.NOT_JSON, _cut),
    "invalid_utf8": (Reason.NOT_JSON, _invalid_utf8),
    "nan": (Reason.NOT_JSON, _swap(r'"sent_at":\d+', '"sent_at":NaN')),
    "lone_surrogate": (Reason.NOT_JSON, _swap(_VIEWER_ID, r'"viewer_id":"v-\ud83d"')),
    "plain_text": (Reason.NOT_JSON, lambda _, __: b"GET /events HTTP/1.1"),
    "array": (Reason.NOT_AN_OBJECT, _array),
    "number": (Reason.NOT_AN_OBJECT, lambda _, __: b"42"),
    "version_2": (Reason.UNKNOWN_SCHEMA_VERSION, _swap('"schema_version":1', '"schema_version":2')),
    "unknown_type": (Reason.UNKNOWN_EVENT_TYPE, _swap(_EVENT_TYPE, '"event_type":"like"')),
    "no_event_id": (Reason.MISSING_FIELD, _swap(r'"event_id":"[^"]+",', "")),
    "no_viewer": (Reason.MISSING_FIELD, _swap(r'"viewer_id":"[^"]+",', "")),
    "null_platform": (Reason.MISSING_FIELD, _swap(_PLATFORM, '"platform":null')),
    "time_as_text": (Reason.WRONG_TYPE, _swap(r'"occurred_at":(\d+)', '"occurred_at":"today"')),
    "viewer_as_number": (Reason.WRONG_TYPE, _swap(_VIEWER_ID, '"viewer_id":7')),
    "number_1e400": (Reason.INVALID_VALUE, _swap(r'"sent_at":\d+', '"sent_at":1e400')),
    "nul_in_an_id": (Reason.INVALID_VALUE, _swap(_VIEWER_ID, r'"viewer_id":"v-\u0000"')),
    "no_uuid": (Reason.INVALID_VALUE, _swap(_EVENT_ID, '"event_id":"1"')),
    "unknown_platform": (Reason.INVALID_VALUE, _swap(_PLATFORM, '"platform":"fridge"')),
    "negative_time": (Reason.INVALID_VALUE, _swap(r'"occurred_at":\d+', '"occurred_at":-1')),
    "long_id": (Reason.INVALID_VALUE, _swap(_VIEWER_ID, f'"viewer_id":"{"v" * 129}"')),
    "sent_before_it_occurred": (
        Reason.CLOCK_UNUSABLE,
        _sent_before_it_occurred,
    ),
}
"""Every kind: the reason that the line deserves, and what breaks it."""
_NAMES = tuple(KINDS)


def break_line(line: str, event_id: str, random: Random) -> tuple[Reason, bytes]:
    """Return a broken relative of a good line, with an id of its own, and its reason."""
    reason, broken = KINDS[random.choice(_NAMES)]
    return reason, broken(with_event_id(line, event_id), random)


def make_late(line: str, event_id: str, by_ms: int) -> str:
    """Return a relative of a good line that occurred so much earlier and arrives when the good one does."""
    return _shift(with_event_id(line, event_id), occurred_ms=-by_ms)


def resend(line: str, by_ms: int) -> str:
    """Return the line as sent again later: its event time stays, because it is sent and received later."""
    return _shift(line, sent_ms=by_ms, received_ms=by_ms)


def with_event_id(line: str, event_id: str) -> str:
    """Return the line under another id."""
    return _EVENT_ID.sub(f'"event_id":"{event_id}"', line, count=1)


def _shift(line: str, *, occurred_ms: int = 0, sent_ms: int = 0, received_ms: int = 0) -> str:
    def moved(match: re.Match[str]) -> str:
        occurred, sent, received = (int(part) for part in match.groups())
        return (
            f'"occurred_at":{occurred + occurred_ms},"sent_at":{sent + sent_ms},'
            f'"received_at":{received + received_ms}'
        )

    return _TIME.sub(moved, line, count=1)
