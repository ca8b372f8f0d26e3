"""Cut a body into the lines of its events. Pure.

A body that begins with `[` is an array, everything else has one event a line; so has every body that says
itself that it is NDJSON, lest one bad line decide for its neighbours. What cannot be cut at all is refused;
what can be cut and not used is judged line by line.
"""

import msgspec

from producers.collector.answers import Refused

NDJSON = ("application/x-ndjson", "application/ndjson")
TYPES = ("application/json", *NDJSON, "text/plain", "")
"""`text/plain` is what a page may send to another origin without asking first (`sendBeacon`)."""
MOST_SEPARATORS = 256
"""Commas and newlines an event, on average: a million tiny values are refused before they are objects."""
WHITE = b" \t\r\n"

_elements = msgspec.json.Decoder(list[msgspec.Raw])
_value = msgspec.json.Decoder(msgspec.Raw)


def refuse_content_type(content_type: str) -> None:
    """Refuse with 415 what says itself that it is no JSON."""
    if _media_type(content_type) not in TYPES:
        raise Refused(415, "unsupported_media_type")


def split(body: bytes, max_events: int, content_type: str = "") -> list[bytes]:
    """Return the events of a body, each as the bytes that it came in; blank lines are none.

    Refuses with 400 an array that is not JSON and a body without events, with 413 too many events.
    """
    start = body.lstrip(WHITE)
    if len(start) > max_events * MOST_SEPARATORS < start.count(b",") + start.count(b"\n"):
        raise Refused(413, "too_many_events")
    is_array = start[:1] == b"[" and _media_type(content_type) not in NDJSON
    lines = _of_array(start) if is_array else _of_lines(start)
    if not lines:
        raise Refused(400, "no_events")
    if len(lines) > max_events:
        raise Refused(413, "too_many_events", f"Send at most {max_events} events in a request.")
    return lines


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _of_array(body: bytes) -> list[bytes]:
    try:
        body.decode()
        return [bytes(element) for element in _elements.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "not_json") from None


def _of_lines(body: bytes) -> list[bytes]:
    lines = [line for line in body.split(b"\n") if line and not line.isspace()]
    if len(lines) > 1 and lines[0].rstrip(WHITE) == b"{" and _is_one_value(body):
        return [body]
    return lines


def _is_one_value(body: bytes) -> bool:
    """Whether the body is one event, written over several lines for people."""
    try:
        _value.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
