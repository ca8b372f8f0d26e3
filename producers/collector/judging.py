"""Decide whether a line can be used, and write the usable one as it enters the topic. Pure.

The collector judges the whole contract; the workers judge again what decides a number. Both come to the
same reason.
"""

from typing import Any

import msgspec

from producers.collector.contract import EVENT_TYPES, AnyEvent, texts
from schemas.complaints import reason_of
from schemas.fields import MAX_LINE_BYTES
from schemas.printable import is_printable
from schemas.reasons import Reason

_DECODER = msgspec.json.Decoder(AnyEvent)
encode = msgspec.json.Encoder().encode
"""Write an event: the fields of the contract and no other, so that nothing else that came enters Kafka."""


def judge(line: bytes, now_ms: int, max_bytes: int = MAX_LINE_BYTES) -> Any:
    """Return the event of a line, with `received_at` set to now, or the first Reason against it."""
    if len(line) > max_bytes:
        return Reason.TOO_LARGE
    try:
        if not line.isascii():
            line.decode()
        event = _DECODER.decode(line)
    except msgspec.ValidationError as error:
        return reason_of(line, str(error), EVENT_TYPES)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Reason.NOT_JSON
    if not _has_plain_text(line) and not is_printable("".join(texts(event))):
        return Reason.INVALID_VALUE
    delay_ms = event.sent_at - event.occurred_at
    if delay_ms < 0 or delay_ms > now_ms:
        return Reason.CLOCK_UNUSABLE
    event.received_at = now_ms
    return event


def _has_plain_text(line: bytes) -> bool:
    """Whether no string of the line can hold an unprintable character: ASCII, no escapes, no DEL."""
    return line.isascii() and b"\\" not in line and b"\x7f" not in line
