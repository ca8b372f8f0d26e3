"""Decide, line by line, whether the bytes of a message can be used. Pure.

A sealed line stands for one that the collector refused: it has the reason that the collector gave.
A clean message is proven clean as a whole: it decodes, its bytes cannot hold a character that no id
may have, its event ids are UUIDs. Whatever the proof does not cover is judged line by line.
"""

import re
from typing import Any, Final, NamedTuple

import msgspec

from runtime.sealing import read
from schemas.complaints import reason_of
from schemas.fields import EVENT_ID_PATTERN, MAX_LINE_BYTES, MAX_MESSAGE_BYTES, MAX_OVERSIZE_LINES
from schemas.printable import is_printable
from schemas.reasons import Reason
from schemas.sealed import SEALED_START
from streams.lines import AnyLine, Experiment

_DECODER: Any = msgspec.json.Decoder(AnyLine)
_EVENT_ID = re.compile(EVENT_ID_PATTERN)
_OPENING: Final = ord("{")
_CLOSING: Final = ord("}")
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_HYPHENS = (8, 13, 18, 23)
_EVENT_TYPES = frozenset(cls.__struct_config__.tag for cls in AnyLine.__args__)


class Decoded(NamedTuple):
    """What a message holds.

    Attributes:
        events: the usable lines, in order, each one an `AnyLine`.
        indexes: for each of them its index among the lines of the message.
        rejects: index and reason of every other line.
    """

    events: list[Any]
    indexes: range | list[int]
    rejects: list[tuple[int, Reason]]


def decode(payload: bytes) -> Decoded:
    """Return the usable lines of a message and the reasons for the others. Never raises."""
    if _has_plain_text(payload) and not _has_long_line(payload):
        try:
            events = _DECODER.decode_lines(payload)
        except (msgspec.MsgspecError, RecursionError):
            pass
        else:
            if _is_one_a_line(payload, len(events)) and _are_uuids([e.event_id for e in events]):
                return Decoded(events, range(len(events)), [])
    return _decode_one_by_one(payload)


def split(payload: bytes) -> list[bytes]:
    """Return the lines of a message. Blank ones are none: index i is the i-th line that says something.

    A message that is over the limit, of which no line is used, and that has more than `MAX_OVERSIZE_LINES`
    counts as one line: small when compressed, it would be millions of rows in quarantine.
    """
    lines = [payload] if _has_too_many_lines(payload) else payload.split(b"\n")
    return [line for line in lines if not line.isspace() and line]


def judge(line: bytes) -> AnyLine | Reason:
    """Return the event of one line, or the first reason that speaks against it."""
    if len(line) > MAX_LINE_BYTES:
        return _sealed_as(line) or Reason.TOO_LARGE
    try:
        line.decode()
        event: AnyLine = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        return _sealed_as(line) or reason_of(line, str(error), _EVENT_TYPES)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reason.NOT_JSON
    if not _EVENT_ID.match(event.event_id) or not is_printable("".join(_texts(event))):
        return Reason.INVALID_VALUE
    return event


def _decode_one_by_one(payload: bytes) -> Decoded:
    lines = split(payload)
    if len(payload) > MAX_MESSAGE_BYTES:
        return Decoded([], [], [(index, Reason.TOO_LARGE) for index in range(len(lines))])
    decoded = Decoded([], [], [])
    indexes: list[int] = []
    for index, line in enumerate(lines):
        verdict = judge(line)
        if isinstance(verdict, Reason):
            decoded.rejects.append((index, verdict))
        else:
            decoded.events.append(verdict)
            indexes.append(index)
    return decoded._replace(indexes=indexes)


def _has_too_many_lines(payload: bytes) -> bool:
    return len(payload) > MAX_MESSAGE_BYTES and payload.count(b"\n") > MAX_OVERSIZE_LINES


def _has_plain_text(payload: bytes) -> bool:
    """Whether no string of the payload can hold an unprintable character: ASCII, no escapes, no DEL."""
    return payload.isascii() and b"\\" not in payload and b"\x7f" not in payload


def _has_long_line(payload: bytes) -> bool:
    if len(payload) > MAX_MESSAGE_BYTES:
        return True
    start = 0
    while len(payload) - start > MAX_LINE_BYTES:
        newline = payload.rfind(b"\n", start, start + MAX_LINE_BYTES + 1)
        if newline < start:
            return True
        start = newline + 1
    return False


def _is_one_a_line(payload: bytes, objects: int) -> bool:
    """Whether each object has a line of its own. No JSON text holds `}`, a newline, `{`: it lacks a comma."""
    lines = 1
    newline = payload.find(b"\n")
    last = len(payload) - 1
    while 0 <= newline < last:
        if newline == 0 or payload[newline - 1] != _CLOSING or payload[newline + 1] != _OPENING:
            return False
        lines += 1
        newline = payload.find(b"\n", newline + 1)
    return lines == objects


def _are_uuids(ids: list[str]) -> bool:
    """Whether all ids are UUIDs. Each has 36 ASCII characters, so all are judged as one string."""
    text = "".join(ids)
    hyphens = "-" * len(ids)
    return (
        all(text[at::36] == hyphens for at in _HYPHENS)
        and len(text.encode().translate(None, _HEX_DIGITS)) == len(hyphens) * 4
    )


def _texts(event: AnyLine) -> list[str]:
    """All text of an event, that of its experiments included."""
    values = [getattr(event, name) for name in event.__struct_fields__]
    for value in list(values):
        if isinstance(value, list):
            values += [text for e in value if isinstance(e, Experiment) for text in (e.id, e.variant)]
    return [value for value in values if isinstance(value, str)]


def _sealed_as(line: bytes) -> Reason | None:
    """The reason that a sealed line names, if it is one. It may be longer than the line that it holds may."""
    found = read(line) if line.startswith(SEALED_START) else None
    return None if found is None else found.reason
