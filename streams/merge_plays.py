"""Merge what happened inside an episode into the state of its viewer. Pure.

What an event may change beyond its own play: a start, its sitting, the plays before it whose span holds
it, and the unlocks that it follows.
"""

from mypy_extensions import i64, u8

from streams import cold, shared, sittings
from streams.binary import id_bytes
from streams.days import WATCHED, count_object, day_at
from streams.ids import high, low
from streams.lines import PlayStart
from streams.partition import Partition
from streams.paywall_state import Paywall, unlocked_to
from streams.plays import VALID, open_rows, recount, recount_bin, recount_continuation
from streams.state import NO_BIN, REASON_NUMBER, Place, Play, Viewer, halves_of, keep_plays, plays_of


def find_play(partition: Partition, viewer: Viewer, playback_id: str, at: i64) -> Play | None:
    """Return a play of a viewer, from the cold if need be; None when there is none or it is gone."""
    thaw_for(partition, viewer, at)
    text, first, last = halves_of(playback_id)
    for _ in range(2):
        for play in plays_of(viewer):
            if play.is_called(text, first, last):
                return None if _forgotten(partition, viewer, play) else play
        if not viewer.cold or not _may_hold(viewer.cold, playback_id):
            return None
        cold.thaw_plays(partition, viewer)
    return None


def open_play(partition: Partition, viewer: Viewer, playback_id: str, at: i64) -> Play:
    """Return a play of a viewer, opened if there is none."""
    text, first, last = halves_of(playback_id)
    for known in plays_of(viewer):
        if known.is_called(text, first, last) and known.last_at >= partition.plays_gone_before:
            return known
    play = find_play(partition, viewer, playback_id, at)
    if play is None:
        play = Play(playback_id, 0)
        keep_plays(viewer, [play, *plays_of(viewer)])
    return play


def merge_start(partition: Partition, viewer: Viewer, line: PlayStart, at: i64) -> bool:
    """Merge a `play_start`: the first one of a play says what the play is. Return whether it changed."""
    before = find_play(partition, viewer, line.playback_id, at)
    play = before or open_play(partition, viewer, line.playback_id, at)
    place = shared.place(
        line.series_id, line.episode_no, line.paywall_no, line.platform, line.country or "", line.duration_ms
    )
    changed = before is None
    if at > play.last_at:
        play.last_at = at
        changed = True
    if play.place is None or _is_earlier(at, line, place, play, play.place):
        _restart(partition, viewer, play, line, at, place)
        changed = True
    if changed:
        partition.touch_play(viewer, play)
    return changed


def _is_earlier(at: i64, line: PlayStart, place: Place, play: Play, known: Place) -> bool:
    """Whether a start comes before the one that a play has, by time, event id, and what the play takes."""
    if at != play.started_at:
        return at < play.started_at
    said = (
        high(line.event_id),
        low(line.event_id),
        *_taken(place),
        line.start_reason,
        line.start_position_ms,
    )
    return said < (
        play.event_high, play.event_low, *_taken(known), play.start_reason, play.start_position_ms,
    )  # fmt: skip


def _taken(place: Place) -> tuple[str, str, str, int, int, int]:
    """The fields of a place in the order that decides between starts of one time and event id."""
    return (
        place.platform, place.country, place.series_id, place.episode_no, place.duration_ms, place.paywall_no,
    )  # fmt: skip


def starts_after(viewer: Viewer, at: i64, within_ms: i64) -> tuple[tuple[str, int], ...]:
    """Return the episodes, as (series_id, episode_no), started at most so long after a time."""
    found: set[tuple[str, int]] = set()
    for play in plays_of(viewer):
        place = play.place
        if place is not None and play.counts and at <= play.started_at <= at + within_ms:
            found.add((place.series_id, place.episode_no))
    return tuple(sorted(found))


def thaw_for(partition: Partition, viewer: Viewer, at: i64) -> None:
    """Bring back the cold plays that something at this time could touch."""
    if viewer.cold and at <= viewer.cold_to + partition.sitting_gap_ms:
        cold.thaw_plays(partition, viewer)


def _restart(
    partition: Partition, viewer: Viewer, play: Play, line: PlayStart, at: i64, place: Place
) -> None:
    """Let a play start here: as what it was before, it is taken off its rows."""
    if play.place is not None:
        _take_off(partition, viewer, play)
    old_start = play.started_at if play.counts else None
    play.place, play.episode_row, play.curve_row = place, None, None
    play.started_at = at
    play.event_high, play.event_low = high(line.event_id), low(line.event_id)
    play.reason = u8(REASON_NUMBER[line.start_reason])
    play.start_position_ms = line.start_position_ms
    viewer.latest_at = max(viewer.latest_at, at)
    if play.counts:
        partition.touch_series(viewer, place.series_id)
        sittings.open_row_of_first(viewer, play, partition.book.sittings)
        open_rows_before(partition, viewer, place.series_id, place.episode_no)
    if old_start is not None and old_start != at:
        _touch_unlocks_before(partition, viewer, old_start)
    if play.counts or old_start == at:
        _touch_unlocks_before(partition, viewer, at)


def open_rows_before(partition: Partition, viewer: Viewer, series_id: str, episode_no: i64) -> None:
    """Have the rows written of the plays whose continuation an episode decides."""
    for play in plays_of(viewer):
        place = play.place
        if place is not None and place.episode_no == episode_no - 1 and place.series_id == series_id:
            open_rows(play, partition.book)


def _take_off(partition: Partition, viewer: Viewer, play: Play) -> None:
    """Take a play off all its rows, and have written whatever row it may have counted in."""
    place = play.place
    assert place is not None
    open_rows_before(partition, viewer, place.series_id, place.episode_no)
    for other in sittings.plays_of_series(viewer, place.series_id):
        sittings.open_row(other, partition.book.sittings)
    day = day_at(viewer, play.started_at)
    if day is not None:
        partition.touch_day(day)
    recount_continuation(play, 0, partition.book)
    open_rows(play, partition.book)
    recount_bin(play, partition.book, NO_BIN)
    if recount(play, partition.book, 0, 0, 0) & VALID:
        count_object(partition, viewer, play.started_at, WATCHED, -1)
    partition.touch_series(viewer, place.series_id)


def _touch_unlocks_before(partition: Partition, viewer: Viewer, started_at: i64) -> None:
    """Have the unlocks looked at again that a start at this time follows soon enough."""
    within = partition.rules.played_after_ms
    paywall = viewer.paywall
    if paywall is None or (isinstance(paywall, bytes) and started_at > unlocked_to(paywall) + within):
        return
    live: Paywall = cold.live_paywall(partition, viewer)
    cold.forget_gone(partition, live)
    for unlock in live.unlocks.values():
        if unlock.at <= started_at <= unlock.at + within and unlock.at >= partition.closed_before:
            unlock.played_after = starts_after(viewer, unlock.at, within)
            partition.touch_unlock(viewer, unlock)


def _forgotten(partition: Partition, viewer: Viewer, play: Play) -> bool:
    """Whether the play's sitting is gone; if so, all that is gone with it is dropped."""
    if play.last_at >= partition.plays_gone_before:
        return False
    cold.drop_gone(partition, viewer)
    return play not in plays_of(viewer)


def _may_hold(packed: bytes, playback_id: str) -> bool:
    """Whether packed plays may hold an id. A false yes costs time, and rows of zeros."""
    return id_bytes(playback_id) in packed
