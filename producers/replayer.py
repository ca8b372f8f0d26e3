"""Read recorded events from a file, as deliveries that a driver can send again."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from producers.adapters.snowplow_media_v1 import Plays, UnreadableRecordError, adapt
from producers.simulator.delivery import Delivery

TIMES = ("occurred_at", "sent_at", "received_at", "installed_at", "requested_at")


class Format(StrEnum):
    """What the lines of a recording are."""

    CANONICAL = "canonical"
    """Events of the contract, sent as they are, byte for byte, in the order of the file."""
    SNOWPLOW_MEDIA_V1 = "snowplow-media-v1"
    """Records of Snowplow's media plugins, sent in the order in which they were received."""


def read(path: Path, layout: Format, *, ends_at_ms: int | None = None) -> Iterator[Delivery]:
    """Yield the events of a recording, each at the time at which it was received.

    With `ends_at_ms` all times of all events move by the same span, so that the last event is
    received then. A line that cannot be read goes out as it is, right after the one before it: it
    is for the workers to judge. Blank lines are no lines.
    """
    recorded = _READERS[layout]
    if ends_at_ms is None:
        yield from recorded(path)
        return
    last_ms = max((delivery.at_ms for delivery in recorded(path)), default=ends_at_ms)
    for delivery in recorded(path):
        yield _moved(delivery, ends_at_ms - last_ms)


class _Head(msgspec.Struct):
    """The fields that decide where and when a line goes."""

    viewer_id: str
    sent_at: int
    received_at: int | None = None


def _canonical(path: Path) -> Iterator[Delivery]:
    decoder = msgspec.json.Decoder(_Head)
    at_ms = 0
    for line in _lines(path):
        viewer_id = ""
        try:
            head = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass
        else:
            viewer_id = head.viewer_id
            at_ms = max(at_ms, head.received_at if head.received_at is not None else head.sent_at)
        yield Delivery(at_ms, viewer_id, line)


def _snowplow(path: Path) -> Iterator[Delivery]:
    """Hold the file in memory: such recordings are exports, in no order of time."""
    plays = Plays()
    at_ms = 0
    for record, line in sorted(_records(path), key=lambda pair: _received(pair[0])):
        try:
            events = adapt(record, plays)
        except UnreadableRecordError:
            yield Delivery(at_ms, "", line)
            continue
        for event in events:
            at_ms = max(at_ms, event["received_at"])
            yield Delivery(at_ms, event["viewer_id"], msgspec.json.encode(event))


_READERS: dict[Format, Callable[[Path], Iterator[Delivery]]] = {
    Format.CANONICAL: _canonical,
    Format.SNOWPLOW_MEDIA_V1: _snowplow,
}


def _records(path: Path) -> Iterator[tuple[dict[str, Any], bytes]]:
    for line in _lines(path):
        try:
            record = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            record = {}
        yield (record if isinstance(record, dict) else {}), line


def _received(record: dict[str, Any]) -> tuple[str, str]:
    return str(record.get("collector_tstamp", "")), str(record.get("dvce_created_tstamp", ""))


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        for line in file:
            if not line.isspace():
                yield line.rstrip(b"\r\n")


def _moved(delivery: Delivery, by_ms: int) -> Delivery:
    try:
        event = msgspec.json.decode(delivery.line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return delivery._replace(at_ms=delivery.at_ms + by_ms)
    if isinstance(event, dict):
        for name in TIMES:
            if type(event.get(name)) is int:
                event[name] += by_ms
        line = msgspec.json.encode(event)
    else:
        line = delivery.line
    return Delivery(delivery.at_ms + by_ms, delivery.viewer_id, line)
