"""Plays as bytes, about 50 a play, and back. Pure.

What an event said of a play is kept; what the play counts as follows from it.
"""

from typing import Final

from librt.strings import BytesWriter
from mypy_extensions import i32, i64, u8

from streams import plays, shared
from streams.binary import (
    Source,
    next_is_uuid,
    read_half,
    read_id,
    read_number,
    read_text,
    read_uuid,
    write_half,
    write_id,
    write_number,
    write_text,
    write_uuid,
)
from streams.partition import Partition
from streams.state import Place, Play

# The first byte of a play: its start_reason, and these.
_REASON: Final = 7
_PLAYED_AS_POSITION: Final = 8
"""played_ms is the position, as it is for who watches from the start."""
_WATCHED_AS_POSITION: Final = 16
_PLACE: Final = 96
_NOWHERE: Final = 0
_KNOWN: Final = 32
"""A place of a play before, by its number."""
_NEAR: Final = 64
"""Another episode where the play before was."""
_FAR: Final = 96


def pack_plays(found: list[Play]) -> bytes:
    """Return plays as bytes."""
    if not found:
        return b""
    out = BytesWriter()
    write_plays(out, found)
    return out.getvalue()


def unpack_plays(packed: bytes, partition: Partition) -> list[Play]:
    """Return the plays with the credit that they have."""
    return read_plays(Source(packed), partition) if packed else []


def write_plays(out: BytesWriter, found: list[Play]) -> None:
    """Write what events said of plays: how many, then one after the other.

    Times are less those of the play before. A place is told where it comes first, later by its number.
    """
    write_number(out, len(found))
    places: list[Place] = []
    before_at: i64 = 0
    for play in found:
        _write_play(out, play, places, before_at)
        before_at = play.last_at


def write_one_play(out: BytesWriter, play: Play) -> None:
    """Write what `write_plays` writes of one play."""
    write_number(out, 1)
    _write_play(out, play, [], 0)


def _write_play(out: BytesWriter, play: Play, places: list[Place], before_at: i64) -> None:
    place = play.place
    number = -1 if place is None else _number_of(place, places)
    how: i64 = _NOWHERE
    if number >= 0:
        how = _KNOWN
    elif place is not None:
        how = _NEAR if places and _are_near(places[len(places) - 1], place) else _FAR
    out.append(u8(_first_byte(play) | how))
    if how == _KNOWN:
        write_number(out, number)
    elif place is not None:
        _write_place(out, place, how == _FAR)
        places.append(place)
    if play.id_text:
        write_id(out, play.id_text)
    else:
        write_uuid(out, play.id_high, play.id_low)
    write_number(out, play.last_at - before_at)
    write_number(out, play.last_at - play.started_at)
    write_half(out, play.event_high)
    write_half(out, play.event_low)
    write_number(out, i64(play.start_position_ms))
    write_number(out, i64(play.position_ms))
    if play.played_ms != play.position_ms:
        write_number(out, i64(play.played_ms))
    if play.watched_ms != play.position_ms:
        write_number(out, i64(play.watched_ms))
    write_number(out, i64(play.continued))


def read_plays(source: Source, partition: Partition) -> list[Play]:
    """Read what `write_plays` wrote, credited with what it is worth."""
    found: list[Play] = []
    places: list[Place] = []
    before_at: i64 = 0
    for _ in range(read_number(source)):
        first: i64 = source.data[source.at]
        source.at += 1
        place = _read_place(source, first & _PLACE, places)
        play = _read_called(source)
        play.last_at = before_at + read_number(source)
        play.place = place
        play.reason = u8(first & _REASON)
        play.started_at = play.last_at - read_number(source)
        play.event_high = read_half(source)
        play.event_low = read_half(source)
        play.start_position_ms = i32(read_number(source))
        play.position_ms = i32(read_number(source))
        play.played_ms = play.position_ms if first & _PLAYED_AS_POSITION else i32(read_number(source))
        play.watched_ms = play.position_ms if first & _WATCHED_AS_POSITION else i32(read_number(source))
        play.continued = u8(read_number(source))
        before_at = play.last_at
        if place is not None:
            plays.credit(play, partition.valid_play_ms)
        found.append(play)
    return found


def _read_called(source: Source) -> Play:
    """Read the id of a play."""
    if not next_is_uuid(source):
        return Play(read_id(source), 0)
    play = Play("", 0)
    play.id_high, play.id_low = read_uuid(source)
    return play


def _first_byte(play: Play) -> i64:
    first = i64(play.reason)
    if play.played_ms == play.position_ms:
        first |= _PLAYED_AS_POSITION
    if play.watched_ms == play.position_ms:
        first |= _WATCHED_AS_POSITION
    return first


def _number_of(place: Place, places: list[Place]) -> i64:
    """Return the number of a place among those that were told; -1 if it was not."""
    for number in range(len(places)):
        if places[number] is place:
            return number
    return -1


def _are_near(one: Place, other: Place) -> bool:
    return (
        one.series_id == other.series_id and one.platform == other.platform and one.country == other.country
    )


def _write_place(out: BytesWriter, place: Place, is_far: bool) -> None:
    if is_far:
        write_text(out, place.series_id)
        write_text(out, place.platform)
        write_text(out, place.country)
    write_number(out, place.episode_no)
    write_number(out, place.paywall_no)
    write_number(out, place.duration_ms)


def _read_place(source: Source, how: i64, places: list[Place]) -> Place | None:
    if how == _NOWHERE:
        return None
    if how == _KNOWN:
        return places[read_number(source)]
    if how == _FAR:
        series_id, platform, country = read_text(source), read_text(source), read_text(source)
    else:
        before = places[len(places) - 1]
        series_id, platform, country = before.series_id, before.platform, before.country
    episode_no, paywall_no, duration_ms = read_number(source), read_number(source), read_number(source)
    place = shared.place(series_id, episode_no, paywall_no, platform, country, duration_ms)
    places.append(place)
    return place
