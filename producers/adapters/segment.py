"""Turn messages of the Segment and RudderStack HTTP API, in words of their video spec, into events. Pure.

One message tells one event and needs no other: messages may come twice, late and in any order. What one
message cannot tell (how long a stall was, how long was played) is not guessed; see docs/vocabularies.md.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from producers.adapters.fields import (
    PLATFORM_EVENTS,
    Field,
    as_country,
    as_is,
    as_milliseconds,
    as_text,
    as_time,
    as_whole,
    canonical,
    default,
    joined,
    mapping,
)
from producers.adapters.translation import (
    Context,
    Event,
    Translation,
    UntranslatableError,
    event_id,
    messages_of,
    sent_at,
)

VOCABULARY = "segment"

EVENTS = {
    "Video Content Started": "play_start",
    "Video Content Playing": "heartbeat",
    "Video Content Completed": "play_end",
    "Video Playback Paused": "pause",
    "Video Playback Resumed": "resume",
    "Video Playback Interrupted": "play_end",
    "Video Playback Exited": "play_end",
    "Video Playback Completed": "play_end",
    "Video Playback Seek Started": "seek",
    "Video Playback Buffer Started": "heartbeat",
    "Video Playback Buffer Completed": "stall",
    **{name: name for name in PLATFORM_EVENTS},
}
"""The events that are read. Every other one is ignored."""

LACKING = {"seek": "to_ms", "stall": "stalled_ms"}
"""Without this field the event is a heartbeat: it says where the play is, and no more."""

END_REASONS = {
    "Video Content Completed": "completed",
    "Video Playback Completed": "completed",
    "Video Playback Interrupted": "error",
    "Video Playback Exited": "exit",
}

PLATFORMS = {
    "ios": "ios",
    "ipados": "ios",
    "iphone os": "ios",
    "android": "android",
    "tvos": "tv",
    "android tv": "tv",
    "fire os": "tv",
    "tizen": "tv",
    "webos": "tv",
    "roku": "tv",
}
"""Names of devices and systems, in small letters. Another name is handed on, and refused by the contract."""


def _as_platform(value: object) -> object:
    return PLATFORMS.get(value.lower(), value) if isinstance(value, str) else value


FIELDS = {
    "viewer_id": Field(("anonymousId", "userId"), as_text),
    "app_session_id": Field(("context.sessionId", "properties.session_id"), as_text),
    "occurred_at": Field(("originalTimestamp", "timestamp"), as_time),
    "sent_at": Field(("sentAt",), as_time),
    "platform": Field(("context.device.type", "context.os.name"), _as_platform),
    "app_version": Field(("context.app.version",), as_text),
    "country": Field(("context.location.country",), as_country),
    "episode_no": Field(("properties.episode",), as_whole),
    "episode_id": Field(("properties.asset_id",), as_text),
    "duration_ms": Field(("properties.total_length",), as_milliseconds),
    "start_position_ms": Field(("properties.position",), as_milliseconds),
    "position_ms": Field(("properties.position",), as_milliseconds),
    "from_ms": Field(("properties.position",), as_milliseconds),
    "to_ms": Field(("properties.seek_position",), as_milliseconds),
    "bitrate_kbps": Field(("properties.bitrate",), as_whole),
    "experiments": Field(("context.experiments",), as_is),
}
"""Where the fields of the contract stand in a message."""

_BY_NAME = {name.casefold().replace("_", " "): name for name in EVENTS}


def translate(body: object, context: Context) -> Translation:
    """Return the events of a body of `/v1/segment/batch` or `/v1/segment/track`.

    Raises UntranslatableError for a body that is neither an object with a `batch` nor a message.
    """
    if not isinstance(body, dict):
        raise UntranslatableError("a body is an object")
    translation = Translation([], 0)
    ignored = 0
    for message in _messages(body, context):
        events = _events(message, context)
        translation.events.extend(events)
        ignored += not events
    return translation._replace(ignored=ignored)


def _messages(body: dict[str, Any], context: Context) -> Iterator[object]:
    """The messages of a body. What the batch says of `context` and `sentAt` holds for each of them."""
    if "batch" not in body:
        yield body
        return
    batch = messages_of(body["batch"], "batch", context)
    shared = {name: body[name] for name in ("sentAt", "context") if body.get(name) is not None}
    for message in batch:
        yield {**shared, **message} if isinstance(message, dict) else message


def _events(message: object, context: Context) -> list[Any]:
    """The event of a message, the message as it came when it cannot be read, nothing when it says nothing."""
    if not isinstance(message, dict):
        return [message]
    name = message.get("event")
    if message.get("type", "track") != "track":
        return []
    if not isinstance(name, str):
        return [message]
    name = _BY_NAME.get(name.casefold().replace("_", " "), "")
    if not name:
        return []
    properties = mapping(message.get("properties"))
    event = canonical(EVENTS[name], message, FIELDS, properties)
    lacking = LACKING.get(event["event_type"])
    if lacking is not None and lacking not in event:
        event = canonical("heartbeat", message, FIELDS, properties)
    return [_completed(event, name, message, properties, context)]


def _completed(
    event: Event, name: str, message: Mapping[str, Any], properties: Mapping[str, Any], context: Context
) -> Event:
    event["event_id"] = event_id(VOCABULARY, message.get("messageId"), message)
    event.setdefault("occurred_at", event.get("sent_at", context.received_at_ms))
    event["sent_at"] = sent_at(event.get("sent_at"), event["occurred_at"], context.received_at_ms)
    in_a_page = bool(mapping(mapping(message.get("context")).get("page")))
    default(
        event,
        app_session_id=VOCABULARY,  # not the viewer: only `viewer_id` is veiled at the door
        platform="web" if in_a_page else None,
        app_version=VOCABULARY,
        environment="production",
        end_reason=END_REASONS.get(name),
        start_reason="tap",
        playback_id=_playback_id(properties),
    )
    _name_series(event, properties)
    return event


def _playback_id(properties: Mapping[str, Any]) -> object:
    """One content asset in one session of playback. Content events call it `asset_id`, the others do not."""
    asset = properties.get("asset_id")
    if asset is None:
        asset = properties.get("content_asset_id")
    return joined(properties.get("session_id"), asset)


def _name_series(event: Event, properties: Mapping[str, Any]) -> None:
    """The program and its season are a series. An asset of no program is a series of one episode."""
    program, season = properties.get("program"), properties.get("season")
    if "series_id" in event:
        return
    if program:
        default(event, series_id=joined(program, season))
    elif "episode_no" not in event:
        default(event, series_id=as_text(properties.get("asset_id")), episode_no=1)
