"""Turn media events in requests of the Snowplow tracker protocol (`tp2`) into events of the contract. Pure.

Both generations of media events come this way. What an event says stands in three places: parameters of
the protocol, the self-describing event, and the entities around it. They are brought together here, and read
by `snowplow_media_v1` and `snowplow_media_v2`. A platform says more in an entity of its own, named `episode`.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import msgspec

from producers.adapters import snowplow_media_v1 as v1
from producers.adapters import snowplow_media_v2 as v2
from producers.adapters.fields import (
    ENVELOPE,
    FIELDS_OF,
    PLATFORM_EVENTS,
    at,
    canonical,
    default,
    joined,
    mapping,
    milliseconds,
    number,
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

VOCABULARY = "snowplow"
PAYLOAD_DATA = "iglu:com.snowplowanalytics.snowplow/payload_data/"

_SNOWPLOW = "com.snowplowanalytics.snowplow"
ENTITIES = {
    (_SNOWPLOW, "web_page"): "page",
    (_SNOWPLOW, "client_session"): "client_session",
    (_SNOWPLOW, "mobile_context"): "mobile",
    (_SNOWPLOW, "media_player"): "player",
    (v2.VENDOR, "player"): "player",
    (v2.VENDOR, "session"): "media_session",
    ("com.snowplowanalytics.mobile", "application"): "application",
    ("org.whatwg", "media_element"): "element",
    ("com.youtube", "youtube"): "youtube",
}
"""Entities that are read, by vendor and name, and what they are called here."""

EPISODE = "episode"
"""The entity of the platform, of whatever vendor: fields of the contract by their own names."""

V1_EVENT = (_SNOWPLOW, "media_player_event")


class _UnreadableError(ValueError):
    """A message whose parts cannot be read."""


def translate(body: object, context: Context) -> Translation:
    """Return the events of a `payload_data` body.

    What version 1 leaves to the order of messages (which `play` was the first, where a seek came from) is
    told from the messages of this request, and left open where they do not say.
    Raises UntranslatableError for a body that is no `payload_data`.
    """
    if not isinstance(body, dict) or not str(body.get("schema")).startswith(PAYLOAD_DATA):
        raise UntranslatableError("a body is a payload_data of the Snowplow tracker protocol")
    payloads = messages_of(body.get("data"), "data", context)
    translation = Translation([], 0)
    ignored = 0
    plays = v1.Plays()
    for payload in sorted(payloads, key=_created):
        try:
            events = _events(payload, plays, context)
        except _UnreadableError:
            events = [payload]
        translation.events.extend(events)
        ignored += not events
    return translation._replace(ignored=ignored)


def _created(payload: object) -> float:
    """When the device says that it happened. A tracker sends what it kept in no order."""
    return number(mapping(payload).get("dtm")) or 0.0


def _events(payload: object, plays: v1.Plays, context: Context) -> list[Any]:
    """The events of a payload; none when it says nothing that is counted here."""
    if not isinstance(payload, dict):
        raise _UnreadableError
    if payload.get("e") != "ue":
        return []
    vendor_name, data = _self_described(_inner(payload, "ue_px", "ue_pr").get("data"))
    vendor, name = vendor_name
    message = payload | {"event": data} | _entities(payload)
    if vendor_name == V1_EVENT:
        return _of_v1(message, plays, context)
    if vendor == v2.VENDOR and name in v2.EVENTS:
        events = v2.adapt(name, message)
    elif vendor != v2.VENDOR and name in PLATFORM_EVENTS:
        events = [canonical(name, message, v2.COMMON, mapping(message.get(EPISODE)) | data)]
    else:
        return []
    return [_completed(event, message, context, v2.APP_VERSION) for event in events]


def _of_v1(message: dict[str, Any], plays: v1.Plays, context: Context) -> list[Event]:
    page_view_id, media_id = at(message, "page.id"), _media_id(message)
    kind = at(message, "event.type")
    common = canonical("heartbeat", message, v2.COMMON, None)
    session_id = common.get("app_session_id")
    ids = (kind, page_view_id, media_id, session_id)
    if not all(isinstance(text, str) for text in ids):
        raise _UnreadableError
    sighting = v1.Sighting(
        common=_completed(common, message, context, v1.APP_VERSION),
        kind=str(kind),
        page_view_id=str(page_view_id),
        media_id=str(media_id),
        session_id=str(session_id),
        position_ms=milliseconds(at(message, "player.currentTime")),
        duration_ms=milliseconds(at(message, "player.duration")),
        rate=number(at(message, "player.playbackRate")),
    )
    event = _named(v1.tell(sighting, plays), message)
    if event["event_type"] != "play_start":
        return [event]
    here = {"playback_id": event["playback_id"], "position_ms": event["start_position_ms"]}
    resume = v2.continued(sighting.common | here, event["event_id"])
    return [event, _named(resume, message)]


def _named(event: Event, message: dict[str, Any]) -> Event:
    """Let the platform's entity say what the plugin cannot know."""
    episode = mapping(message.get(EPISODE))
    wanted = FIELDS_OF[event["event_type"]] - ENVELOPE
    return event | {name: episode[name] for name in wanted if episode.get(name) is not None}


def _media_id(message: dict[str, Any]) -> object:
    youtube = at(message, "youtube.playerId")
    return youtube if youtube is not None else at(message, "element.htmlId")


def _completed(event: Event, message: dict[str, Any], context: Context, app_version: str) -> Event:
    """Give an event its id, its times and what a message need not say. A `ttm` is true by any clock."""
    event["event_id"] = event_id(VOCABULARY, event.get("event_id"), message)
    event.setdefault("occurred_at", event.get("sent_at", context.received_at_ms))
    said = None if message.get("ttm") else event.get("sent_at")
    event["sent_at"] = sent_at(said, event["occurred_at"], context.received_at_ms)
    default(event, app_version=app_version, environment="production")
    default(event, playback_id=joined(at(message, "page.id"), at(message, "player.label")))
    return event


def _entities(payload: dict[str, Any]) -> dict[str, Any]:
    """The entities around an event that are read, each by its name here; of several the first."""
    attached = _inner(payload, "cx", "co").get("data")
    found: dict[str, Any] = {}
    for vendor_name, data in _described(attached):
        name = EPISODE if vendor_name[1] == EPISODE else ENTITIES.get(vendor_name)
        if name is not None:
            found.setdefault(name, data)
    return found


def _described(attached: object) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    if attached is None:
        return
    if not isinstance(attached, list):
        raise _UnreadableError
    for entity in attached:
        yield _self_described(entity)


def _self_described(value: object) -> tuple[tuple[str, str], dict[str, Any]]:
    """Vendor and name, and the data, of a self-describing JSON: `iglu:vendor/name/jsonschema/1-0-0`."""
    schema, data = mapping(value).get("schema"), mapping(value).get("data")
    if not isinstance(schema, str) or not isinstance(data, dict):
        raise _UnreadableError
    vendor, _, rest = schema.removeprefix("iglu:").partition("/")
    return (vendor, rest.partition("/")[0]), data


def _inner(payload: dict[str, Any], encoded: str, plain: str) -> dict[str, Any]:
    """The JSON that a parameter holds as text, in base64 (either alphabet, padded or not) or plain."""
    text = payload.get(encoded)
    if text is None:
        text = payload.get(plain)
        if text is None:
            return {}
    elif isinstance(text, str):
        text = _decoded(text)
    try:
        return mapping(msgspec.json.decode(text))
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError):
        raise _UnreadableError from None


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.rstrip("=") + "==", altchars=b"-_")
    except (binascii.Error, ValueError):
        raise _UnreadableError from None
