"""Turn records of Snowplow's media plugins, version 1, into events of the contract. Pure.

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
from datetime import UTC, datetime
from typing import Any

from schemas.fields import SCHEMA_VERSION

APP_VERSION = "snowplow-media-v1"
PROGRESS = {"play": "resume", "pause": "pause", "error": "player_error", "ended": "play_end"}

Event = dict[str, Any]


class UnreadableRecordError(ValueError):
    """The record lacks what makes it one: an id, a page view, a medium, a time."""


@dataclass(slots=True)
class Plays:
    """What earlier records said of each play: who opened it, whether it started, where it was last."""

    sessions: dict[str, str] = field(default_factory=dict)
    started: set[str] = field(default_factory=set)
    positions: dict[str, int] = field(default_factory=dict)


def adapt(record: Mapping[str, Any], plays: Plays) -> list[Event]:
    """Return the events of one record, and note in `plays` what later records need to know.

    Records are expected in the order in which they were received. Raises UnreadableRecordError.
    """
    try:
        kind = record["media_player_event"]["type"]
        player = record["media_player"]
        playback_id = f"{record['page_view_id']}:{record['media_id']}"
        session_id = record["domain_sessionid"]
        event = _common(record)
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableRecordError(f"{type(error).__name__}: {error}") from error
    last_ms = plays.positions.get(playback_id, 0)
    position_ms = _milliseconds(player.get("current_time"))
    if position_ms is None:
        position_ms = last_ms
    plays.positions[playback_id] = position_ms
    event["playback_id"] = playback_id
    opened_here = plays.sessions.setdefault(playback_id, session_id) == session_id
    if kind == "play" and opened_here and playback_id not in plays.started:
        plays.started.add(playback_id)
        return [_start(event, record["media_id"], player, position_ms)]
    return [_progress(event, kind, player, last_ms, position_ms)]


def _common(record: Mapping[str, Any]) -> Event:
    return {
        "event_type": "",
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


def _start(event: Event, media_id: str, player: Mapping[str, Any], position_ms: int) -> Event:
    event |= {
        "event_type": "play_start",
        "start_reason": "tap",
        "start_position_ms": position_ms,
        "series_id": media_id,
        "episode_no": 1,
    }
    duration_ms = _milliseconds(player.get("duration"))
    if duration_ms is not None:
        event["duration_ms"] = duration_ms
    return event


def _progress(event: Event, kind: str, player: Mapping[str, Any], last_ms: int, position_ms: int) -> Event:
    event |= {"event_type": PROGRESS.get(kind, "heartbeat"), "position_ms": position_ms}
    if kind == "seek":
        seek = {"event_type": "seek", "from_ms": last_ms, "to_ms": position_ms}
        event |= {**seek, "position_ms": last_ms}  # where it jumped to is not reached yet
    elif kind == "ended":
        event["end_reason"] = "completed"
    elif kind == "error":
        event |= {"code": "unknown", "fatal": False}
    elif event["event_type"] == "heartbeat":
        rate = _number(player.get("playback_rate"))
        if rate is not None:
            event["rate"] = rate
    return event


def _time_ms(text: str) -> int:
    """Milliseconds since the epoch of `2022-01-19 10:44:53.883`, which is UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def _milliseconds(seconds: object) -> int | None:
    number = _number(seconds)
    return None if number is None else round(number * 1000)


def _number(value: object) -> float | None:
    """The number in a field that may be text, empty or null; None when there is none."""
    if not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
