"""Plays as flat lists of plain values, and as bytes, and back. Pure.

What an event said of a play is kept; what the play counts as follows from it.
"""

from typing import Any, Final

import msgspec

from streams import plays, shared
from streams.ids import exact, pack, unpack
from streams.partition import Partition
from streams.state import Place, Play

_START_REASONS: Final = (
    "tap", "next_tap", "next_swipe", "auto_next", "resume", "deep_link", "replay", "preview",
)  # fmt: skip
_REASON_NUMBER: Final = {reason: number for number, reason in enumerate(_START_REASONS)}
_ENCODER: Any = msgspec.msgpack.Encoder()
_DECODER: Any = msgspec.msgpack.Decoder(list[Any])
_WIDTH: Final = 12


def pack_plays(hot: list[Play]) -> bytes:
    """Return plays as bytes, about 60 a play."""
    return exact(_ENCODER.encode(flat_plays(hot))) if hot else b""


def unpack_plays(packed: bytes, partition: Partition) -> list[Play]:
    """Return the plays with the credit that they have."""
    return plays_from(_DECODER.decode(packed), partition) if packed else []


def flat_plays(hot: list[Play]) -> list[Any]:
    """Return what the events of plays said, as plain values.

    Each is `place, playback_id, last_at, age, ...` in a row, `last_at` less that of the play before; of
    played_ms and watched_ms None where they equal the position, as they do who watches from the start.
    A place is named where it comes first, as a list; later by its number; None stands for none.
    """
    fields: list[Any] = []
    places: list[Place] = []
    before_at = 0
    for play in hot:
        fields.append(_named(play.place, places))
        fields.append(pack(play.playback_id))
        fields.append(play.last_at - before_at)
        fields.append(play.last_at - play.started_at)
        fields.append(play.event_high)
        fields.append(play.event_low)
        fields.append(_REASON_NUMBER[play.start_reason])
        fields.append(play.start_position_ms)
        fields.append(play.position_ms)
        fields.append(None if play.played_ms == play.position_ms else play.played_ms)
        fields.append(None if play.watched_ms == play.position_ms else play.watched_ms)
        fields.append(play.continued)
        before_at = play.last_at
    return fields


def plays_from(fields: list[Any], partition: Partition) -> list[Play]:
    """Return the plays that `flat_plays` made flat, credited with what they are worth."""
    found: list[Play] = []
    places: list[Place] = []
    before_at = 0
    for at in range(0, len(fields), _WIDTH):
        play = Play(unpack(fields[at + 1]), before_at + fields[at + 2])
        play.place = _place(fields[at], places)
        play.started_at = play.last_at - fields[at + 3]
        play.event_high = fields[at + 4]
        play.event_low = fields[at + 5]
        play.start_reason = _START_REASONS[fields[at + 6]]
        play.start_position_ms = fields[at + 7]
        play.position_ms = fields[at + 8]
        play.played_ms = play.position_ms if fields[at + 9] is None else fields[at + 9]
        play.watched_ms = play.position_ms if fields[at + 10] is None else fields[at + 10]
        play.continued = fields[at + 11]
        before_at = play.last_at
        if play.place is not None:
            plays.credit(play, partition.valid_play_ms)
        found.append(play)
    return found


def _named(place: Place | None, places: list[Place]) -> Any:
    if place is None:
        return None
    for number in range(len(places)):
        if places[number] is place:
            return number
    before = places[len(places) - 1] if places else None
    places.append(place)
    fields: list[Any] = [place.episode_no, place.paywall_no, place.duration_ms]
    if (
        before is None
        or before.series_id != place.series_id
        or before.platform != place.platform
        or before.country != place.country
    ):
        fields += [place.series_id, place.platform, place.country]
    return fields


def _place(named: Any, places: list[Place]) -> Place | None:
    if named is None:
        return None
    if isinstance(named, int):
        return places[named]
    episode_no, paywall_no, duration_ms = named[0], named[1], named[2]
    if len(named) > 3:  # noqa: PLR2004 -- it says where, too; if not, it is where the place before is
        series_id, platform, country = named[3], named[4], named[5]
    else:
        before = places[len(places) - 1]
        series_id, platform, country = before.series_id, before.platform, before.country
    place = shared.place(series_id, episode_no, paywall_no, platform, country, duration_ms)
    places.append(place)
    return place
