"""Turn sightings of Snowplow's media plugins, version 1, into events of the contract. Pure.

| ours | there |
| --- | --- |
| `play_start` | the first `play` of a page view and medium, in the session that opened the page |
| `resume` | every later `play` |
| `pause` | `pause` |
| `seek` | `seek`; `from_ms` is where the play was last seen, `to_ms` is `current_time` |
| `play_end`, completed | `ended` |
| `player_error` | `error` |
| `heartbeat` | everything else: `percentprogress`, `seeked`, volume, rate and quality changes, ... |
| `viewer_id`, `app_session_id` | `domain_userid`, `domain_sessionid` |
| `playback_id` | `page_view_id` and the media id |
| `series_id`, `episode_no` | the media id, 1 |
| `occurred_at`, `sent_at`, `received_at` | `dvce_created_tstamp`, `dvce_sent_tstamp`, `collector_tstamp` |
| `position_ms`, `duration_ms` | `current_time`, `duration` in seconds, times 1000 |
| `played_ms`, `watched_ms` | absent: the records do not say |

A page left open goes on under another session id. Such a record is progress of the play, and it
starts none: so the makers of the format count plays, and 44 published plays come out alike.
A value that cannot be read is left out or handed on as it is; the workers judge it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from producers.adapters.fields import milliseconds, moment_ms, number
from producers.adapters.translation import Event
from schemas.fields import SCHEMA_VERSION

APP_VERSION = "snowplow-media-v1"
PROGRESS = {"play": "resume", "pause": "pause", "error": "player_error", "ended": "play_end"}


class UnreadableRecordError(ValueError):
    """The record lacks what makes it one: an id, a page view, a medium, a time."""


@dataclass(slots=True)
class Plays:
    """What earlier sightings said of each play: who opened it, whether it started, where it was last."""

    sessions: dict[str, str] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    positions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one message of a plugin says.

    Attributes:
        common: the fields that every event carries.
        kind: what the player did.
    """

    common: Event
    kind: str
    page_view_id: str
    media_id: str
    session_id: str
    position_ms: int | None
    duration_ms: int | None
    rate: float | None


def adapt(record: Mapping[str, Any], plays: Plays) -> list[Event]:
    """Return the events of one record, and note in `plays` what later records need to know.

    Records are expected in the order in which they were received. Raises UnreadableRecordError.
    """
    try:
        return [tell(_sighting(record), plays)]
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableRecordError(f"{type(error).__name__}: {error}") from error


def tell(sighting: Sighting, plays: Plays) -> Event:
    """Return the event of a sighting, and note in `plays` what later ones need to know."""
    event: Event = {"event_type": "", **sighting.common}
    playback_id = f"{sighting.page_view_id}:{sighting.media_id}"
    last_ms = plays.positions.get(playback_id, 0)
    position_ms = last_ms if sighting.position_ms is None else sighting.position_ms
    plays.positions[playback_id] = position_ms
    event["playback_id"] = playback_id
    opened_here = plays.sessions.setdefault(playback_id, sighting.session_id) == sighting.session_id
    if sighting.kind == "play" and opened_here and playback_id not in plays.started:
        plays.started.add(playback_id)
        return _start(event, sighting, position_ms)
    return _progress(event, sighting, last_ms, position_ms)


def _sighting(record: Mapping[str, Any]) -> Sighting:
    player = record["media_player"]
    return Sighting(
        common=_common(record),
        kind=record["media_player_event"]["type"],
        page_view_id=record["page_view_id"],
        media_id=record["media_id"],
        session_id=record["domain_sessionid"],
        position_ms=milliseconds(player.get("current_time")),
        duration_ms=milliseconds(player.get("duration")),
        rate=number(player.get("playback_rate")),
    )


def _common(record: Mapping[str, Any]) -> Event:
    return {
        "schema_version": SCHEMA_VERSION,
        "event_id": record["event_id"],
        "viewer_id": record["domain_userid"],
        "app_session_id": record["domain_sessionid"],
        "occurred_at": _time_ms(record["dvce_created_tstamp"]),
        "sent_at": _time_ms(record["dvce_sent_tstamp"]),
        "received_at": _time_ms(record["collector_tstamp"]),
        "platform": record["platform"],
        "app_version": APP_VERSION,
        "environment": "production",
    }


def _start(event: Event, sighting: Sighting, position_ms: int) -> Event:
    event |= {
        "event_type": "play_start",
        "start_reason": "tap",
        "start_position_ms": position_ms,
        "series_id": sighting.media_id,
        "episode_no": 1,
    }
    if sighting.duration_ms is not None:
        event["duration_ms"] = sighting.duration_ms
    return event


def _progress(event: Event, sighting: Sighting, last_ms: int, position_ms: int) -> Event:
    kind = sighting.kind
    event |= {"event_type": PROGRESS.get(kind, "heartbeat"), "position_ms": position_ms}
    if kind == "seek":
        seek = {"event_type": "seek", "from_ms": last_ms, "to_ms": position_ms}
        event |= {**seek, "position_ms": last_ms}  # where it jumped to is not reached yet
    elif kind == "ended":
        event["end_reason"] = "completed"
    elif kind == "error":
        event |= {"code": "unknown", "fatal": False}
    elif event["event_type"] == "heartbeat" and sighting.rate is not None:
        event["rate"] = sighting.rate
    return event


def _time_ms(text: str) -> int:
    """Milliseconds since the epoch of `2022-01-19 10:44:53.883`, which is UTC."""
    time_ms = moment_ms(text)
    if time_ms is None:
        raise ValueError("a time that is none")
    return time_ms
