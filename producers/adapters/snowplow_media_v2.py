"""Turn sightings of Snowplow's media events, version 2, into events of the contract. Pure.

One message tells its events and needs no other. `play` may begin a play or continue it, and the message
does not say which: it is told as both, and the first start of a play is the one that counts. A seek tells
where it went and not from where: 0 stands there, which moves no maximum.
"""

from collections.abc import Mapping
from typing import Any

from producers.adapters.fields import (
    Field,
    as_is,
    as_milliseconds,
    as_text,
    as_time,
    canonical,
    default,
)
from producers.adapters.translation import Event, named_id

VENDOR = "com.snowplowanalytics.snowplow.media"
APP_VERSION = "snowplow-media-v2"

EVENTS = {
    "play_event": "play_start",
    "pause_event": "pause",
    "end_event": "play_end",
    "seek_start_event": "heartbeat",
    "seek_end_event": "seek",
    "ping_event": "heartbeat",
    "percent_progress_event": "heartbeat",
    "buffer_start_event": "heartbeat",
    "buffer_end_event": "heartbeat",
    "playback_rate_change_event": "heartbeat",
    "quality_change_event": "heartbeat",
    "volume_change_event": "heartbeat",
    "fullscreen_change_event": "heartbeat",
    "picture_in_picture_change_event": "heartbeat",
    "error_event": "player_error",
}
"""The events that are read. Every other one is ignored: `ready_event` and all about ads."""

PLATFORMS = {
    "web": "web",
    "pc": "web",
    "ios": "ios",
    "android": "android",
    "tvos": "tv",
    "tv": "tv",
    "cnsl": "tv",
}


def _as_platform(value: object) -> object:
    return PLATFORMS.get(value.lower(), value) if isinstance(value, str) else value


COMMON = {
    "event_id": Field(("eid",), as_is),
    "viewer_id": Field(("duid", "client_session.userId", "uid"), as_text),
    "app_session_id": Field(("sid", "client_session.sessionId"), as_text),
    "occurred_at": Field(("ttm", "dtm"), as_time),
    "sent_at": Field(("stm",), as_time),
    "platform": Field(("mobile.osType", "p"), _as_platform),
    "app_version": Field(("application.version",), as_text),
}
"""Where the fields that every event carries stand: parameters of the protocol, and entities by their name."""

FIELDS = {
    **COMMON,
    "playback_id": Field(("media_session.mediaSessionId",), as_text),
    "series_id": Field(("player.label",), as_text),
    "duration_ms": Field(("player.duration",), as_milliseconds),
    "start_position_ms": Field(("player.currentTime",), as_milliseconds),
    "position_ms": Field(("player.currentTime",), as_milliseconds),
    "to_ms": Field(("player.currentTime",), as_milliseconds),
    "played_ms": Field(("media_session.timePlayed",), as_milliseconds),
    "watched_ms": Field(("media_session.contentWatched",), as_milliseconds),
    "rate": Field(("player.playbackRate",), as_is),
    "code": Field(("event.errorCode", "event.errorName"), as_text),
}


def adapt(name: str, message: Mapping[str, Any]) -> list[Event]:
    """Return the events of a message, which holds the parameters, the event and the entities by name."""
    event_type = EVENTS[name]
    event = canonical(event_type, message, FIELDS, message.get("episode"))
    if event_type == "seek":
        event |= {"position_ms": 0, "from_ms": 0}
    default(event, start_reason="tap", end_reason="completed", code="unknown", fatal=False)
    if "episode_no" not in event and "episode" not in message:
        default(event, episode_no=1)
    if event_type != "play_start":
        return [event]
    resume = canonical("resume", message, FIELDS, message.get("episode"))
    return [event, continued(resume, event.get("event_id"))]


def continued(resume: Event, start_id: object) -> Event:
    """Return the `resume` that stands beside a start under an id of its own: it reports the position."""
    return resume | {"event_type": "resume", "event_id": named_id("snowplow", f"{start_id}:resume")}
